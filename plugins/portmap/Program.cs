using Plugboard.Hosting;
using Plugboard.Portmap;

return CniProcess.Run(new PortmapPlugin(), args);

using Plugboard.Hosting;
using Plugboard.Ipam.HostLocal;

return CniProcess.Run(new HostLocalPlugin(), args);

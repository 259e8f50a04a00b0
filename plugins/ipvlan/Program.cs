using Plugboard.Hosting;
using Plugboard.Ipvlan;

return CniProcess.Run(new IpvlanPlugin(), args);

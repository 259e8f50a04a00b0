using Plugboard.Hosting;
using Plugboard.Vlan;

return CniProcess.Run(new VlanPlugin(), args);

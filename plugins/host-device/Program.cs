using Plugboard.HostDevice;
using Plugboard.Hosting;
using Plugboard.Protocols.Cni;

CniPlugin plugin = ExecutableName.Own == "sriov" ? new SriovPlugin() : new HostDevicePlugin();
return CniProcess.Run(plugin, args);

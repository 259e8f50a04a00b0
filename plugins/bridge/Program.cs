using Plugboard.Bridge;
using Plugboard.Hosting;
using Plugboard.Protocols.Cni;

CniPlugin plugin = ExecutableName.Own == "ptp" ? new PtpPlugin() : new BridgePlugin();
return CniProcess.Run(plugin, args);

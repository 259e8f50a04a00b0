using Plugboard.Hosting;
using Plugboard.Portmap;
using Plugboard.Protocols.Cni;

CniPlugin plugin = ExecutableName.Own == "firewall" ? new FirewallPlugin() : new PortmapPlugin();
return CniProcess.Run(plugin, args);

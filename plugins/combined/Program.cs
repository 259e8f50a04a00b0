using Plugboard.Combined;
using Plugboard.Combined.Bandwidth;
using Plugboard.Hosting;
using Plugboard.Ipam.Static;
using Plugboard.Protocols.Cni;

CniPlugin plugin = ExecutableName.Own switch
{
    "bandwidth" => new BandwidthPlugin(),
    "dummy" => new DummyPlugin(),
    "ipvlan" => new IpvlanPlugin(),
    "macvlan" => new MacvlanPlugin(),
    "static" => new StaticPlugin(),
    "vlan" => new VlanPlugin(),
    var other => throw new InvalidOperationException($"no plugin is called {other}"),
};
return CniProcess.Run(plugin, args);

using Plugboard.Combined;
using Plugboard.Combined.Bandwidth;
using Plugboard.Hosting;
using Plugboard.Ipam.Static;
using Plugboard.Protocols.Cni;

if (ExecutableName.Own == "tap" && TapLink.TryRun(args) is { } exitCode)
    return exitCode;
CniPlugin plugin = ExecutableName.Own switch
{
    "bandwidth" => new BandwidthPlugin(),
    "dummy" => new DummyPlugin(),
    "ipvlan" => new IpvlanPlugin(),
    "macvlan" => new MacvlanPlugin(),
    "sbr" => new SbrPlugin(),
    "static" => new StaticPlugin(),
    "tap" => new TapPlugin(),
    "vlan" => new VlanPlugin(),
    "vrf" => new VrfPlugin(),
    var other => throw new InvalidOperationException($"no plugin is called {other}"),
};
return CniProcess.Run(plugin, args);

using System.Text.RegularExpressions;
using Plugboard.Firewall.Iptables;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Iptables;

/// <summary>A machine with one of the two iptables, its lock its own; the reference plugins find it under its plain name.</summary>
internal sealed partial class IptablesMachine : TestMachine
{
    private const string Tools = "/run/tools";

    public IptablesMachine(IptablesVariant variant)
    {
        var name = variant == IptablesVariant.Legacy ? "legacy" : "nft";
        // /run/xtables.lock, and nothing of the machine's below /run.
        Run(() =>
        {
            Mount("tmpfs", "/run", "tmpfs");
            Directory.CreateDirectory(Tools);
            Directory.CreateDirectory("/run/netns");
            var multi = File.ResolveLinkTarget($"/usr/sbin/iptables-{name}", returnFinalTarget: true)!.FullName;
            foreach (var tool in new[] { "iptables", "iptables-save", "iptables-restore" })
            {
                File.CreateSymbolicLink($"{Tools}/{tool}", multi);
                File.CreateSymbolicLink($"{Tools}/{tool.Replace("ip", "ip6", StringComparison.Ordinal)}", multi);
            }
        });
        Tool("ip link set lo up");
        Options = new IptablesOptions { Variant = variant };
        Backend = new IptablesBackend(Options);
    }

    public IptablesOptions Options { get; }

    public IptablesBackend Backend { get; }

    /// <summary>
    /// Both families' nat tables as iptables-save writes them, without comments and the counters of what has passed meanwhile.
    /// </summary>
    public string Saved() => Save("iptables-save") + Save("ip6tables-save");

    private string Save(string tool) => Counters().Replace(Comment().Replace(Tool($"{Tools}/{tool} -t nat"), ""), "[0:0]\n");

    [GeneratedRegex("^#.*\n", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex("\\[[0-9]+:[0-9]+\\]\n")]
    private static partial Regex Counters();

    /// <summary>What a check finds, with the tables' content where it is something else.</summary>
    public void Finds(IReadOnlyList<string> expected, Func<IReadOnlyList<string>> check)
    {
        var found = Run(check);
        Assert.True(expected.SequenceEqual(found), string.Join('\n', found) + "\n" + Saved());
    }

    public void Restore(string text)
    {
        var result = TryTool([$"{Tools}/iptables-restore", "--noflush"], text);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    /// <summary>Runs a reference plugin of the containernetworking-plugins package.</summary>
    public void Reference(string plugin, string verb, string config, string container = "cid1", string netns = "/x")
    {
        string[] environment =
        [
            $"PATH={Tools}:/usr/sbin:/usr/bin:/sbin:/bin",
            $"CNI_COMMAND={verb}",
            $"CNI_CONTAINERID={container}",
            "CNI_IFNAME=eth0",
            $"CNI_NETNS={netns}",
            "CNI_PATH=/usr/lib/cni",
            "CNI_NETNS_OVERRIDE=1",
        ];
        var result = TryTool([$"/usr/lib/cni/{plugin}"], config, environment);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }
}

using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Iptables;

/// <summary>Masquerade beside the reference's bridge with ipMasq.</summary>
public sealed class ReferenceMasqueradeTests
{
    private const string Netns = "/run/netns/pod";
    private const string Config = """
        {"cniVersion":"1.0.0","name":"net.x","type":"bridge","bridge":"br9","ipMasq":true,"isGateway":true,
         "ipam":{"type":"static","addresses":[{"address":"10.9.0.5/24"},{"address":"2001:db8::5/64"}]}}
        """;

    private static readonly Attachment Pod = new("net.x", "cid1", "eth0");
    private static readonly IPPrefix[] Addresses = [IPPrefix.Parse("10.9.0.5/24"), IPPrefix.Parse("2001:db8::5/64")];

    [KernelTheory]
    [InlineData(IptablesVariant.Legacy)]
    [InlineData(IptablesVariant.Nft)]
    public void Our_rules_are_the_references_and_either_removes_the_others(IptablesVariant variant)
    {
        using var machine = new IptablesMachine(variant);
        machine.Run(() => machine.Backend.AddMasquerade(Pod, Addresses));
        machine.Run(() => machine.Backend.DeleteMasquerade(Pod, null));
        var empty = machine.Saved();
        machine.Tool("ip netns add pod");
        machine.Reference("bridge", "ADD", Config, netns: Netns);
        var theirs = machine.Saved();
        Assert.Contains("MASQUERADE", theirs);
        machine.Finds([], () => machine.Backend.CheckMasquerade(Pod, Addresses));

        machine.Run(() => machine.Backend.DeleteMasquerade(Pod, Addresses));
        Assert.Equal(empty, machine.Saved());
        machine.Run(() => machine.Backend.AddMasquerade(Pod, Addresses));
        Assert.Equal(theirs, machine.Saved());
        machine.Run(() => machine.Backend.AddMasquerade(Pod, Addresses));
        Assert.Equal(theirs, machine.Saved());

        machine.Reference("bridge", "DEL", Config, netns: Netns);
        Assert.Equal(empty, machine.Saved());
        Assert.NotEmpty(machine.Run(() => machine.Backend.CheckMasquerade(Pod, Addresses)));
    }

    [KernelTheory]
    [InlineData(IptablesVariant.Legacy)]
    [InlineData(IptablesVariant.Nft)]
    public void A_twice_attached_pod_is_masqueraded_until_its_last_attachment_ends(IptablesVariant variant)
    {
        using var machine = new IptablesMachine(variant);
        IPPrefix[] first = [IPPrefix.Parse("10.9.0.5/24")];
        IPPrefix[] second = [IPPrefix.Parse("10.9.0.6/24"), IPPrefix.Parse("10.10.0.6/16")];
        var other = Pod with { IfName = "eth1" };
        machine.Run(() => machine.Backend.AddMasquerade(Pod, first));
        var one = machine.Saved();
        machine.Run(() => machine.Backend.AddMasquerade(other, second));
        machine.Finds([], () => machine.Backend.CheckMasquerade(Pod, first));
        machine.Finds([], () => machine.Backend.CheckMasquerade(other, second));
        // What is not masqueraded is said before what is.
        Assert.EndsWith("-j MASQUERADE", machine.Saved().Split('\n').Last(line => line.StartsWith("-A CNI-", StringComparison.Ordinal)));

        machine.Run(() => machine.Backend.DeleteMasquerade(other, second));
        Assert.Equal(one, machine.Saved());
        machine.Run(() => machine.Backend.AddMasquerade(other, second));
        machine.Run(() => machine.Backend.DeleteMasquerade(Pod, first));
        machine.Finds([], () => machine.Backend.CheckMasquerade(other, second));
        Assert.DoesNotContain("10.9.0.5", machine.Saved());
        machine.Run(() => machine.Backend.DeleteMasquerade(other, second));
        Assert.DoesNotContain("CNI-", machine.Saved());
        machine.Run(() => machine.Backend.DeleteMasquerade(other, second));
    }

    [KernelTheory]
    [InlineData(IptablesVariant.Legacy)]
    [InlineData(IptablesVariant.Nft)]
    public void No_name_gets_out_of_its_comment(IptablesVariant variant)
    {
        using var machine = new IptablesMachine(variant);
        string[] names =
        [
            "a\"b\\c'd",
            "\" -j ACCEPT \"",
            "x\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n",
            "-t raw",
            "$(reboot) `x` ; | & # ! *",
            "水 é",
            "tab\there",
            new string('n', 300),
        ];
        machine.Run(() => machine.Backend.AddMasquerade(Pod, Addresses));
        var before = machine.Saved();
        foreach (var name in names)
        {
            var pod = new Attachment(name, name, "eth0");
            IPPrefix[] addresses = [IPPrefix.Parse("10.8.0.5/24")];
            machine.Run(() => machine.Backend.AddMasquerade(pod, addresses));
            var added = machine.Saved();
            Assert.Equal(before.Split('\n').Length + 4, added.Split('\n').Length);
            machine.Finds([], () => machine.Backend.CheckMasquerade(pod, addresses));
            machine.Run(() => machine.Backend.AddMasquerade(pod, addresses));
            Assert.Equal(added, machine.Saved());
            machine.Run(() => machine.Backend.DeleteMasquerade(pod, addresses));
            Assert.Equal(before, machine.Saved());
        }
    }
}

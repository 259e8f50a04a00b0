using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Ports;
using Plugboard.Linux.Files;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Iptables;

public sealed class IptablesFailureTests
{
    private static readonly Attachment Pod = new("net", "cid1", "eth0");
    private static readonly IPPrefix[] Addresses = [IPPrefix.Parse("10.0.0.2/24")];
    private static readonly PortMapping[] Mappings = [new(8080, 80, PortProtocol.Tcp, null)];

    [KernelTheory]
    [InlineData(IptablesVariant.Legacy)]
    [InlineData(IptablesVariant.Nft)]
    public void A_refused_line_is_quoted_and_nothing_is_changed(IptablesVariant variant)
    {
        using var machine = new IptablesMachine(variant);
        var before = machine.Saved();
        HostPortOptions[] wrong =
        [
            new() { ExternalSetMarkChain = "NO-SUCH-CHAIN" },
            new() { ConditionsV4 = ["--no-such-option"] },
            new() { ConditionsV4 = ["-s", "not an address"] },
        ];
        foreach (var (options, word) in wrong.Zip(["NO-SUCH-CHAIN", "--no-such-option", "not an address"]))
        {
            var refused = Assert.Throws<IptablesException>(() =>
                machine.Run(() => machine.Backend.ApplyHostPorts(Pod, Addresses, Mappings, options))
            );
            Assert.Contains(word, refused.Rule);
            Assert.Contains(refused.Rule!, refused.Message);
            Assert.Equal(before, machine.Saved());
        }
    }

    [KernelFact]
    public void A_held_lock_is_its_own_error()
    {
        using var machine = new IptablesMachine(IptablesVariant.Legacy);
        var backend = new IptablesBackend(machine.Options with { LockTimeout = TimeSpan.FromSeconds(1) });
        machine.Run(() =>
        {
            // iptables changes a table under flock(2) of this file; reading needs none.
            File.WriteAllText("/run/xtables.lock", "");
            using var held = FileLock.Take(FileDescriptor.OpenForReading("/run/xtables.lock"), TimeSpan.FromSeconds(1));
            var locked = Assert.Throws<IptablesLockedException>(() => backend.AddMasquerade(Pod, Addresses));
            Assert.Equal(TimeSpan.FromSeconds(1), locked.Waited);
        });
        Assert.DoesNotContain("CNI-", machine.Saved());
    }

    [KernelFact]
    public void A_table_that_iptables_cannot_read_is_not_taken_for_an_empty_one()
    {
        using var machine = new IptablesMachine(IptablesVariant.Nft);
        machine.Run(() => machine.Backend.AddMasquerade(Pod, Addresses));
        machine.Tool("nft add rule ip nat POSTROUTING meta skuid 3 ct mark 7 masquerade random");
        var unreadable = Assert.Throws<IptablesException>(() => machine.Run(() => machine.Backend.DeleteMasquerade(Pod, Addresses)));
        Assert.Contains("nft list table ip nat", unreadable.Message);
        Assert.Throws<IptablesException>(() => machine.Run(() => machine.Backend.AddMasquerade(Pod, Addresses)));
    }

    [KernelFact]
    public void A_missing_tool_is_named_with_where_it_was_looked_for()
    {
        using var machine = new IptablesMachine(IptablesVariant.Nft);
        machine.Tool("mkdir /run/none");
        // The tools are covered in this machine's mount table only.
        foreach (var folder in new[] { "/usr/sbin", "/usr/local/sbin" })
            machine.Tool($"busybox mount --bind /run/none {folder}");
        var missing = Assert.Throws<IptablesMissingException>(() => machine.Run(() => machine.Backend.AddMasquerade(Pod, Addresses)));
        Assert.Equal("iptables-nft-save", missing.Tool);
        Assert.Contains("/usr/sbin", missing.Searched);
        Assert.Throws<IptablesMissingException>(() => machine.Run(() => machine.Backend.DeleteMasquerade(Pod, Addresses)));
    }

    [KernelTheory]
    [InlineData(IptablesVariant.Legacy)]
    [InlineData(IptablesVariant.Nft)]
    public void A_call_costs_two_processes_for_a_family_and_one_where_nothing_is_to_be_done(IptablesVariant variant)
    {
        using var machine = new IptablesMachine(variant);
        machine.Tool("mkdir /run/counted");
        foreach (var tool in new[] { "iptables-save", "iptables-restore", "ip6tables-save", "ip6tables-restore" })
        {
            machine.Run(() =>
                File.WriteAllText($"/run/counted/{tool}", $"#!/bin/sh\necho {tool} >> /run/calls\nexec /run/tools/{tool} \"$@\"\n")
            );
            machine.Tool($"chmod 755 /run/counted/{tool}");
        }

        var backend = new IptablesBackend(new IptablesOptions { Path = "/run/counted:/usr/bin:/bin" });
        IPPrefix[] both = [.. Addresses, IPPrefix.Parse("2001:db8::2/64")];
        string[] changed = ["iptables-save", "iptables-restore", "ip6tables-save", "ip6tables-restore"];
        string[] unchanged = ["iptables-save", "ip6tables-save"];
        Assert.Equal(changed, Calls(() => backend.ApplyHostPorts(Pod, both, Mappings, new HostPortOptions())));
        Assert.Equal(unchanged, Calls(() => backend.ApplyHostPorts(Pod, both, Mappings, new HostPortOptions())));
        Assert.Equal(["iptables-save"], Calls(() => backend.CheckHostPorts(Pod, Addresses, Mappings, new HostPortOptions())));
        Assert.Equal(changed[..2], Calls(() => backend.AddMasquerade(Pod, Addresses)));
        Assert.Equal([.. changed[..2], "ip6tables-save"], Calls(() => backend.DeleteMasquerade(Pod, null)));
        Assert.Equal(changed, Calls(() => backend.WithdrawHostPorts(Pod, null)));
        Assert.Equal(unchanged, Calls(() => backend.WithdrawHostPorts(Pod, null)));

        IEnumerable<string> Calls(Action call) =>
            machine.Run(() =>
            {
                File.WriteAllText("/run/calls", "");
                call();
                return File.ReadAllLines("/run/calls");
            });
    }

    [KernelFact]
    public void Where_IPv6_cannot_be_read_an_end_still_cleans_IPv4()
    {
        using var machine = new IptablesMachine(IptablesVariant.Nft);
        machine.Run(() => machine.Backend.AddMasquerade(Pod, Addresses));
        machine.Tool("mkdir /run/none");
        machine.Tool("ln -s /run/tools/iptables-save /run/none/iptables-nft-save");
        machine.Tool("ln -s /run/tools/iptables-restore /run/none/iptables-nft-restore");
        machine.Run(() => File.WriteAllText("/run/none/ip6tables-nft-save", "#!/bin/sh\necho 'Table does not exist' >&2\nexit 3\n"));
        machine.Tool("chmod 755 /run/none/ip6tables-nft-save");
        var backend = new IptablesBackend(machine.Options with { Path = "/run/none:/bin" });
        machine.Run(() => backend.DeleteMasquerade(Pod, Addresses));
        Assert.DoesNotContain("CNI-", machine.Saved());
    }

    [KernelFact]
    public void Without_a_path_the_usual_folders_are_searched_and_with_one_it_comes_first()
    {
        using var machine = new IptablesMachine(IptablesVariant.Legacy);
        var nowhere = new IptablesBackend(machine.Options with { Path = null });
        machine.Run(() => nowhere.AddMasquerade(Pod, Addresses));
        Assert.Contains("MASQUERADE", machine.Saved());
        var plain = new IptablesBackend(new IptablesOptions { Path = "relative:/run/tools" });
        machine.Finds([], () => plain.CheckMasquerade(Pod, Addresses));
    }

    [KernelFact]
    public void A_legacy_chain_is_found_without_a_process_and_a_table_is_not_made_by_asking()
    {
        using var machine = new IptablesMachine(IptablesVariant.Legacy);
        foreach (var is6 in new[] { false, true })
        {
            IPPrefix[] addresses = [IPPrefix.Parse(is6 ? "2001:db8::2/64" : "10.0.0.2/24")];
            Assert.False(machine.Run(() => LegacyTable.HasChain(is6, "nat", "CNI-HOSTPORT-DNAT")));
            Assert.False(machine.Run(() => LegacyTable.Exists(is6, "nat")));
            machine.Run(() => machine.Backend.ApplyHostPorts(Pod, addresses, Mappings, new HostPortOptions()));
            Assert.True(machine.Run(() => LegacyTable.HasChain(is6, "nat", "CNI-HOSTPORT-DNAT")));
            Assert.False(machine.Run(() => LegacyTable.HasChain(is6, "nat", "ERROR")));
            Assert.False(machine.Run(() => LegacyTable.HasChain(is6, "filter", "CNI-HOSTPORT-DNAT")));
            var chains = machine.Run(() => LegacyTable.ListChains(is6, "nat")).Order(StringComparer.Ordinal);
            Assert.Equal([ReferenceNames.ForwardChain(Pod), "CNI-HOSTPORT-DNAT", "CNI-HOSTPORT-MASQ", "CNI-HOSTPORT-SETMARK"], chains);
        }
    }
}

using System.Text.Json.Nodes;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// sriov, and host-device with hardware, on the virtual functions of an emulated card: sriov.sh says what they did there. A step here is a
/// step there.
/// </summary>
public sealed class SriovTests(SriovTests.Fixture guest) : IClassFixture<SriovTests.Fixture>
{
    /// <summary>One run of the guest.</summary>
    public sealed class Fixture
    {
        private readonly Dictionary<string, CniOutput> steps = new(StringComparer.Ordinal);

        public Fixture()
        {
            if (SriovFactAttribute.Refusal is not null)
                return;
            using var node = new CniNode();
            var console = $"{node.Directory}/console";
            var (exitCode, output, error) = node.TryTool([
                $"{PluginDirectory.Root}/tests/EndToEnd/Guest/sriov-boot.sh",
                PluginDirectory.Ours,
                PluginDirectory.Reference,
                SriovFactAttribute.Packages,
                console,
            ]);
            var lines = File.Exists(console) ? File.ReadAllText(console).Replace("\r", "", StringComparison.Ordinal) : "";
            Assert.True(exitCode == 0 && lines.Contains("\nDONE\n", StringComparison.Ordinal), $"{output}{error}{lines}");
            foreach (var step in lines.Split("STEP ")[1..])
                Add(step);
        }

        private void Add(string step)
        {
            var name = step[..step.IndexOf('\n')];
            var end = step.IndexOf("\nEXIT ", StringComparison.Ordinal);
            var code = step[(end + "\nEXIT ".Length)..].Split('\n')[0];
            steps[name] = new CniOutput(int.Parse(code), step[Math.Min(name.Length + 1, end)..end], "");
        }

        internal CniOutput Step(string name) => steps[name];
    }

    private string Printed(string step) => guest.Step(step).Succeeded().Output.Trim('\n');

    private string[] Lines(string step) => Printed(step).Split('\n', StringSplitOptions.TrimEntries);

    private void Succeeded(params string[] steps) => Assert.All(steps, step => guest.Step(step).Succeeded());

    private (int, string) Refused(string step) => (guest.Step(step).Code, guest.Step(step).Message);

    private string Function(string step, int number) =>
        Lines(step).Single(line => line.StartsWith($"vf {number} ", StringComparison.Ordinal));

    private string Interface(string step, string address) =>
        Lines(step).Single(line => line.Contains($" {address} ", StringComparison.Ordinal));

    [SriovFact]
    public void A_pod_has_a_function_with_every_setting_and_the_node_gets_it_back_as_it_was()
    {
        Succeeded("full-add", "full-check", "full-del", "full-del-again");
        var result = guest.Step("full-add").Json["interfaces"]![0]!;
        Assert.Equal(("net1", "02:00:00:00:00:0a", 1400), ((string)result["name"]!, (string)result["mac"]!, (int)result["mtu"]!));
        foreach (var fact in (string[])["UP", "mtu 1400", "link/ether 02:00:00:00:00:0a", "parentdev 0000:01:10.0", "inet 10.0.0.10/24"])
            Assert.Contains(fact, Printed("full-pod"), StringComparison.Ordinal);
        var set = Function("full-set", 0);
        foreach (var fact in (string[])["vlan 100, qos 3", "max_tx_rate 100Mbps", "spoof checking off", "trust on", "02:00:00:00:00:0a"])
            Assert.Contains(fact, set, StringComparison.Ordinal);
        Assert.Equal(Lines("before"), Lines("full-restored"));
        Assert.Equal(Lines("before"), Lines("full-restored-again"));
    }

    [SriovFact]
    public void A_function_that_a_pod_has_is_refused_with_its_holder_and_CHECK_says_what_was_changed()
    {
        Assert.Equal((104, "pci address 0000:01:10.0 is already allocated"), Refused("full-taken"));
        Assert.Contains("/run/netns/a", guest.Step("full-taken").Details, StringComparison.Ordinal);
        Assert.Equal((100, "eth0 does not have vf 0 trust flag to on"), Refused("full-check-changed"));
    }

    [SriovFact]
    public void Its_record_is_the_references()
    {
        var record = JsonNode.Parse(Printed("full-record"))!.AsObject();
        Assert.Equal(
            """
            {"AdminMAC":"02:00:00:00:01:01","EffectiveMAC":"02:00:00:00:01:01","HostIFName":"eth1","LinkState":0,"MTU":1400,"MaxTxRate":0,
            "MinTxRate":0,"SpoofChk":true,"Trust":false,"Vlan":0,"VlanProto":33024,"VlanQoS":0}
            """.ReplaceLineEndings(""),
            record["OrigVfState"]!.ToJsonString()
        );
        Assert.Equal(("eth0", 0, 100), ((string)record["Master"]!, (int)record["VFID"]!, (int)record["vlan"]!));
    }

    [SriovFact]
    public void Pod_and_physical_function_reach_each_other()
    {
        Succeeded("traffic-add", "traffic-del");
        Assert.Contains("0% packet loss", Printed("traffic"), StringComparison.Ordinal);
    }

    [SriovFact]
    public void A_function_that_was_down_takes_its_address_and_is_reached_by_it()
    {
        Succeeded("down-add", "down-del");
        Assert.Contains("10.0.0.12 lladdr 02:00:00:00:00:12", Printed("down"), StringComparison.Ordinal);
    }

    [SriovFact]
    public void GC_restores_what_no_valid_attachment_has()
    {
        Succeeded("gc-add", "gc-none", "gc");
        Assert.Contains("vlan 6", Function("gc-kept", 0), StringComparison.Ordinal);
        Assert.Equal(Lines("refused"), Lines("gc-restored"));
    }

    [SriovFact]
    public void An_address_that_the_host_has_set_is_back_after_the_pods()
    {
        Succeeded("host-add", "host-del");
        Assert.Contains("02:00:00:00:02:02", Function("host-restored", 2), StringComparison.Ordinal);
        Assert.Contains("02:00:00:00:02:02", Interface("host-restored", "0000:01:10.4"), StringComparison.Ordinal);
    }

    [SriovFact]
    public void What_the_driver_refuses_half_way_leaves_everything_as_it_was()
    {
        const string Failed = "SRIOV-CNI failed to configure VF \"failed to set vf 0 ";
        Assert.Equal((2, Failed + "vlan configuration - id 100, qos 0 and proto 802.1ad: protocol not supported\""), Refused("refused-ad"));
        Assert.Equal((2, Failed + "min_tx_rate to 10 Mbps: max_tx_rate to 100 Mbps: invalid argument\""), Refused("refused-rate"));
        Assert.Equal((2, Failed + "link state to enable: operation not supported\""), Refused("refused-state"));
        Assert.Equal(Lines("host-restored"), Lines("refused"));
    }

    // Killed before each system call that changes anything; what was not as it should be after that is a line more.
    [SriovFact]
    public void Killed_at_any_call_it_is_released_by_DEL_by_GC_and_after_its_namespace_ended()
    {
        var lines = Lines("killed");
        Assert.True(lines.Length == 2, string.Join('\n', lines));
        Assert.Matches("^ADD (2[2-9]|[3-9][0-9]) linkat sendto write$", lines[0]);
        Assert.Matches("^DEL (1[1-9]|[2-9][0-9]) sendto unlinkat$", lines[1]);
    }

    [SriovFact]
    public void A_pod_has_two_functions_and_one_may_be_the_annotation_s()
    {
        Succeeded("two-add", "two-second-add", "two-del", "two-second-del");
        Assert.Contains("vlan 14", Function("two", 0), StringComparison.Ordinal);
        Assert.Contains("vlan 15", Function("two", 2), StringComparison.Ordinal);
        foreach (var name in (string[])["net1: ", "net2: "])
            Assert.Contains(name, Printed("two-pod"), StringComparison.Ordinal);
        Assert.Contains("vlan 15", Function("two-left", 2), StringComparison.Ordinal);
        Assert.Equal(Lines("refused"), Lines("two-restored"));
    }

    [SriovFact]
    public void After_a_boot_an_earlier_pod_has_no_function_although_its_namespace_s_path_is_another_s()
    {
        Succeeded("boot-add", "boot-del", "boot-next", "boot-late", "boot-next-del");
        Assert.Contains("vlan 17", Function("boot-held", 0), StringComparison.Ordinal);
        Assert.Contains("/var/lib/cni/sriov/pci/0000:01:10.0", Lines("boot-still-held"));
        Assert.DoesNotContain("/var/lib/cni/sriov/a-net1", Lines("boot-still-held"));
        Assert.Contains("vlan 17", Function("boot-still-held", 0), StringComparison.Ordinal);
        Assert.Equal(Lines("refused"), Lines("boot-restored"));
    }

    [SriovFact]
    public void A_full_filesystem_refuses_ADD_and_nothing_is_left()
    {
        Assert.Equal(5, guest.Step("full-disk-add").Code);
        Assert.Equal(Lines("refused"), Lines("full-disk"));
    }

    [SriovFact]
    public void A_read_only_filesystem_refuses_ADD_and_DEL_restores_the_function_all_the_same()
    {
        Succeeded("ro-add", "ro-del-again");
        Assert.Equal(5, guest.Step("ro-second").Code);
        Assert.Equal(5, guest.Step("ro-del").Code);
        string[] files = ["/var/lib/cni/sriov/b-net1", "/var/lib/cni/sriov/pci/0000:01:10.0"];
        Assert.Equal(Lines("refused"), Lines("ro").Except(files));
        Assert.Equal(Lines("refused"), Lines("ro-restored"));
    }

    [SriovFact]
    public void A_card_that_is_down_gives_its_functions_too()
    {
        Succeeded("down-card-add", "down-card-del");
        Assert.Equal(Function("refused", 0), Function("down-card", 0));
        Assert.Equal(Interface("refused", "0000:01:10.0"), Interface("down-card", "0000:01:10.0"));
    }

    [SriovFact]
    public void Of_four_pods_that_want_one_function_at_once_one_gets_it()
    {
        Assert.Equal(["1", "3"], Lines("race"));
        Succeeded("race-del-r1", "race-del-r2", "race-del-r3", "race-del-r4");
        Assert.Equal(Lines("refused"), Lines("race-restored"));
    }

    [SriovFact]
    public void A_function_whose_namespace_ended_is_restored_by_the_late_DEL()
    {
        Succeeded("gone-add", "gone-del");
        Assert.Contains("net1 0000:01:10.0 02:00:00:00:00:0b 1400", Lines("gone"));
        Assert.Equal(Lines("refused"), Lines("gone-restored"));
    }

    [SriovFact]
    public void The_next_pod_gets_it_clean_and_a_late_DEL_does_not_disturb_it()
    {
        Succeeded("late-add", "late-next", "late-del", "late-next-del");
        Assert.Contains("vlan 8", Function("late-held", 0), StringComparison.Ordinal);
        Assert.Contains("link/ether 02:00:00:00:01:01", Function("late-held", 0), StringComparison.Ordinal);
        Assert.Equal(Lines("late-held"), Lines("late-still-held"));
        Assert.Equal(Lines("refused"), Lines("late-restored"));
    }

    [SriovFact]
    public void A_name_that_the_host_has_given_away_is_an_error_once_and_all_else_is_restored()
    {
        Succeeded("name-add", "name-del-again");
        Assert.Equal((7, "failed to move \"eth1\" to hostNS: file exists"), Refused("name-del"));
        Assert.Matches("^cni[0-9a-f]{11} 0000:01:10.0 02:00:00:00:01:01 1400 UP$", Interface("name-taken", "0000:01:10.0"));
        Assert.Equal(Function("refused", 0), Function("name-taken", 0));
        Assert.DoesNotContain(Lines("name-taken"), static line => line.StartsWith("/var/lib", StringComparison.Ordinal));
    }

    [SriovFact]
    public void A_record_of_the_references_is_enough()
    {
        Succeeded("foreign-add", "foreign-del");
        Assert.DoesNotContain("plugboard", Printed("foreign-record"), StringComparison.Ordinal);
        Assert.Equal(Function("refused", 0), Function("foreign-restored", 0));
        // It does not say that the interface was up.
        Assert.Equal("eth1 0000:01:10.0 02:00:00:00:01:01 1400", Interface("foreign-restored", "0000:01:10.0"));
    }

    [SriovFact]
    public void So_is_one_of_a_version_that_allocated_nothing()
    {
        Succeeded("oldest-add", "oldest-del");
        Assert.Equal(Lines("foreign-restored"), Lines("oldest-restored"));
    }

    [SriovFact]
    public void Neighbours_learn_the_function_s_address_without_asking()
    {
        Succeeded("announced-add", "announced-del");
        var address = (string)guest.Step("announced-add").Json["interfaces"]![0]!["mac"]!;
        Assert.Contains($"10.0.0.14 lladdr {address} ", Printed("announced"), StringComparison.Ordinal);
    }

    [SriovFact]
    public void Functions_that_were_made_anew_are_left_alone()
    {
        Succeeded("remade-add", "remade-del");
        Assert.Equal("", Printed("remade-files"));
    }

    [SriovFact]
    public void Without_functions_STATUS_and_ADD_say_so()
    {
        Succeeded("status");
        Assert.Equal((50, "the node has no virtual functions"), Refused("status-without"));
        Assert.Equal(7, guest.Step("absent").Code);
        Assert.Equal(
            (7, "SRIOV-CNI failed to load netconf: LoadConf(): the VF 0000:01:10.2 does not have a interface name or a dpdk driver"),
            Refused("unbound")
        );
    }

    [SriovFact]
    public void A_function_that_a_program_drives_is_configured_and_restored_and_not_moved()
    {
        Assert.Equal("vfio-pci", Printed("vfio-driver"));
        Succeeded("vfio-add", "vfio-check", "vfio-del", "vfio-device", "vfio-device-del");
        var result = guest.Step("vfio-add").Json["interfaces"]![0]!;
        Assert.Equal(("02:00:00:00:00:0d", 1500), ((string)result["mac"]!, (int)result["mtu"]!));
        Assert.Contains("vlan 13", Function("vfio-set", 1), StringComparison.Ordinal);
        Assert.Equal(Lines("vfio-before"), Lines("vfio-restored"));
    }

    [SriovFact]
    public void Hardware_of_host_device_comes_back_from_a_namespace_that_ended_as_it_was()
    {
        Succeeded("card-add", "card-check", "card-del");
        Assert.Contains("net1: <BROADCAST,MULTICAST> mtu 1200", Printed("card-gone"), StringComparison.Ordinal);
        Assert.Equal(104, guest.Step("card-taken").Code);
        var (before, after) = (Printed("card-before"), Printed("card-restored"));
        // It is up; its carrier takes the card some time more.
        Assert.Matches("eth1: <[A-Z,_-]*,UP[,>]", after);
        foreach (var fact in (string[])["mtu 1300", "alias rack-7", MacOf(before)])
            Assert.Contains(fact, after, StringComparison.Ordinal);
        Assert.Contains("inet 192.0.2.1/24", Printed("card-address"), StringComparison.Ordinal);
    }

    [SriovFact]
    public void Hardware_that_the_reference_lost_is_found_by_its_alias()
    {
        Succeeded("card-reference-add", "card-adopt", "card-adopt-del");
        Assert.Contains("eth1: ", Printed("card-adopted"), StringComparison.Ordinal);
        Assert.DoesNotContain("net1", Printed("card-adopted"), StringComparison.Ordinal);
    }

    private static string MacOf(string link) => link[link.IndexOf("link/ether", StringComparison.Ordinal)..][..28];
}

using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// The executables for arm64 on Debian's kernel for arm64, in qemu: arm64.sh says what they did there. A step here is a step there.
/// </summary>
public sealed class Arm64Tests(Arm64Tests.Fixture guest) : IClassFixture<Arm64Tests.Fixture>
{
    private static readonly string[] bothEnds = ["bridge-ADD-a", "bridge-ADD-b", "portmap-ADD-a", "bridge-CHECK-a", "portmap-CHECK-a"];

    /// <summary>One run of the guest.</summary>
    public sealed class Fixture
    {
        private readonly Dictionary<string, CniOutput> steps = new(StringComparer.Ordinal);

        public Fixture()
        {
            if (Arm64FactAttribute.Refusal is not null)
                return;
            using var node = new CniNode();
            var (packages, console) = ($"{PluginDirectory.Root}/artifacts/arm64-guest", $"{node.Directory}/console");
            // Outside of the node, whose network leads nowhere.
            var (unpacked, log) = HostTool.Run(
                $"{PluginDirectory.Root}/deploy/arm64-packages.sh",
                [packages, "busybox-static", "linux-image-cloud-arm64"]
            );
            Assert.True(unpacked == 0, log);
            var (exitCode, output, error) = node.TryTool([
                $"{PluginDirectory.Root}/tests/EndToEnd/Guest/arm64-boot.sh",
                PluginDirectory.Arm64,
                packages,
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

    [Arm64Fact]
    public void The_machine_is_arm64_and_each_plugin_starts()
    {
        Assert.Equal("aarch64", Printed("machine"));
        Assert.StartsWith("{\"cniVersion\":\"1.1.0\"", Printed("loopback"), StringComparison.Ordinal);
    }

    [Arm64Fact]
    public void A_chain_is_added_checked_and_deleted_and_its_pod_is_reached()
    {
        foreach (var step in bothEnds)
            guest.Step(step).Succeeded();
        Assert.Equal("served", Printed("published"));
        Assert.Equal("served", Printed("reached"));
        foreach (var step in (ReadOnlySpan<string>)["portmap-DEL-a", "bridge-DEL-a", "bridge-DEL-b"])
            guest.Step(step).Succeeded();
        Assert.Equal("", Printed("left"));
    }

    [Arm64Fact]
    public void A_volume_is_mounted_and_unmounted_and_a_link_is_not_followed()
    {
        foreach (var step in (ReadOnlySpan<string>)["init", "mount", "unmount"])
            Assert.Contains("\"Success\"", Printed(step), StringComparison.Ordinal);
        Assert.Equal("1", Printed("mounted"));
        Assert.Equal("0", guest.Step("unmounted").Output.Trim('\n'));
        Assert.Contains("\"Failure\"", guest.Step("link").Output, StringComparison.Ordinal);
        Assert.Equal("", Printed("beyond"));
    }

    [Arm64Fact]
    public void The_installer_places_the_executables()
    {
        Printed("install");
        Assert.Equal(
            "bandwidth\nbridge\ndhcp\ndummy\nfirewall\nflannel\nhost-device\nhost-local\nipvlan\nloopback\nmacvlan\n"
                + "portmap\nptp\nsbr\nsriov\nstatic\ntap\ntuning\nvlan\nvrf",
            Printed("installed")
        );
    }

    [Arm64Fact]
    public void The_coordinator_leases_by_TLS_and_routes_to_a_peer()
    {
        Assert.Contains("FLANNEL_NETWORK=10.5.0.0/16", Printed("subnet"), StringComparison.Ordinal);
        Assert.Equal("10.5.52.0/24 via 10.5.52.0 dev flannel.1 onlink", Printed("route").Trim());
    }
}

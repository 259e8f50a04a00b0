using Plugboard.Doctor;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Doctor;

/// <summary>Plugins of others, podman's networks, and the executable.</summary>
public sealed class OtherPluginTests
{
    private const string Conflist = PatientNode.Conflist;

    // It answers VERSION as every plugin, passes on what came before it, and is ready unless a file says otherwise.
    private const string Foreign = """
        #!/bin/sh
        config=$(cat)
        echo "$CNI_COMMAND" >> /run/foreign.calls
        case $CNI_COMMAND in
        VERSION) echo '{"cniVersion":"1.1.0","supportedVersions":["0.4.0","1.0.0","1.1.0"]}'; exit ;;
        DEL) exit ;;
        esac
        if [ -e /run/foreign.hangs ]; then exec sleep 60; fi
        if [ ! -e /run/foreign.socket ]; then echo '{"code":50,"msg":"no socket","details":"start the daemon foreignd"}'; exit 1; fi
        [ "$CNI_COMMAND" != ADD ] || echo "$config" | jq .prevResult
        """;

    private static PatientNode WithForeign()
    {
        var node = new PatientNode();
        node.Replace(Conflist, """{ "type": "portmap",""", """{ "type": "foreign" }, { "type": "portmap",""");
        node.Write($"{PatientNode.BinDirectory}/foreign", Foreign);
        node.Shell($"chmod 0755 {PatientNode.BinDirectory}/foreign");
        return node;
    }

    [KernelFact]
    public void What_a_foreign_plugin_says_to_STATUS_is_reported_with_its_own_remedy()
    {
        using var node = WithForeign();
        Assert.Contains("no socket", node.TryAttach(), StringComparison.Ordinal);
        node.Shell("rm /run/foreign.calls");
        var finding = Assert.Single(node.Examine().Findings);
        Assert.Equal(
            (FindingIds.PluginNotReady, "plugin foreign of network pods is not ready: no socket", "start the daemon foreignd"),
            (finding.Id, finding.What, finding.Remedy)
        );
        Assert.Equal(
            ["STATUS", "VERSION"],
            node.Read("/run/foreign.calls").Split('\n').Where(static call => call.Length > 0).Distinct().Order()
        );
        node.Shell("touch /run/foreign.socket");
        Assert.Null(node.TryAttach());
        Assert.Equal("", node.Ids());
    }

    [KernelFact]
    public void A_foreign_plugin_that_hangs_holds_up_the_doctor_for_some_seconds_only()
    {
        using var node = WithForeign();
        node.Shell("touch /run/foreign.hangs");
        var report = node.Examine();
        var finding = Assert.Single(report.Findings);
        Assert.Equal((FindingIds.PluginNotReady, Severity.Warning), (finding.Id, finding.Severity));
        Assert.InRange(report.Elapsed, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(12));
    }

    [KernelFact]
    public void Without_STATUS_in_its_version_a_foreign_plugin_is_not_asked_and_our_IPAM_plugin_beneath_it_is()
    {
        using var node = new PatientNode();
        node.Replace(Conflist, """, "1.1.0"]""", "]");
        node.Shell(
            $"cp /usr/lib/cni/bridge {PatientNode.BinDirectory}; mkdir /var/lib/cni/networks; mount -t tmpfs -o ro x /var/lib/cni/networks"
        );
        Assert.Contains("read-only", node.TryAttach(), StringComparison.Ordinal);
        var finding = Assert.Single(node.Examine().Findings);
        Assert.StartsWith("plugin host-local of network pods is not ready: cannot write leases: ", finding.What, StringComparison.Ordinal);
        // The reference's bridge fails on one that it has left without a port and so without an address.
        node.Shell("mount -o remount,rw /var/lib/cni/networks; ip link delete cni0");
        var refusal = node.TryAttach();
        Assert.True(refusal is null, refusal);
        Assert.Equal("", node.Ids());
    }

    [KernelFact]
    public void podman_uses_all_configs_so_several_are_no_finding_and_two_of_one_subnet_are()
    {
        using var node = new PatientNode();
        node.Shell(
            $"""
            rm -rf /etc/containerd
            printf '[network]\nnetwork_backend = "cni"\ncni_plugin_dirs = ["/opt/cni/bin"]\n' > /etc/containers/containers.conf
            rm /etc/containers/containers.conf.d/*
            sed 's/"pods"/"two"/; s/cni0/cni-podman1/; s/10.201.0/10.202.0/' {Conflist} > {PatientNode.ConfDirectory}/two.conflist
            """
        );
        Assert.Empty(node.Examine().Findings);
        node.Replace($"{PatientNode.ConfDirectory}/two.conflist", "10.202.0", "10.201.0");
        var finding = Assert.Single(node.Examine().Findings);
        Assert.Equal(
            (
                FindingIds.SubnetOverlap,
                "networks pods (/etc/cni/net.d/10-pods.conflist) and two (/etc/cni/net.d/two.conflist) have one subnet: 10.201.0.0/24 and "
                    + "10.201.0.0/24"
            ),
            (finding.Id, finding.What)
        );
    }

    [KernelFact]
    public void The_executable_reports_as_JSON_and_below_another_root_says_what_it_did_not_ask()
    {
        using var node = new PatientNode();
        node.Replace(Conflist, "10.201.0.0/24", "10.201.0.0/33");
        var (code, output, _) = node.TryTool([Path.Combine(PluginDirectory.Ours, "installer"), "doctor", "--output", "json"]);
        Assert.Equal(1, code);
        Assert.Contains("\"id\": \"plugin-config\"", output, StringComparison.Ordinal);
        Assert.Contains("plugins[0].ipam.ranges[0][0]", output, StringComparison.Ordinal);

        node.Replace(Conflist, "10.201.0.0/33", "10.201.0.0/24");
        node.Shell("mkdir -p /run/root/etc /run/root/opt; cp -r /etc/cni /etc/containerd /run/root/etc; cp -r /opt/cni /run/root/opt");
        (code, output, _) = node.TryTool([
            Path.Combine(PluginDirectory.Ours, "installer"),
            "doctor",
            "--host-root",
            "/run/root",
            "--output",
            "json",
        ]);
        Assert.Equal(0, code);
        Assert.Contains("\"id\": \"plugins-not-asked\"", output, StringComparison.Ordinal);
    }

    [KernelFact]
    public void From_a_container_the_plugins_are_asked_among_the_node_s_mounts()
    {
        using var node = new PatientNode();
        using var container = new TestMachine();
        // As k3s' own plugins: links with absolute targets.
        node.Shell("mkdir /opt/real; cd /opt/cni/bin; for p in *; do mv $p /opt/real; ln -s /opt/real/$p; done");
        Assert.Empty(node.ExamineFrom(container).Findings);
        node.Shell("mkdir /var/lib/cni/networks; mount -t tmpfs -o ro leases /var/lib/cni/networks");
        var finding = Assert.Single(node.ExamineFrom(container).Findings);
        Assert.Equal(FindingIds.PluginNotReady, finding.Id);
        Assert.Contains("/var/lib/cni/networks: read-only file system", finding.What, StringComparison.Ordinal);
        node.Shell("rm /opt/real/portmap");
        Assert.Equal(
            [FindingIds.PluginMissing, FindingIds.PluginNotReady],
            node.ExamineFrom(container).Findings.Select(static each => each.Id).Order(StringComparer.Ordinal)
        );
    }
}

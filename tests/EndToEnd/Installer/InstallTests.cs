using System.Globalization;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Installer;

/// <summary>What the verbs do to a host with the reference plugins in place.</summary>
public sealed class InstallTests : IDisposable
{
    private readonly InstallerHost host = new();

    public void Dispose() => host.Dispose();

    [KernelFact]
    public void Install_replaces_the_references_and_keeps_them_and_leaves_the_others()
    {
        Assert.Equal(["host-local: replaced", "loopback: replaced", "portmap: replaced", "bridge: replaced"], host.States("install"));
        Assert.Equal("ours", host.Owners);
        host.AssertAllWork();
        Assert.Equal(File.ReadAllBytes($"{PluginDirectory.Reference}/bandwidth"), File.ReadAllBytes($"{host.Bin}/bandwidth"));
        Assert.Equal("755 0:0", host.Shell($"stat -c '%a %u:%g' {host.Bin}/bridge"));
        Assert.Equal(
            ["bandwidth: foreign", "bridge: ours", "host-local: ours", "loopback: ours", "portmap: ours"],
            host.States("status --plugins all").Order(StringComparer.Ordinal)
        );
        Assert.Equal(File.ReadAllBytes($"{PluginDirectory.Reference}/bridge"), File.ReadAllBytes($"{host.State}/.previous-bridge"));
    }

    [KernelFact]
    public void What_is_there_already_is_not_touched()
    {
        host.Run("install").Succeeded();
        var before = host.Shell($"stat -c '%n %i %z' {host.Bin}/* {host.State}/.*");
        Assert.All(host.States("install"), static state => Assert.EndsWith(": unchanged", state, StringComparison.Ordinal));
        Assert.Equal(before, host.Shell($"stat -c '%n %i %z' {host.Bin}/* {host.State}/.*"));
    }

    [KernelFact]
    public void A_wrong_mode_or_owner_is_put_right_by_a_new_file()
    {
        host.Run("install").Succeeded();
        host.Shell($"chmod 644 {host.Bin}/bridge; chown 1000 {host.Bin}/loopback");
        Assert.Equal(
            ["mode 644", "owner 1000:0"],
            host.Json("status --plugins bridge,loopback").Values.Select(static file => (string?)file["note"])
        );
        Assert.Equal(1, host.Run("status --plugins bridge").ExitCode);
        Assert.Equal(
            ["host-local: unchanged", "portmap: unchanged", "loopback: replaced", "bridge: replaced"],
            host.States("install").OrderByDescending(static state => state.Contains("unchanged", StringComparison.Ordinal))
        );
        Assert.Equal("755 0:0", host.Shell($"stat -c '%a %u:%g' {host.Bin}/bridge {host.Bin}/loopback | uniq"));
    }

    [KernelFact]
    public void Rollback_goes_back_and_forth()
    {
        host.Run("install").Succeeded();
        Assert.All(host.States("rollback"), static state => Assert.EndsWith(": rolled-back", state, StringComparison.Ordinal));
        Assert.Equal("reference", host.Owners);
        host.AssertAllWork();
        Assert.Equal(0, host.Run("status").ExitCode);
        host.Run("rollback").Succeeded();
        Assert.Equal("ours", host.Owners);
    }

    [KernelFact]
    public void Rollback_of_what_was_never_there_leaves_it()
    {
        host.Shell($"rm {host.Bin}/*");
        Assert.All(host.States("install"), static state => Assert.EndsWith(": installed", state, StringComparison.Ordinal));
        Assert.All(host.States("rollback"), static state => Assert.EndsWith(": unchanged", state, StringComparison.Ordinal));
        Assert.Equal("ours", host.Owners);
    }

    [KernelFact]
    public void Uninstall_with_restore_leaves_the_host_as_it_was()
    {
        var before = host.Files();
        host.Run("install").Succeeded();
        Assert.All(host.States("uninstall --restore"), static state => Assert.EndsWith(": restored", state, StringComparison.Ordinal));
        Assert.Equal("reference", host.Owners);
        Assert.Equal(before, host.Files());
    }

    [KernelFact]
    public void An_original_that_does_not_work_is_restored_as_it_was_and_named_and_no_rollback_takes_it()
    {
        host.Shell($"truncate -s 1M {host.Bin}/bridge");
        var before = host.Files();
        host.Run("install").Succeeded();
        var refused = host.Run("rollback");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("bridge does not work", refused.Error, StringComparison.Ordinal);
        Assert.Equal("ours", host.Owners);

        var restored = host.Run("uninstall --restore").Succeeded();

        Assert.Contains("as it was before the first install: bridge does not work", restored.Output, StringComparison.Ordinal);
        Assert.Equal(before, host.Files());
    }

    // As people wrap a plugin to see its calls, and as most FlexVolume drivers are.
    [KernelFact]
    public void Scripts_that_were_there_come_back()
    {
        File.Move($"{host.Bin}/bridge", $"{host.Bin}/bridge.real");
        WriteScript($"{host.Bin}/bridge", "exec \"$(dirname \"$0\")/bridge.real\" \"$@\"");
        WriteScript($"{host.Drivers}/k8s~nfs/nfs", "echo '{\"status\":\"Success\",\"capabilities\":{\"attach\":false}}'");
        var digests = $"sha256sum {host.Bin}/bridge {host.Drivers}/k8s~nfs/nfs";
        var before = host.Shell(digests);
        host.Run("install --flexvolume k8s/nfs").Succeeded();
        var installed = host.Shell(digests);
        Assert.NotEqual(before, installed);
        host.Run("rollback").Succeeded();
        Assert.Equal(before, host.Shell(digests));
        host.Run("rollback").Succeeded();
        Assert.Equal(installed, host.Shell(digests));
        host.Run("uninstall --restore").Succeeded();
        Assert.Equal(before, host.Shell(digests));
    }

    private void WriteScript(string path, string line)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, $"#!/bin/sh\n{line}\n");
        host.Shell($"chmod 755 {path}");
    }

    [KernelFact]
    public void Uninstall_removes_what_is_ours_alone_and_a_later_restore_still_finds_what_was_there()
    {
        host.Run("install").Succeeded();
        File.Copy($"{PluginDirectory.Reference}/bridge", $"{host.Bin}/bridge", overwrite: true);
        Assert.Equal(
            ["bridge: left", "host-local: removed", "loopback: removed", "portmap: removed"],
            host.States("uninstall").Order(StringComparer.Ordinal)
        );
        Assert.Equal("bandwidth\nbridge", host.Shell($"ls {host.Bin}"));
        host.Run("uninstall --restore");
        Assert.Equal("reference", host.Owners);
    }

    [KernelFact]
    public void Uninstall_after_a_rollback_leaves_the_host_as_it_was()
    {
        var before = host.Files();
        host.Run("install").Succeeded();
        host.Run("rollback").Succeeded();
        host.Run("uninstall").Succeeded();
        Assert.Equal(before, host.Files());
    }

    [KernelFact]
    public void Drivers_are_placed_under_their_names()
    {
        Assert.Equal(["local: installed", "nfs: installed"], host.States("install --plugins none --flexvolume plugboard/local,k8s/nfs"));
        Assert.Equal("{\"status\":\"Success\"", host.Shell($"{host.Drivers}/k8s~nfs/nfs init")[..19]);
        Assert.Equal("k8s~nfs\nplugboard~local", host.Shell($"ls {host.Drivers}"));
        // kubelet's prober passes over names that begin with a dot, and over nothing else.
        Assert.Equal("", host.Shell($"find {host.Drivers}/.plugboard -mindepth 1 -not -name '.*'"));
        Assert.Equal(["local: unchanged", "nfs: unchanged"], host.States("install --plugins none --flexvolume plugboard/local,k8s/nfs"));
        Assert.Equal(["local: ours", "nfs: ours"], host.States("status --plugins none").Order(StringComparer.Ordinal));
        host.Shell($"echo more > {host.Drivers}/k8s~nfs/nfs");
        Assert.Equal("differs", (string?)host.Json("status --plugins none")["nfs"]["state"]);
        Assert.Equal(["local: unchanged", "nfs: replaced"], host.States("install --plugins none --flexvolume plugboard/local,k8s/nfs"));
        host.Run("uninstall --plugins none").Succeeded();
        Assert.Equal("", host.Shell($"ls {host.Drivers}"));
    }

    [KernelFact]
    public void A_driver_whose_volumes_are_mounted_is_not_taken_away()
    {
        host.Run("install --plugins none --flexvolume plugboard/tmpfs").Succeeded();
        var volume = $"{host.Node.Directory}/pods/u/volumes/plugboard~tmpfs/v";
        host.Shell($"mkdir -p {volume}; mount -t tmpfs v {volume}");
        var refused = host.Run("uninstall --plugins none");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"plugboard~tmpfs is in use by {volume}: end the pods", refused.Error, StringComparison.Ordinal);
        host.Run("uninstall --plugins none --force").Succeeded();
        host.Shell($"umount {volume}");
    }

    [KernelFact]
    public void Status_is_a_table_for_people()
    {
        host.Run("install").Succeeded();
        host.Shell($"rm {host.Bin}/portmap; echo more >> {host.Bin}/loopback");
        var status = host.Run("status");
        Assert.Equal(1, status.ExitCode);
        var lines = status.Output.TrimEnd().Split('\n');
        Assert.Matches("^FILE +STATE +VERSION +DIGEST +SINCE +KEPT +NOTE$", lines[0]);
        Assert.Contains(
            lines,
            line =>
                System.Text.RegularExpressions.Regex.IsMatch(
                    line,
                    "/bridge +ours +0.1.0 +[0-9a-f]{12} +20[0-9TZ:-]+ +previous, original$",
                    System.Text.RegularExpressions.RegexOptions.None,
                    TimeSpan.FromSeconds(1)
                )
        );
        Assert.Contains(
            lines,
            static line =>
                line.Contains("/portmap", StringComparison.Ordinal)
                && line.Contains(" missing ", StringComparison.Ordinal)
                && line.Contains("`install` installs it", StringComparison.Ordinal)
        );
        Assert.Contains(
            lines,
            static line => line.Contains("/loopback", StringComparison.Ordinal) && line.Contains(" differs ", StringComparison.Ordinal)
        );
    }

    [KernelFact]
    public void The_digest_is_that_of_sha256sum()
    {
        var ours = host.Shell($"sha256sum {PluginDirectory.Ours}/bridge | cut -d' ' -f1");
        host.Run("install").Succeeded();
        Assert.Equal("sha256:" + ours, (string?)host.Json("status --plugins bridge")["bridge"]["digest"]);
    }

    [KernelFact]
    public void Where_nothing_changed_it_takes_next_to_nothing()
    {
        // Twice what `bench --installer` holds it to; of processor time, whatever else the machine does.
        Timing.Within(
            TimeSpan.FromMilliseconds(2000),
            () =>
            {
                var time = ProcessorTime("install --flexvolume plugboard/local,plugboard/nfs");
                host.Run("uninstall --restore").Succeeded();
                return time;
            }
        );
        ProcessorTime("install --flexvolume plugboard/local,plugboard/nfs");
        Timing.Within(TimeSpan.FromMilliseconds(100), () => ProcessorTime("install --flexvolume plugboard/local,plugboard/nfs"));
    }

    [KernelTheory]
    [InlineData("rollback")]
    [InlineData("uninstall --restore")]
    [InlineData("uninstall")]
    public void Who_goes_back_while_pods_have_rules_of_ours_is_told(string verb)
    {
        host.Run("install").Succeeded();
        var pod = host.Node.AddPod();
        var config = host.Node.BridgeConfig("""{"ipMasq":true}""");
        host.Node.Call("ADD", pod, config).Succeeded();
        Directory.CreateDirectory(Path.Combine(host.Root, "run"));
        host.Node.Tool($"cp -r /run/plugboard {host.Root}/run/");
        var warned = host.Run(verb);
        Assert.Contains(
            "warning: 1 pod has rules of our plugins, which other plugins do not remove",
            warned.Error,
            StringComparison.Ordinal
        );

        host.Run("install").Succeeded();
        host.Node.Call("DEL", pod, config).Succeeded();
        Directory.Delete(Path.Combine(host.Root, "run/plugboard"), recursive: true);
        host.Node.Tool($"cp -r /run/plugboard {host.Root}/run/");
        Assert.Equal("", host.Run(verb).Error);
    }

    // In user mode and in the kernel.
    private TimeSpan ProcessorTime(string arguments)
    {
        var times = Path.Combine(host.Node.Directory, "times");
        host.Run(arguments, "time", "--format", "%U %S", "--output", times).Succeeded();
        var seconds = File.ReadAllText(times).Split(' ').Select(static each => double.Parse(each, CultureInfo.InvariantCulture)).Sum();
        return TimeSpan.FromSeconds(seconds);
    }
}

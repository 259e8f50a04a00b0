using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Installer;

/// <summary>What an installer meets on hosts: it says what is wrong and what to do, and has changed nothing.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly InstallerHost host = new();

    public void Dispose() => host.Dispose();

    [KernelFact]
    public void A_directory_that_is_missing_is_not_made()
    {
        host.Shell($"mv {host.Bin} {host.Bin}.away");
        AssertRefused("install", "/opt/cni/bin does not exist: create it (mkdir -p) where the runtime or kubelet looks");
        AssertRefused("status", "/opt/cni/bin does not exist");
        host.Shell($"mv {host.Bin}.away {host.Bin}; rmdir {host.Drivers}");
        AssertRefused("install --flexvolume plugboard/local", "volume/exec does not exist");
        AssertUntouched();
    }

    [KernelFact]
    public void A_host_root_that_is_missing_is_named()
    {
        host.Shell($"mv {host.Root} {host.Root}.away");
        AssertRefused(
            "install",
            $"--host-root {host.Root}: no such file or directory: give the directory where the host's root is mounted"
        );
        host.Shell($"mv {host.Root}.away {host.Root}");
        AssertUntouched();
    }

    [KernelFact]
    public void A_read_only_directory_is_named()
    {
        host.Shell($"mount --bind {host.Bin} {host.Bin}; mount -o remount,ro,bind {host.Bin}");
        AssertRefused("install", "/opt/cni/bin is read-only: mount it writable");
        host.Shell($"umount {host.Bin}");
        AssertUntouched();
    }

    [KernelFact]
    public void A_filesystem_without_room_is_named_and_nothing_is_replaced()
    {
        host.Shell($"mount -t tmpfs -o size=8m small {host.Bin}; cp {PluginDirectory.Reference}/loopback {host.Bin}");
        AssertRefused("install", "/opt/cni/bin is full (");
        AssertRefused("install", $"on the filesystem of {host.Bin} (df {host.Bin}; df -i {host.Bin}), and try again");
        Assert.Equal("loopback", host.Shell($"ls {host.Bin}"));
        Assert.Equal("reference", host.OwnerOf("loopback"));
        Assert.Equal("", host.Shell($"ls -A {host.State}"));
        // What fits is installed.
        host.Run("install --plugins loopback").Succeeded();
        host.Shell($"umount {host.Bin}");
    }

    [KernelFact]
    public void A_filesystem_that_lets_nothing_be_executed_is_found_before_anything_is_replaced()
    {
        host.Shell($"mount --bind {host.Bin} {host.Bin}; mount -o remount,noexec,bind {host.Bin}");
        AssertRefused("install", "/opt/cni/bin does not allow executing host-local: it is mounted noexec");
        host.Shell($"umount {host.Bin}");
        AssertUntouched();
    }

    [KernelFact]
    public void An_executable_for_another_machine_is_refused()
    {
        // elf(5): e_machine is at 18; 183 is arm64.
        host.Shell(
            $"mkdir {host.Node.Directory}/from; cp {PluginDirectory.Ours}/* {host.Node.Directory}/from; printf '\\267\\0' | dd "
                + $"of={host.Node.Directory}/from/bridge bs=1 seek=18 conv=notrunc status=none"
        );
        AssertRefused(
            $"install --from {host.Node.Directory}/from",
            "/from/bridge is for arm64 but this machine is amd64: take the build, or the image, for amd64"
        );
        AssertUntouched();
    }

    [KernelTheory]
    [InlineData("echo no > $FROM/bridge", "/from/bridge is not an executable")]
    [InlineData("truncate -s 1M $FROM/bridge", "bridge does not work")]
    [InlineData("cp /bin/true $FROM/bridge", "bridge does not work: VERSION does not answer with JSON")]
    [InlineData("cp /bin/false $FROM/bridge", "bridge does not work: VERSION ended with exit code 1")]
    [InlineData("rm $FROM/bridge", "/from/bridge does not exist: give the directory")]
    public void A_damaged_executable_is_refused(string damage, string problem)
    {
        host.Shell($"FROM={host.Node.Directory}/from; mkdir $FROM; cp {PluginDirectory.Ours}/* $FROM; {damage}");
        AssertRefused($"install --from {host.Node.Directory}/from --plugins host-local,bridge", problem);
        AssertUntouched();
    }

    [KernelFact]
    public void A_user_other_than_root_is_refused()
    {
        var (exitCode, _, error) = host.Node.TryTool(["setpriv", "--reuid", "65534", "--clear-groups", .. host.Command("install")]);
        Assert.Equal(1, exitCode);
        Assert.Contains("not root: run it as root (in a pod: securityContext.runAsUser: 0)", error, StringComparison.Ordinal);
        AssertUntouched();
    }

    [KernelFact]
    public void A_directory_in_the_place_of_a_plugin_is_refused()
    {
        host.Shell($"rm {host.Bin}/bridge; mkdir {host.Bin}/bridge");
        AssertRefused("install", "/opt/cni/bin/bridge is a directory: move it away");
        Assert.Equal("reference", host.OwnerOf("host-local"));
    }

    [KernelFact]
    public void A_file_that_another_mount_is_on_is_refused_and_the_mount_is_to_be_found()
    {
        host.Shell($"cp {host.Bin}/bridge {host.Root}/one; mount --bind {host.Root}/one {host.Bin}/bridge");
        AssertRefused("install", "another mount is on a file in ");
        host.Shell($"umount {host.Bin}/bridge");
        Assert.Equal("reference", host.OwnerOf("bridge"));
        host.Run("install").Succeeded();
    }

    // People protect plugins so from installers that write over them.
    [KernelTheory]
    [InlineData("/bridge", 'i', "immutable")]
    [InlineData("/bridge", 'a', "append-only")]
    [InlineData("", 'i', "immutable")]
    [InlineData("", 'a', "append-only")]
    public void A_protected_file_or_directory_is_found_before_anything_is_replaced(string name, char attribute, string word)
    {
        host.Shell($"chattr +{attribute} {host.Bin}{name}");
        try
        {
            AssertRefused(
                "install",
                $"/opt/cni/bin{name} is {word} (attribute {attribute} of chattr): `lsattr -d {host.Bin}{name}` shows it: find out who set "
                    + $"it, then `chattr -{attribute} {host.Bin}{name}` and try again"
            );
            Assert.Equal("reference", host.Owners);
        }
        finally
        {
            host.Shell($"chattr -{attribute} {host.Bin}{name}");
        }

        host.Run("install").Succeeded();
        host.Run("uninstall --restore").Succeeded();
    }

    [KernelTheory]
    [InlineData(
        "--plugins flexvolume",
        "flexvolume is not a plugin: the driver is installed under drivers' names: --flexvolume vendor/driver"
    )]
    [InlineData("--plugins bridge,installer", "installer is not a plugin: leave it out of --plugins; it is executed where it is")]
    [InlineData("--flexvolume acme/foo", "acme/foo is not a driver of ours: its last part selects the backend: local, loop, tmpfs, nfs, ")]
    [InlineData("--flexvolume acme/NFS", "cifs or uds (did you mean \"nfs\"?), after a vendor of your choice; or take one of k8s/nfs, ")]
    public void A_name_that_cannot_be_installed_is_named_with_what_can(string arguments, string problem)
    {
        AssertRefused($"install {arguments}", problem);
        AssertUntouched();
    }

    [KernelFact]
    public void A_file_in_the_place_of_the_installers_own_directory_is_named()
    {
        host.Shell($"echo > {host.State}");
        AssertRefused("install", "something else has the name of a directory: move it away");
        host.Shell($"rm {host.State}");
        AssertUntouched();
    }

    [KernelFact]
    public void A_slash_behind_the_directory_is_not_in_the_paths_of_the_report()
    {
        Assert.DoesNotContain("bin//", host.Run("install --bin-dir /opt/cni/bin/").Output, StringComparison.Ordinal);
        Assert.Equal("ours", host.Owners);
    }

    [KernelFact]
    public void A_file_in_the_place_of_a_drivers_directory_is_refused()
    {
        host.Shell($"echo > {host.Drivers}/plugboard~local");
        AssertRefused("install --flexvolume plugboard/local", "/plugboard~local is not a directory: move it away");
        AssertUntouched();
    }

    [KernelFact]
    public void A_link_in_the_place_of_a_plugin_is_replaced_and_what_it_leads_to_is_not_written()
    {
        host.Shell(
            $"mkdir -p {host.Root}/usr/lib/cni; mv {host.Bin}/bridge {host.Root}/usr/lib/cni; ln -s ../../../usr/lib/cni/bridge "
                + $"{host.Bin}/bridge"
        );
        Assert.Contains("bridge: replaced", host.States("install"));
        Assert.Equal("ours", host.OwnerOf("bridge"));
        Assert.Equal(File.ReadAllBytes($"{PluginDirectory.Reference}/bridge"), File.ReadAllBytes($"{host.Root}/usr/lib/cni/bridge"));
        host.Run("rollback").Succeeded();
        Assert.Equal("../../../usr/lib/cni/bridge", host.Shell($"readlink {host.Bin}/bridge"));
        host.Run("rollback").Succeeded();
        host.Run("uninstall --restore").Succeeded();
        Assert.Equal("../../../usr/lib/cni/bridge", host.Shell($"readlink {host.Bin}/bridge"));
        Assert.Equal("reference", host.Owners);
    }

    [KernelTheory]
    [InlineData("/usr/lib/cni")]
    [InlineData("../../usr/lib/cni")]
    [InlineData("../../../../../../../../../../usr/lib/cni")]
    public void A_link_in_the_path_leads_within_the_hosts_root(string link)
    {
        host.Shell($"mkdir -p {host.Root}/usr/lib; mv {host.Bin} {host.Root}/usr/lib/cni; ln -s {link} {host.Bin}");
        var machines = host.Shell($"stat -c '%n %i %z' {PluginDirectory.Reference}/*");
        host.Run("install").Succeeded();
        Assert.Equal(File.ReadAllBytes($"{PluginDirectory.Ours}/bridge"), File.ReadAllBytes($"{host.Root}/usr/lib/cni/bridge"));
        Assert.Equal(machines, host.Shell($"stat -c '%n %i %z' {PluginDirectory.Reference}/*"));
    }

    [KernelFact]
    public void A_link_to_what_only_the_machine_outside_has_is_refused()
    {
        var outside = Directory.CreateDirectory($"{host.Node.Directory}/outside").FullName;
        host.Shell($"mv {host.Bin} {host.Bin}.away; ln -s {outside} {host.Bin}");
        AssertRefused("install", "/opt/cni/bin does not exist");
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [KernelFact]
    public void Two_installers_at_once_take_turns()
    {
        var script = string.Join(' ', host.Command("install"));
        host.Shell(
            $"for i in 1 2 3 4 5 6; do {script} > {host.Node.Directory}/out$i 2>&1 & pids=\"$pids $!\"; done; for p in $pids; do wait "
                + "$p; done"
        );
        Assert.Equal("ours", host.Owners);
        Assert.Equal("4", host.Shell($"cat {host.Node.Directory}/out* | grep -c replaced"));
        Assert.Equal("20", host.Shell($"cat {host.Node.Directory}/out* | grep -c unchanged"));
    }

    [KernelFact]
    public void An_installer_that_waits_too_long_says_for_whom()
    {
        host.Shell($"mkdir {host.State}");
        var busy = host.Shell(
            $"exec 9< {host.State}; flock 9; {string.Join(' ', host.Command("install --lock-timeout 1"))} 2>&1 && exit 1; echo $?"
        );
        Assert.Contains("another installer is at work (process ", busy, StringComparison.Ordinal);
        Assert.EndsWith("\n3", busy, StringComparison.Ordinal);
        AssertUntouched();
    }

    [KernelTheory]
    [InlineData("install --bogus")]
    [InlineData("install --plugins ../../etc/passwd")]
    [InlineData("install --flexvolume a/b/c")]
    [InlineData("install --plugins=")]
    [InlineData("install --flexvolume=,")]
    [InlineData("install --bin-dir opt/cni/bin")]
    [InlineData("install --flexvolume plugboard/local --flexvolume-dir exec")]
    [InlineData("status --output xml")]
    [InlineData("")]
    public void Wrong_arguments_have_an_exit_code_of_their_own(string arguments)
    {
        Assert.Equal(2, host.Run(arguments).ExitCode);
        AssertUntouched();
    }

    private void AssertRefused(string arguments, string problem)
    {
        var output = host.Run(arguments);
        Assert.Equal(1, output.ExitCode);
        Assert.Contains(problem, output.Error, StringComparison.Ordinal);
    }

    private void AssertUntouched()
    {
        Assert.Equal("reference", host.Owners);
        Assert.DoesNotContain(host.Files(), static file => file.Contains("/.", StringComparison.Ordinal));
        host.AssertAllWork();
    }
}

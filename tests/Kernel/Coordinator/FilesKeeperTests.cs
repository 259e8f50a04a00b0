using System.Runtime.Versioning;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Files;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>What the coordinator writes, where it cannot be written: on a filesystem of 64 kB that is full, and on one that is read-only.</summary>
[SupportedOSPlatform("linux")]
public sealed class FilesKeeperTests
{
    private const string Disk = "/run/disk";
    private const string SubnetFile = $"{Disk}/subnet.env";

    private static readonly FilesOptions Options = new() { SubnetFile = SubnetFile, StateDirectory = "/run/state", ConflistFile = "/run/net.d/10-test.conflist", ConflistTemplate = "/run/template", PluginDirectories = ["/run/bin"] };

    [KernelFact]
    public void On_a_full_disk_the_old_file_stays_whole_and_the_problem_names_it_with_the_remedy()
    {
        using var machine = new TestMachine();
        MakeDisk(machine);
        machine.Run(() =>
        {
            var keeper = new FilesKeeper(Options with { ConflistFile = "" }, "n1");
            Assert.True(keeper.Sync(View(1450), SyncCause.Start).IsUsable);
            var before = File.ReadAllText(SubnetFile);
            Fill();

            var outcome = keeper.Sync(View(1400), SyncCause.Audit);
            var again = keeper.Sync(View(1400), SyncCause.Retry);

            Assert.Equal($"file {SubnetFile} cannot be written: no space left on device (ENOSPC); make room on its filesystem (df, df -i), it is written then", Assert.Single(outcome.Problems));
            // Told once: the log compares.
            Assert.Equal(outcome.Problems, again.Problems);
            Assert.False(outcome.IsUsable);
            Assert.Equal(before, File.ReadAllText(SubnetFile));
            Assert.Equal([$"{Disk}/filler", SubnetFile], Directory.GetFiles(Disk).Order(StringComparer.Ordinal));

            File.Delete($"{Disk}/filler");
            Assert.Empty(keeper.Sync(View(1400), SyncCause.Retry).Problems);
            Assert.Contains("FLANNEL_MTU=1350", File.ReadAllText(SubnetFile), StringComparison.Ordinal);
        });
    }

    [KernelFact]
    public void On_a_filesystem_that_is_read_only_the_problem_says_so()
    {
        using var machine = new TestMachine();
        MakeDisk(machine);
        machine.Tool($"mount -o remount,ro {Disk}");
        machine.Run(() =>
        {
            var outcome = new FilesKeeper(Options with { ConflistFile = "" }, "n1").Sync(View(1450), SyncCause.Start);

            Assert.Equal($"file {SubnetFile} cannot be written: read-only file system (EROFS); mount its filesystem writable, or name another place", Assert.Single(outcome.Problems));
            Assert.False(outcome.IsUsable);
        });
    }

    [KernelFact]
    public void A_state_directory_that_cannot_be_written_keeps_no_pod_from_being_started()
    {
        using var machine = new TestMachine();
        MakeDisk(machine);
        machine.Run(() =>
        {
            var keeper = new FilesKeeper(Options with { SubnetFile = "/run/flannel/subnet.env", StateDirectory = Disk, ConflistTemplate = "bridge" }, "n1");
            Fill();

            var outcome = keeper.Sync(View(1450), SyncCause.Start);

            Assert.Contains(outcome.Problems, problem => problem.StartsWith($"file {Disk}/subnet.env cannot be written: no space left on device (ENOSPC)", StringComparison.Ordinal));
            // It is written all the same, and what comes after it is looked at: no plugin is installed here.
            Assert.True(File.Exists("/run/flannel/subnet.env"));
            Assert.Contains(outcome.Problems, problem => problem.Contains("CNI plugin bridge", StringComparison.Ordinal));
            Assert.True(new FilesKeeper(Options with { SubnetFile = "/run/flannel/subnet.env", StateDirectory = Disk, ConflistFile = "" }, "n1").Sync(View(1450), SyncCause.Start).IsUsable);
        });
    }

    [KernelFact]
    public void A_conflist_that_cannot_be_written_leaves_the_old_one_and_the_node_is_not_ready()
    {
        using var machine = new TestMachine();
        MakeDisk(machine);
        machine.Run(() =>
        {
            MakePlugin();
            File.WriteAllText("/run/template", """{"cniVersion":"1.0.0","name":"new","plugins":[{"type":"bridge"}]}""");
            File.WriteAllText($"{Disk}/10-test.conflist", "the old one");
            var keeper = new FilesKeeper(Options with { SubnetFile = "/run/flannel/subnet.env", ConflistFile = $"{Disk}/10-test.conflist" }, "n1");
            Fill();

            var outcome = keeper.Sync(View(1450), SyncCause.Start);

            Assert.StartsWith($"file {Disk}/10-test.conflist cannot be written: no space left on device (ENOSPC)", Assert.Single(outcome.Problems), StringComparison.Ordinal);
            Assert.False(outcome.IsUsable);
            Assert.Equal("the old one", File.ReadAllText($"{Disk}/10-test.conflist"));
            File.Delete($"{Disk}/filler");
            Assert.True(keeper.Sync(View(1450), SyncCause.Retry).IsUsable);
            Assert.Contains("\"bridge\"", File.ReadAllText($"{Disk}/10-test.conflist"), StringComparison.Ordinal);
        });
    }

    [KernelFact]
    public void The_engine_tells_a_full_disk_once_and_writes_when_there_is_room()
    {
        using var cluster = new NodeCluster(new BackendConf { Type = BackendType.HostGw }, [2]);
        var node = cluster.Nodes[0];
        MakeDisk(node);
        node.Run(Fill);
        node.Change = parts => parts with { Keepers = [.. parts.Keepers, new FilesKeeper(Options with { ConflistFile = "" }, "n1")] };
        cluster.Start();
        node.Until(() => node.Source.Reported is { IsReady: false } report && report.Message.Contains($"file {SubnetFile} cannot be written: no space left on device (ENOSPC)", StringComparison.Ordinal), "it is told");
        node.Until(() => node.Engine!.Status.Keepers[1].SyncCount >= 3, "it is tried again");
        Assert.Single(node.Log, line => line.Contains("ENOSPC", StringComparison.Ordinal));

        node.Run(() => File.Delete($"{Disk}/filler"));

        node.Until(() => node.Source.Reported is { IsReady: true }, "it is written");
        Assert.Single(node.Log, "files: all is right again");
    }

    private static void MakeDisk(TestMachine machine)
    {
        machine.Tool($"mkdir -p {Disk}");
        machine.Tool($"mount -t tmpfs -o size=64k disk {Disk}");
    }

    private static void MakePlugin()
    {
        Directory.CreateDirectory("/run/bin");
        File.WriteAllText("/run/bin/bridge", "#!/bin/sh\necho '{\"cniVersion\":\"1.0.0\",\"supportedVersions\":[\"1.0.0\"]}'\n");
        File.SetUnixFileMode("/run/bin/bridge", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static void Fill()
    {
        using var filler = File.Create($"{Disk}/filler");
        var block = new byte[4096];
        try
        {
            for (var i = 0; i < 100; i++)
            {
                filler.Write(block);
                filler.Flush();
            }
        }
        catch (IOException)
        {
            return;
        }

        Assert.Fail("the disk is larger than it should be");
    }

    private static ClusterView View(int mtu) => new()
    {
        Network = new NetConf { Network = IPPrefix.Parse("10.244.0.0/16"), Backend = new BackendConf { Type = BackendType.Vxlan } },
        Self = new LocalNode { Name = "n1", PodCidrs = [IPPrefix.Parse("10.244.1.0/24")], Uplink = new UplinkLink(2, "eth0", mtu), Addresses = [IPPrefix.Parse("192.168.0.1/24")] },
        IsComplete = true,
    };
}

using System.Runtime.Versioning;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Files;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>
/// What the coordinator writes, where it cannot be written: on a filesystem of 64 kB that is full, and on one that is read-only.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class FilesReconcilerTests
{
    private const string Disk = "/run/disk";
    private const string SubnetFile = $"{Disk}/subnet.env";

    private static readonly FilesOptions Options = new()
    {
        SubnetFile = SubnetFile,
        StateDirectory = "/run/state",
        ConflistFile = "/run/net.d/10-test.conflist",
        ConflistTemplate = "/run/template",
        PluginDirectories = ["/run/bin"],
    };

    [KernelFact]
    public void On_a_full_disk_the_old_file_stays_whole_and_the_problem_names_it_with_the_remedy()
    {
        using var machine = new TestMachine();
        MakeDisk(machine);
        machine.Run(() =>
        {
            var reconciler = new FilesReconciler(Options with { ConflistFile = "" }, "n1");
            Assert.True(reconciler.Sync(View(1450), SyncCause.Start).IsUsable);
            var before = File.ReadAllText(SubnetFile);
            Fill();

            var outcome = reconciler.Sync(View(1400), SyncCause.Audit);
            var again = reconciler.Sync(View(1400), SyncCause.Retry);

            Assert.Equal(
                $"file {SubnetFile} cannot be written: no space left on device (ENOSPC); the filesystem of {Disk} is full (df {Disk}): "
                    + "free space there; the write is retried",
                Assert.Single(outcome.Problems)
            );
            // Told once: the log compares.
            Assert.Equal(outcome.Problems, again.Problems);
            Assert.False(outcome.IsUsable);
            Assert.Equal(before, File.ReadAllText(SubnetFile));
            Assert.Equal([$"{Disk}/filler", SubnetFile], Directory.GetFiles(Disk).Order(StringComparer.Ordinal));

            File.Delete($"{Disk}/filler");
            // A child that another test starts may still have it open.
            Eventually.True(() => reconciler.Sync(View(1400), SyncCause.Retry).Problems.Count == 0, () => "it is not written");
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
            var outcome = new FilesReconciler(Options with { ConflistFile = "" }, "n1").Sync(View(1450), SyncCause.Start);

            Assert.Equal(
                $"file {SubnetFile} cannot be written: read-only file system (EROFS); mount its filesystem writable, or choose "
                    + $"another path",
                Assert.Single(outcome.Problems)
            );
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
            var reconciler = new FilesReconciler(
                Options with
                {
                    SubnetFile = "/run/flannel/subnet.env",
                    StateDirectory = Disk,
                    ConflistTemplate = "bridge",
                },
                "n1"
            );
            Fill();

            var outcome = reconciler.Sync(View(1450), SyncCause.Start);

            Assert.Contains(
                outcome.Problems,
                problem =>
                    problem.StartsWith(
                        $"file {Disk}/subnet.env cannot be written: no space left on device (ENOSPC)",
                        StringComparison.Ordinal
                    )
            );
            // It is written all the same, and what comes after it is looked at: no plugin is installed here.
            Assert.True(File.Exists("/run/flannel/subnet.env"));
            Assert.Contains(outcome.Problems, problem => problem.Contains("CNI plugin bridge", StringComparison.Ordinal));
            Assert.True(
                new FilesReconciler(Options with { SubnetFile = "/run/flannel/subnet.env", StateDirectory = Disk, ConflistFile = "" }, "n1")
                    .Sync(View(1450), SyncCause.Start)
                    .IsUsable
            );
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
            var reconciler = new FilesReconciler(
                Options with
                {
                    SubnetFile = "/run/flannel/subnet.env",
                    ConflistFile = $"{Disk}/10-test.conflist",
                },
                "n1"
            );
            Fill();

            var outcome = reconciler.Sync(View(1450), SyncCause.Start);

            Assert.StartsWith(
                $"file {Disk}/10-test.conflist cannot be written: no space left on device (ENOSPC)",
                Assert.Single(outcome.Problems),
                StringComparison.Ordinal
            );
            Assert.False(outcome.IsUsable);
            Assert.Equal("the old one", File.ReadAllText($"{Disk}/10-test.conflist"));
            File.Delete($"{Disk}/filler");
            Eventually.True(() => reconciler.Sync(View(1450), SyncCause.Retry).IsUsable, () => "it is not written");
            Assert.Contains("\"bridge\"", File.ReadAllText($"{Disk}/10-test.conflist"), StringComparison.Ordinal);
        });
    }

    [KernelTheory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("{\"cniVersion\":\"1.0.0\",\"name\":\"pods\",\"plugins\":[]}")]
    [InlineData("{\"cniVersion\":\"1.0.0\",\"name\":\"pods\",\"plugins\":[{\"type\":\"bridge\",\"mtu\":${MUT}}]}")]
    [InlineData(null)]
    public void A_typing_error_in_the_template_leaves_the_conflist_and_the_node_ready(string? broken)
    {
        using var machine = new TestMachine();
        machine.Run(() =>
        {
            MakePlugin();
            var options = Options with { SubnetFile = "/run/subnet.env" };
            File.WriteAllText(
                options.ConflistTemplate,
                """{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"bridge","mtu":${MTU}}]}"""
            );
            var reconciler = new FilesReconciler(options, "n1");
            Assert.Empty(reconciler.Sync(View(1500), SyncCause.Start).Problems);
            var before = File.ReadAllText(options.ConflistFile);

            File.Delete(options.ConflistTemplate);
            if (broken is null)
                Directory.CreateDirectory(options.ConflistTemplate);
            else
                File.WriteAllText(options.ConflistTemplate, broken);
            var outcome = reconciler.Sync(View(1500), SyncCause.Audit);

            Assert.Contains($"{options.ConflistFile} stays unchanged", Assert.Single(outcome.Problems), StringComparison.Ordinal);
            Assert.True(outcome.IsUsable);
            Assert.Equal(before, File.ReadAllText(options.ConflistFile));
            // Of another network than the node has now it would be wrong.
            Assert.False(reconciler.Sync(View(1400), SyncCause.Audit).IsUsable);
            // And a new run knows nothing of it.
            Assert.False(new FilesReconciler(options, "n1").Sync(View(1400), SyncCause.Start).IsUsable);
        });
    }

    [KernelFact]
    public void Only_a_node_that_is_gone_loses_the_conflist()
    {
        using var machine = new TestMachine();
        machine.Run(() =>
        {
            MakePlugin();
            var options = Options with { SubnetFile = "/run/subnet.env", ConflistTemplate = "/run/template" };
            File.WriteAllText(options.ConflistTemplate, """{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"bridge"}]}""");
            var reconciler = new FilesReconciler(options, "n1");
            reconciler.Sync(View(1500), SyncCause.Start);
            var without = View(1500) with { Self = View(1500).Self with { PodCidrs = [] } };
            var outside = View(1500) with { Network = View(1500).Network with { Network = IPPrefix.Parse("10.10.0.0/16") } };

            foreach (var view in (ClusterView[])[without, outside])
            {
                Assert.Empty(reconciler.Sync(view, SyncCause.Source).Changes);
                Assert.True(File.Exists(options.ConflistFile) && File.Exists(options.SubnetFile));
            }

            reconciler.Sync(without with { Self = without.Self with { IsGone = true } }, SyncCause.Source);
            Assert.False(File.Exists(options.ConflistFile));
        });
    }

    [KernelFact]
    public void That_pods_of_IPv6_get_less_than_flanneld_gave_them_is_reported_before_it_is_written()
    {
        using var machine = new TestMachine();
        machine.Run(() =>
        {
            var options = Options with { SubnetFile = "/run/subnet.env", ConflistFile = "" };
            File.WriteAllText(
                options.SubnetFile,
                "FLANNEL_IPV6_NETWORK=fd00:244::/48\nFLANNEL_IPV6_SUBNET=fd00:244:0:1::1/64\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=false\n"
            );
            var view = View(1500) with
            {
                Network = new NetConf
                {
                    EnableIPv4 = false,
                    EnableIPv6 = true,
                    IPv6Network = IPPrefix.Parse("fd00:244::/48"),
                    Backend = new BackendConf { Type = BackendType.Vxlan },
                },
                Self = View(1500).Self with
                {
                    PodCidrs = [IPPrefix.Parse("fd00:244:0:1::/64")],
                    Addresses = [IPPrefix.Parse("2001:db8::1/64")],
                },
            };
            var reconciler = new FilesReconciler(options, "n1");

            reconciler.Plan(view);
            Assert.Equal(
                "/run/subnet.env: FLANNEL_MTU 1450 becomes 1430: vxlan adds 70 bytes to IPv6, flanneld subtracts 50; existing "
                    + "pods keep their MTU",
                Assert.Single(reconciler.Warnings)
            );

            reconciler.Sync(view, SyncCause.Start);
            Assert.Equal(
                "FLANNEL_IPV6_NETWORK=fd00:244::/48\nFLANNEL_IPV6_SUBNET=fd00:244:0:1::1/64\nFLANNEL_MTU=1430\nFLANNEL_IPMASQ=false\n",
                File.ReadAllText(options.SubnetFile)
            );
        });
    }

    [KernelFact]
    public void The_engine_tells_a_full_disk_once_and_writes_when_there_is_room()
    {
        using var cluster = new NodeCluster(new BackendConf { Type = BackendType.HostGw }, [2]);
        var node = cluster.Nodes[0];
        MakeDisk(node);
        node.Run(Fill);
        node.Change = parts =>
            parts with
            {
                Reconcilers = [.. parts.Reconcilers, new FilesReconciler(Options with { ConflistFile = "" }, "n1")],
            };
        cluster.Start();
        node.Until(
            () =>
                node.Source.Reported is { IsReady: false } report
                && report.Message.Contains(
                    $"file {SubnetFile} cannot be written: no space left on device (ENOSPC)",
                    StringComparison.Ordinal
                ),
            "it is reported"
        );
        node.Until(() => node.Engine!.Status.Reconcilers[1].SyncCount >= 3, "it is retried");
        Assert.Single(node.Log, line => line.Contains("ENOSPC", StringComparison.Ordinal));

        node.Run(() => File.Delete($"{Disk}/filler"));

        node.Until(() => node.Source.Reported is { IsReady: true }, "it is written");
        Assert.Single(node.Log, "files: recovered");
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

    private static ClusterView View(int mtu) =>
        new()
        {
            Network = new NetConf
            {
                Network = IPPrefix.Parse("10.244.0.0/16"),
                Backend = new BackendConf { Type = BackendType.Vxlan },
            },
            Self = new LocalNode
            {
                Name = "n1",
                PodCidrs = [IPPrefix.Parse("10.244.1.0/24")],
                Uplink = new UplinkLink(2, "eth0", mtu),
                Addresses = [IPPrefix.Parse("192.168.0.1/24")],
            },
            IsComplete = true,
        };
}

using System.Text;
using Plugboard.ClusterFiles;
using Plugboard.Doctor.Nodes;
using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Pods;
using Plugboard.Flannel;
using Plugboard.Install;
using Plugboard.Ipam.HostLocal;
using Plugboard.Protocols.Cni;
using Plugboard.Tests.Fuzz.Mutations;

namespace Plugboard.Tests.Fuzz.Targets;

/// <summary>Files that are kept on the node: torn, of another version, of another program, edited by hand.</summary>
internal static class StateTargets
{
    private static readonly Lazy<string> leases = new(MakeLeases);

    public static IReadOnlyList<FuzzTarget> All =>
        [
            new("subnet-env", InputForm.Text, Subnet, typeof(SubnetFileException)),
            new("conflist", InputForm.Json, List, typeof(ConflistException)),
            new("conflist-template", InputForm.Json, Template, typeof(ConflistException)),
            new("flannel-state", InputForm.Json, Attachment),
            new("lease", InputForm.Text, Lease),
            new("owner-index", InputForm.Text, Index),
            new("pod-record", InputForm.Text, Record),
            new("placement-record", InputForm.Json, Placed),
            new("runtime-cache", InputForm.Json, Cached),
        ];

    private static bool Subnet(byte[] input)
    {
        var file = SubnetFile.Parse(Encoding.UTF8.GetString(input), "/run/flannel/subnet.env");
        FuzzFailure.Unless(SubnetFile.Parse(file.Render(), "again").Equals(file), "a subnet.env is another when it is read back");
        return true;
    }

    private static bool List(byte[] input)
    {
        foreach (var path in (string[])["10-net.conflist", "10-net.conf"])
        {
            var file = NetworkFile.Parse(input, path, "/var/lib/cni/networks");
            FuzzFailure.Unless((file.Fault is null) == (file.List is not null), "a config is neither right nor wrong");
            if (file.Fault is { } fault && Trial.FindFault(fault, input) is { } wrong)
                throw wrong;
        }

        _ = Conflist.Parse(input, "10-net.conflist");
        return true;
    }

    private static bool Template(byte[] input)
    {
        var template = new ConflistTemplate(Encoding.UTF8.GetString(input), "template");
        var subnet = SubnetFile.Parse(
            "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n",
            "subnet.env"
        );
        _ = Conflist.Parse(template.Render(subnet).Content, "again");
        return true;
    }

    private static bool Attachment(byte[] input)
    {
        foreach (var name in (string[])["c1", "c1:net:eth0", "c1:x"])
        {
            var state = AttachmentState.Read(name, input);
            FuzzFailure.Unless(state.ContainerId == "c1", "a file is of another container than its name says");
            if (state.Config is not { } config)
                continue;
            // Whatever it is, the delegate gets a config or DEL says why not.
            var delegated = DelegateConfig.Of(config.Root);
            _ = NetworkConfig.Parse(delegated.ToBytes());
            _ = delegated.Type.Length + delegated.CniVersion.Length;
        }

        return AttachmentState.Read("c1", input).Config is not null;
    }

    private static bool Lease(byte[] input)
    {
        var lease = LeaseContent.Parse(input.AsSpan(0, Math.Min(input.Length, LeaseContent.LongestFile)));
        if (lease.State != LeaseState.Leased)
            return false;
        FuzzFailure.Unless(LeaseContent.Parse(lease.Owner.ToContent()) == lease, "a lease is another when it is read back");
        return true;
    }

    // The index saves time and is never believed: whatever it says, an owner is found by its own lease.
    private static bool Index(byte[] input)
    {
        var directory = leases.Value;
        var text = Encoding.UTF8.GetString(input).Split("=====\n");
        File.WriteAllText(Path.Combine(directory, ".owners", "net", OwnerLog.FileName), text[0]);
        File.WriteAllText(Path.Combine(directory, ".owners", "net", OwnerSnapshot.FileName), text[^1]);
        using var store = LeaseStore.Find(directory, "net")!;
        FuzzFailure.Unless(store.FindByOwner(LeaseOwners.Of("c1", "eth0")).Count == 1, "an owner's lease is not found");
        FuzzFailure.Unless(store.FindByOwner(LeaseOwners.Of("c2", "eth0")).Count == 0, "a lease is found that nobody has");
        return true;
    }

    private static string MakeLeases()
    {
        var directory = Directory.CreateTempSubdirectory("plugboard-fuzz-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        Directory.CreateDirectory(Path.Combine(directory, "net"));
        Directory.CreateDirectory(Path.Combine(directory, ".owners", "net"));
        File.WriteAllText(Path.Combine(directory, "net", "10.1.2.3"), "c1\r\neth0");
        return directory;
    }

    private static bool Record(byte[] input)
    {
        if (PodRecord.TryParse(input) is not { } record)
            return false;
        var written = record.ToBytes();
        var again = PodRecord.TryParse(written);
        FuzzFailure.Unless(
            again is not null && again.ToBytes().AsSpan().SequenceEqual(written),
            "a record is another when it is read back"
        );
        var forward = HostPortRecord.FromRecord(record);
        _ = HostPortRecord.FromRecord(HostPortRecord.ToRecord(forward));
        _ = PodTraffic.FromRecord(record).ToRecord();
        return true;
    }

    private static bool Placed(byte[] input)
    {
        if (InstallRecord.Find(input) is not { } record)
            return false;
        var written = record.ToBytes();
        FuzzFailure.Unless(
            InstallRecord.Find(written)!.ToBytes().AsSpan().SequenceEqual(written),
            "a placement record is another when it is read back"
        );
        return true;
    }

    private static bool Cached(byte[] input) => CachedPod.TryParse(input) is not null;
}

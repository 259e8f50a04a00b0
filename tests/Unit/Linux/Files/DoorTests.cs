using Plugboard.ClusterFiles;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Ipam.HostLocal;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Protocols.Cni;
using Plugboard.Testing;

namespace Plugboard.Tests.Unit.Linux.Files;

/// <summary>
/// Every call that opens a foreign file: anything but a file is reported at once, with its path.
/// </summary>
public sealed class DoorTests : IDisposable
{
    private readonly string path = Directory.CreateTempSubdirectory("plugboard-doors-").FullName;

    public void Dispose() => Directory.Delete(path, recursive: true);

    private static readonly Dictionary<string, Action<string>> doors = new(StringComparer.Ordinal)
    {
        ["a network namespace"] = file => NetworkNamespace.Open(file),
        ["resolvConf"] = file => ResolvConf.Read(file),
        ["subnet.env"] = file => SubnetFile.Find(file),
        ["a template of a conflist"] = file => ConflistTemplate.Read(file),
        ["net-conf.json"] = file => DurableFile.Find(file),
        ["an executable"] = file => BuildId.Find(file),
        ["a token"] = file => new RefreshedFile(file, TimeProvider.System).Read(),
    };

    public static TheoryData<string, string> Doors
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var door in doors.Keys)
            {
                foreach (var kind in PlacedFile.Kinds)
                    data.Add(door, kind);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public void A_door_refuses_what_is_no_file_at_once_and_names_it(string door, string kind)
    {
        var file = Path.Combine(path, "file");
        PlacedFile.Place(kind, file);
        var refused = Assert.ThrowsAny<Exception>(() => PlacedFile.Promptly(() => doors[door](file)));
        Assert.True(
            refused is ErrnoException or CniException or NetworkNamespaceException or ApiException or ConflistException,
            refused.ToString()
        );
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a named pipe")]
    [InlineData("a socket")]
    [InlineData("a character device")]
    public void The_daemon_s_file_is_written_in_place_of_what_is_no_file(string kind)
    {
        PlacedFile.Place(kind, Path.Combine(path, "subnet.env"));
        var subnet = SubnetFile.Parse(
            "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n",
            "text"
        );
        var state = new LastGoodState(Path.Combine(path, "state"), "n1");
        state.Save(subnet);
        PlacedFile.Promptly(() => Assert.Equal(subnet, state.Restore(Path.Combine(path, "subnet.env"))));
        Assert.Equal(subnet, SubnetFile.Find(Path.Combine(path, "subnet.env")));
    }

    [Theory]
    [InlineData("a named pipe")]
    [InlineData("a socket")]
    [InlineData("a directory")]
    [InlineData("a character device")]
    public void What_was_kept_counts_for_nothing_where_it_is_no_file(string kind)
    {
        PlacedFile.Place(kind, Path.Combine(path, "subnet.env"));
        PlacedFile.Promptly(() => Assert.Null(new LastGoodState(path, "n1").Find()));
    }
}

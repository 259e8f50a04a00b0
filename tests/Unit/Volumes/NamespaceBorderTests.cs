using Plugboard.Linux.Mounts;
using Plugboard.Volumes;
using Plugboard.Volumes.Local;
using Plugboard.Volumes.Loop;
using Plugboard.Volumes.Options;

namespace Plugboard.Tests.Unit.Volumes;

public sealed class NamespaceBorderTests
{
    private static readonly VolumePolicy policy = new() { Roots = ["/srv/local", "/srv/other"] };

    private static PublishRequest Request(string space, params (string Name, string Value)[] given) =>
        new("/pods/u/volumes/v", new VolumeOptions(given.ToDictionary(static g => g.Name, static g => g.Value), OptionNames.Own))
        {
            Name = "pv1",
            Pod = new VolumePod(space, "pod-0", "0e6d1c2a-1111-2222-3333-444455556666", "sa"),
        };

    [Theory]
    [InlineData("path", "team-b")]
    [InlineData("path", "team-b/data")]
    [InlineData("path", "./team-b//data/")]
    [InlineData("path", "team-a/../team-b/data")]
    [InlineData("path", "/srv/local/team-b/data")]
    [InlineData("path", "/srv/other/team-b")]
    [InlineData("name", "data")]
    [InlineData("subPath", "a/b")]
    [InlineData("root", "/srv/other")]
    public void A_pod_gets_what_is_in_the_directory_of_its_namespace(string name, string value) =>
        Assert.Null(LocalPlan.From(Request("team-b", (name, value)), policy).Trespass);

    [Theory]
    [InlineData("team-a/data")]
    [InlineData(".")]
    [InlineData("/")]
    [InlineData("./team-a/data")]
    [InlineData("team-b/../team-a/data")]
    [InlineData("team-b/..")]
    [InlineData("team-bb/data")]
    [InlineData("team")]
    [InlineData("data")]
    [InlineData("TEAM-B/data")]
    [InlineData("/srv/local")]
    [InlineData("/srv/local/")]
    [InlineData("/srv/other/team-a")]
    [InlineData("/srv/local/team-b/../team-a")]
    public void A_pod_gets_nothing_else(string path)
    {
        string?[] refusals = [Local(path), Loop(path)];
        Assert.All(refusals, refusal => Assert.Matches("^(local|loop): .*(team-b|a file below|leaves the allowed root)", refusal));
    }

    private static string? Local(string path) => Message(() => LocalPlan.From(Request("team-b", ("path", path)), policy).Trespass);

    private static string? Loop(string path) => Message(() => LoopPlan.From(Request("team-b", ("file", path)), policy).Trespass);

    private static string? Message(Func<VolumeException?> plan)
    {
        try
        {
            return plan()?.Message;
        }
        catch (VolumeException e)
        {
            return e.Message;
        }
    }

    [Fact]
    public void The_refusal_says_where_the_pod_may_be_and_what_shares_the_roots() =>
        Assert.Equal(
            "local: /srv/local/team-a/data is not in /srv/local/team-b, the directory of the pod's namespace; "
                + "use a path below /srv/local/team-b, or let the node config share the roots with all namespaces (\"shared\": true)",
            Local("team-a/data")
        );

    [Theory]
    [InlineData("team-b")]
    [InlineData("team-b/")]
    [InlineData("/srv/local/team-b")]
    public void An_image_does_not_take_the_place_of_its_namespace_s_directory(string file)
    {
        Assert.Equal(
            "loop: /srv/local/team-b is the directory of the pod's namespace; name a file below it in option \"file\"",
            LoopPlan.From(Request("team-b", ("file", file)), policy).Trespass?.Message
        );
        Assert.Null(LoopPlan.From(Request("team-b", ("file", file)), policy with { IsShared = true }).Trespass);
    }

    [Theory]
    [InlineData("subPath", "../../team-a/data")]
    [InlineData("name", "../team-a/data")]
    [InlineData("name", "..")]
    [InlineData("name", "a/b")]
    [InlineData("root", "/etc")]
    public void No_other_option_leads_out(string name, string value) =>
        Assert.ThrowsAny<VolumeException>(() => LocalPlan.From(Request("team-b", (name, value)), policy));

    [Theory]
    [InlineData("", "local: the pod's namespace is unknown")]
    [InlineData("..", "local: \"..\" is not the name of a namespace")]
    [InlineData(".", "local: \".\" is not the name of a namespace")]
    [InlineData("a/b", "local: \"a/b\" is not the name of a namespace")]
    public void Without_a_namespace_nothing_is_the_pods(string space, string message) =>
        Assert.StartsWith(
            message,
            Assert.ThrowsAny<VolumeException>(() => LocalPlan.From(Request(space, ("path", "team-a/data")), policy)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void What_is_shared_has_no_border()
    {
        var shared = policy with { IsShared = true };
        Assert.Null(LocalPlan.From(Request("", ("path", "team-a/data")), shared).Trespass);
        Assert.Null(LocalPlan.From(Request("team-b", ("path", ".")), shared).Trespass);
        Assert.Null(LoopPlan.From(Request("team-b", ("file", "images/a.img")), shared).Trespass);
    }

    [Fact]
    public void A_directory_for_each_pod_may_be_called_after_its_name()
    {
        Assert.Equal("team-b/pv1/pod-0", LocalPlan.From(Request("team-b", ("perPod", "name")), policy).Place.Inside);
        Assert.Equal(
            "team-b/pv1/0e6d1c2a-1111-2222-3333-444455556666",
            LocalPlan.From(Request("team-b", ("perPod", "true")), policy).Place.Inside
        );
        Assert.Equal("team-b/pv1", LocalPlan.From(Request("team-b", ("perPod", "false")), policy).Place.Inside);
        Assert.Contains(
            "it must be one name",
            Assert
                .Throws<VolumeException>(() =>
                    LocalPlan.From(Request("team-b", ("perPod", "name")) with { Pod = new VolumePod("team-b", "..", "u", "") }, policy)
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    private const string Mounts = """
        20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
        21 20 8:2 /var /srv rw,relatime shared:2 - ext4 /dev/sdb1 rw
        22 20 8:2 /var/local/team-a/data /var/lib/kubelet/pods/u1/volumes/plugboard~local/a rw - ext4 /dev/sdb1 rw
        23 20 8:2 /var/local /var/lib/kubelet/pods/u1/volumes/plugboard~local/b rw - ext4 /dev/sdb1 rw
        24 20 8:2 /var/localx/team-a /var/lib/kubelet/pods/u1/volumes/plugboard~local/c rw - ext4 /dev/sdb1 rw
        25 20 8:1 /var/local/team-a /var/lib/kubelet/pods/u1/volumes/plugboard~local/d rw - ext4 /dev/sda1 rw
        """;

    [Theory]
    [InlineData("a", "team-a/data")]
    [InlineData("b", "")]
    [InlineData("c", null)]
    [InlineData("d", null)]
    public void What_a_mount_shows_is_found_below_its_root_wherever_that_is_mounted(string volume, string? inside)
    {
        var table = MountTable.Parse(System.Text.Encoding.UTF8.GetBytes(Mounts));
        Assert.Equal(
            inside,
            NamespaceBorder.FindInside(table, table.FindTop($"/var/lib/kubelet/pods/u1/volumes/plugboard~local/{volume}")!, "/srv/local")
        );
    }
}

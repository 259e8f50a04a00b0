using System.Text;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Tests.Unit.Protocols.FlexVolume;

public sealed class FlexOptionsTests
{
    [Fact]
    public void Kubelets_own_are_apart_from_the_authors()
    {
        var options = FlexOptions.Parse(
            """
            {"kubernetes.io/fsType":"xfs","kubernetes.io/readwrite":"ro","kubernetes.io/pvOrVolumeName":"pv1",
             "kubernetes.io/pod.name":"p","kubernetes.io/pod.namespace":"ns","kubernetes.io/pod.uid":"u",
             "kubernetes.io/serviceAccount.name":"sa","kubernetes.io/mounterArgs.FsGroup":"42","server":"s",
             "kubernetes.io/secret/username":"dQ=="}
            """
        );
        Assert.Equal(["server"], options.Own.Keys);
        Assert.Equal(("xfs", true, "pv1", 42u), (options.FsType, options.IsReadOnly, options.VolumeName, options.FsGroup));
        Assert.Equal(("p", "ns", "u", "sa"), (options.PodName, options.PodNamespace, options.PodUid, options.ServiceAccount));
        Assert.Equal("u", Encoding.UTF8.GetString(options.Secrets["username"]));
    }

    [Fact]
    public void Names_of_older_kubelets_and_of_the_documentation_are_read()
    {
        var options = FlexOptions.Parse("""{"kubernetes.io/fsGroup":"7","kubernetes.io/pod.UID":"u"}""");
        Assert.Equal((7u, "u"), (options.FsGroup, options.PodUid));
    }

    [Fact]
    public void A_Secret_may_hold_any_bytes()
    {
        var bytes = Enumerable.Range(0, 256).Select(static i => (byte)i).ToArray();
        var options = FlexOptions.Parse($$"""{"kubernetes.io/secret/k":"{{Convert.ToBase64String(bytes)}}"}""");
        Assert.Equal(bytes, options.Secrets["k"]);
    }

    [Fact]
    public void A_Secret_that_is_not_in_base64_is_named_and_not_shown()
    {
        var failure = Assert.Throws<FlexException>(() => FlexOptions.Parse("""{"kubernetes.io/secret/k":"hunter2!"}"""));
        Assert.Equal("the value of \"k\" in the Secret is not in base64", failure.Message);
    }

    [Fact]
    public void A_hundred_and_twenty_kilobytes_are_read()
    {
        var value = new string('x', 120 * 1024);
        Assert.Equal(value, FlexOptions.Parse($$"""{"a":"{{value}}"}""").Own["a"]);
    }
}

using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Tests.Unit.Protocols.FlexVolume;

public sealed class FlexCallTests
{
    private const string Json = """{"kubernetes.io/fsType":"","a":"b"}""";

    private static FlexCall Parse(params string[] args) => FlexCall.Parse(args);

    [Fact]
    public void Mount_has_a_directory_and_options()
    {
        var call = Parse("mount", "/pods/a b", Json);
        Assert.Equal((FlexVerb.Mount, "/pods/a b", "b"), (call.Verb, call.Directory, call.Options.Own["a"]));
    }

    [Fact]
    public void Mount_of_kubelet_1_5_has_a_device_in_between() => Assert.Equal("/dir", Parse("mount", "/dir", "/dev/sda", Json).Directory);

    [Fact]
    public void Isattached_has_its_node_before_or_behind_the_options()
    {
        Assert.Equal(FlexVerb.IsAttached, Parse("isattached", "node", Json).Verb);
        Assert.Equal(FlexVerb.IsAttached, Parse("isattached", Json, "node").Verb);
    }

    [Fact]
    public void Expandfs_may_have_an_empty_device()
    {
        var call = Parse("expandfs", Json, "", "/dir", "200", "100");
        Assert.Equal(("", "/dir", 200L), (call.Device, call.Directory, call.NewBytes));
    }

    [Fact]
    public void Expandvolume_has_the_directory_where_the_device_is_documented()
    {
        var call = Parse("expandvolume", Json, "/dir", "200", "100");
        Assert.Equal(("/dir", 200L), (call.Directory, call.NewBytes));
    }

    [Theory]
    [InlineData("waitforattach", FlexVerb.WaitForAttach)]
    [InlineData("detach", FlexVerb.Detach)]
    [InlineData("attach", FlexVerb.Attach)]
    [InlineData("getvolumename", FlexVerb.GetVolumeName)]
    [InlineData("unmountdevice", FlexVerb.UnmountDevice)]
    [InlineData("nosuchcall", FlexVerb.Unknown)]
    [InlineData("Mount", FlexVerb.Unknown)]
    public void Calls_are_known_by_their_exact_names(string name, FlexVerb verb) => Assert.Equal(verb, Parse(name, "x", Json).Verb);

    [Theory]
    [InlineData("mount: the mount directory is missing", "mount")]
    [InlineData("mount: the options argument is missing", "mount", "/dir")]
    [InlineData("unmount: the mount directory is missing", "unmount")]
    [InlineData("expandfs: the new size is missing", "expandfs", Json, "", "/dir")]
    [InlineData("expandfs: the new size \"-1\" is not a number of bytes", "expandfs", Json, "", "/dir", "-1")]
    [InlineData("the options argument is not a JSON object: unexpected end of JSON input", "mount", "/dir", "{")]
    [InlineData(
        "the options argument is not a JSON object: invalid JSON at line 1, column 4: the JSON ends before it",
        "mount",
        "/dir",
        "{} {}"
    )]
    [InlineData("option \"a\" is not a text", "mount", "/dir", """{"a":{}}""")]
    public void What_is_missing_or_wrong_is_said(string message, params string[] args) =>
        Assert.Equal(message, Assert.Throws<FlexException>(() => FlexCall.Parse(args)).Message);

    [Fact]
    public void A_message_holds_no_value_of_broken_options()
    {
        var failure = Assert.Throws<FlexException>(() => Parse("mount", "/dir", """{"kubernetes.io/secret/password":"c2VjcmV0" x"""));
        Assert.DoesNotContain("c2VjcmV0", failure.ToString(), StringComparison.Ordinal);
    }
}

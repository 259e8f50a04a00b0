using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class CniEnvironmentTests
{
    private static CniEnvironment Parse(params string[] variables) =>
        CniEnvironment.Parse(name =>
        {
            var found = Array.Find(variables, v => v.StartsWith(name + "=", StringComparison.Ordinal));
            return found?[(name.Length + 1)..];
        });

    private static CniException Refused(params string[] variables) => Assert.Throws<CniException>(() => Parse(variables));

    [Theory]
    [InlineData("", "CNI_COMMAND")]
    [InlineData("ADD", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH")]
    [InlineData("CHECK", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH")]
    [InlineData("DEL", "CNI_CONTAINERID,CNI_IFNAME,CNI_PATH")]
    [InlineData("GC", "CNI_PATH")]
    [InlineData("STATUS", "CNI_PATH")]
    public void What_is_missing_is_named_in_the_order_of_the_specification(string command, string names)
    {
        var error = Refused($"CNI_COMMAND={command}", "CNI_CONTAINERID=", "CNI_IFNAME=");
        Assert.Equal(CniErrorCode.InvalidEnvironment, error.Code);
        Assert.Equal($"required env variables [{names}] missing", error.Message);
        Assert.Equal("", error.Details);
    }

    [Theory]
    [InlineData("VERSION")]
    [InlineData("FOO")]
    [InlineData("add")]
    public void Version_and_an_unknown_command_require_nothing(string command) =>
        Assert.Equal(command, Parse($"CNI_COMMAND={command}").Command);

    [Theory]
    [InlineData("-a")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a\n")]
    [InlineData("ä")]
    [InlineData("_a")]
    public void A_container_id_of_other_characters_is_refused_before_what_is_missing_after_it(string id)
    {
        var error = Refused("CNI_COMMAND=ADD", $"CNI_CONTAINERID={id}");
        Assert.Equal(
            ("invalid characters in containerID", id, CniErrorCode.InvalidEnvironment),
            (error.Message, error.Details, error.Code)
        );
    }

    [Theory]
    [InlineData("a234567890123456", "interface name is too long", "interface name should be less than 16 characters")]
    [InlineData("ääääääää", "interface name is too long", "interface name should be less than 16 characters")]
    [InlineData(".", "interface name is . or ..", "")]
    [InlineData("..", "interface name is . or ..", "")]
    [InlineData("a/b", "interface name contains / or : or whitespace characters", "CNI_IFNAME has an invalid character")]
    [InlineData("a:b", "interface name contains / or : or whitespace characters", "CNI_IFNAME has an invalid character")]
    [InlineData("a b", "interface name contains / or : or whitespace characters", "CNI_IFNAME has an invalid character")]
    [InlineData("a\u00a0", "interface name contains / or : or whitespace characters", "CNI_IFNAME has an invalid character")]
    public void An_interface_name_that_the_kernel_would_refuse_is_refused(string name, string message, string details)
    {
        var error = Refused("CNI_COMMAND=DEL", "CNI_CONTAINERID=c", $"CNI_IFNAME={name}");
        Assert.Equal((message, details), (error.Message, error.Details));
    }

    [Theory]
    [InlineData("eth%d")]
    [InlineData("%")]
    [InlineData("all")]
    [InlineData("default")]
    [InlineData("a\u0001b")]
    public void ADD_refuses_a_name_that_the_library_lets_pass_and_DEL_releases_what_was_given_by_it(string name)
    {
        string[] variables = ["CNI_CONTAINERID=c", "CNI_NETNS=/n", "CNI_PATH=/p", $"CNI_IFNAME={name}"];
        var error = Refused([.. variables, "CNI_COMMAND=ADD"]);
        Assert.Equal((CniErrorCode.InvalidEnvironment, $"invalid interface name \"{name}\""), (error.Code, error.Message));
        Assert.StartsWith("CNI_IFNAME ", error.Details, StringComparison.Ordinal);
        Assert.Equal(name, Parse([.. variables, "CNI_COMMAND=DEL"]).IfName);
        Assert.Equal(name, Parse([.. variables, "CNI_COMMAND=CHECK"]).IfName);
    }

    [Fact]
    public void A_missing_container_id_does_not_hide_a_wrong_interface_name() =>
        Assert.Equal("interface name is . or ..", Refused("CNI_COMMAND=ADD", "CNI_IFNAME=.").Message);

    [Fact]
    public void Gc_does_not_judge_what_it_does_not_need()
    {
        var environment = Parse("CNI_COMMAND=GC", "CNI_PATH=/p", "CNI_CONTAINERID=!", "CNI_IFNAME=/");
        Assert.Equal(CniVerb.Gc, environment.Verb);
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("TRUE", true)]
    [InlineData("true", true)]
    [InlineData("yes", false)]
    [InlineData("", false)]
    public void The_override_is_true_or_1(string value, bool expected) =>
        Assert.Equal(expected, Parse("CNI_COMMAND=VERSION", $"CNI_NETNS_OVERRIDE={value}").NetNsOverride);

    [Fact]
    public void A_long_container_id_of_all_allowed_characters_is_accepted()
    {
        var id = "0aZ_.-" + new string('x', 500);
        Assert.Equal(id, Parse("CNI_COMMAND=DEL", $"CNI_CONTAINERID={id}", "CNI_IFNAME=a23456789012345", "CNI_PATH=/p").ContainerId);
    }
}

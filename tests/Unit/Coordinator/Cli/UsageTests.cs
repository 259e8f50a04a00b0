using Plugboard.Coordinator.Cli;

namespace Plugboard.Tests.Unit.Coordinator.Cli;

/// <summary>The answer to a wrong command line: one line, without type names.</summary>
public sealed class UsageTests
{
    private static string WhyNot(string args) =>
        Assert.Throws<SettingException>(() => new Verbs().Invoke(args.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Message;

    [Theory]
    [InlineData("", "no verb is given; one of run, plan, apply, audit, explain, policies, cleanup; coordinator --help describes them")]
    [InlineData(
        "palns",
        "unknown verb palns (did you mean \"plan\"?); one of run, plan, apply, audit, explain, policies, cleanup; "
            + "coordinator --help describes them"
    )]
    [InlineData("plan --healthz-port x", "--healthz-port=x: not a whole number")]
    [InlineData("plan --masquerade=flanel", "--masquerade=flanel: not off, agent or flannel (did you mean \"flannel\"?)")]
    [InlineData("plan --output=xml", "--output=xml: not table or json")]
    [InlineData("plan --iptables-forward-rules=what", "--iptables-forward-rules=what: neither true nor false")]
    [InlineData("plan extra", "Unrecognized command or argument 'extra'; coordinator plan --help lists arguments and flags")]
    [InlineData(
        "explain 10.0.0.1",
        "Required argument 'DST' missing for command: 'explain'; coordinator explain --help lists arguments and flags"
    )]
    [InlineData("plan --timeout", "Required argument missing for option: '--timeout'; coordinator plan --help lists arguments and flags")]
    [InlineData("run --dry-run", "Unrecognized command or argument '--dry-run'; coordinator run --help lists arguments and flags")]
    public void A_wrong_command_line_is_one_line(string args, string message) => Assert.Equal(message, WhyNot(args));

    [Fact]
    public void The_unit_of_the_examples_has_a_command_line_that_the_coordinator_takes()
    {
        var unit = File.ReadAllLines(Path.Combine(Documents.MarkdownPage.Root, "examples/coordinator.service"));
        var line = Assert.Single(unit, static line => line.StartsWith("ExecStart=", StringComparison.Ordinal));
        var words = line["ExecStart=".Length..].Split(' ');

        Assert.Equal(["/usr/local/sbin/coordinator", "run"], words[..2]);
        Assert.Empty(new Verbs().Parse(words[1..]).Errors);
    }
}

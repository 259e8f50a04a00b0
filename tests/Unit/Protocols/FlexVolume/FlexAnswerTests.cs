using System.Text;
using System.Text.Json;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Tests.Unit.Protocols.FlexVolume;

public sealed class FlexAnswerTests
{
    private static string Text(FlexAnswer answer) => Encoding.UTF8.GetString(answer.ToBytes());

    [Fact]
    public void Init_tells_all_five_capabilities() =>
        Assert.Equal(
            """{"status":"Success","capabilities":{"attach":false,"selinuxRelabel":true,"supportsMetrics":true,"fsGroup":"""
                + """true,"requiresFSResize":false}}"""
                + "\n",
            Text(new FlexAnswer(FlexStatus.Success) { Capabilities = new FlexCapabilities { FSGroup = true } })
        );

    [Fact]
    public void What_is_never_served_has_two_words() =>
        Assert.Equal("""{"status":"Not supported"}""" + "\n", Text(FlexAnswer.NotSupported));

    [Fact]
    public void There_are_no_nulls_and_one_line() =>
        Assert.Equal("""{"status":"Failure","message":"a \"b\"\n\u003c"}""" + "\n", Text(FlexAnswer.Failure("a \"b\"\n<")));

    [Fact]
    public void A_size_is_a_number() =>
        Assert.Equal("""{"status":"Success","volumeNewSize":5}""" + "\n", Text(new FlexAnswer(FlexStatus.Success) { VolumeNewSize = 5 }));

    [Fact]
    public void A_long_message_is_cut_behind_its_beginning()
    {
        var message = JsonDocument
            .Parse(FlexAnswer.Failure("cause " + new string('x', 5000)).ToBytes())
            .RootElement.GetProperty("message")
            .GetString()!;
        Assert.StartsWith("cause x", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 700, 900);
    }

    [Theory]
    [InlineData(
        """{"status":"Success","capabilities":{"attach":false,"selinuxRelabel":true,"supportsMetrics":true,"fsGroup":"""
            + """true,"requiresFSResize":false}}""",
        null
    )]
    [InlineData("""{"status":"Success","capabilities":null}""", "no capabilities")]
    [InlineData("""{"status":"Success","capabilities":{"attach":false}}""", "\"selinuxRelabel\"")]
    [InlineData("""{"status":"Failed"}""", "\"Failed\" instead of")]
    [InlineData("""hello {"status":"Success"}""", "not a JSON object")]
    [InlineData("", "not a JSON object")]
    public void What_kubelet_would_not_like_of_init_is_found(string output, string? problem)
    {
        var found = FlexAnswer.FindProblemOfInit(Encoding.UTF8.GetBytes(output));
        if (problem is null)
            Assert.Null(found);
        else
            Assert.Contains(problem, found, StringComparison.Ordinal);
    }
}

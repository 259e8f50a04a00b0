using FsCheck;
using FsCheck.Fluent;
using Plugboard.Addresses;
using Plugboard.Linux.Names;

namespace Plugboard.Tests.Unit.Linux.Names;

public sealed class DnsMessageTests
{
    private static readonly byte[] question = DnsMessage.Ask(7, "a.org", is6: false)!;

    private static byte[] Reply(byte high, byte low, byte answers = 0, params byte[] records)
    {
        byte[] reply = [.. question, .. records];
        (reply[2], reply[3], reply[7]) = (high, low, answers);
        return reply;
    }

    [Fact]
    public void A_question_is_as_RFC_1035_has_it() =>
        Assert.Equal(
            [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, (byte)'a', 2, (byte)'b', (byte)'c', 0, 0, 28, 0, 1],
            DnsMessage.Ask(0x1234, "a.bc", is6: true)
        );

    [Theory]
    [InlineData("a..b")]
    [InlineData("ä.org")]
    [InlineData("")]
    public void What_is_no_name_is_not_asked(string name) => Assert.Null(DnsMessage.Ask(1, name, is6: false));

    [Fact]
    public void A_name_that_is_too_long_is_not_asked() =>
        Assert.Null(DnsMessage.Ask(1, string.Join('.', Enumerable.Repeat("abcdefgh", 30)), is6: false));

    [Fact]
    public void Addresses_are_found_behind_a_CNAME()
    {
        var answer = Reply(
            0x81,
            0x80,
            3,
            0xc0,
            12,
            0,
            5,
            0,
            1,
            0,
            0,
            0,
            9,
            0,
            4,
            1,
            (byte)'b',
            0xc0,
            14,
            1,
            (byte)'b',
            0xc0,
            14,
            0,
            1,
            0,
            1,
            0,
            0,
            0,
            9,
            0,
            4,
            10,
            0,
            0,
            5,
            1,
            (byte)'b',
            0xc0,
            14,
            0,
            1,
            0,
            1,
            0,
            0,
            0,
            9,
            0,
            4,
            10,
            0,
            0,
            6
        );
        var reply = DnsMessage.Read(answer, question)!;
        Assert.Equal(DnsOutcome.Found, reply.Outcome);
        Assert.Equal([IPAddr.Parse("10.0.0.5"), IPAddr.Parse("10.0.0.6")], reply.Addresses);
        for (var length = 0; length < answer.Length; length++)
            Assert.Null(DnsMessage.Read(answer.AsSpan(0, length), question));
    }

    [Fact]
    public void An_answer_to_another_question_is_none()
    {
        var answer = Reply(0x81, 0x80);
        Assert.Null(DnsMessage.Read(answer, DnsMessage.Ask(8, "a.org", is6: false)));
        Assert.Null(DnsMessage.Read(answer, DnsMessage.Ask(7, "a.org", is6: true)));
        Assert.Null(DnsMessage.Read(answer, DnsMessage.Ask(7, "b.org", is6: false)));
        // A question that comes back is none either.
        Assert.Null(DnsMessage.Read(question, question));
        Assert.NotNull(DnsMessage.Read(answer, DnsMessage.Ask(7, "A.org", is6: false)));
    }

    [Theory]
    [InlineData(0x81, 0x80, DnsOutcome.NoData, "")]
    [InlineData(0x84, 0x00, DnsOutcome.NoData, "")]
    [InlineData(0x81, 0x83, DnsOutcome.NoName, "")]
    [InlineData(0x83, 0x80, DnsOutcome.Truncated, "")]
    [InlineData(0x81, 0x81, DnsOutcome.Failed, "FORMERR")]
    [InlineData(0x81, 0x82, DnsOutcome.Failed, "SERVFAIL")]
    [InlineData(0x81, 0x84, DnsOutcome.Failed, "NOTIMP")]
    [InlineData(0x81, 0x85, DnsOutcome.Failed, "REFUSED")]
    [InlineData(0x81, 0x89, DnsOutcome.Failed, "RCODE 9")]
    [InlineData(0x80, 0x00, DnsOutcome.Failed, "it does not resolve recursively")]
    public void The_answers_of_a_server_are_distinguished(byte high, byte low, object outcome, string failure)
    {
        var reply = DnsMessage.Read(Reply(high, low), question)!;
        Assert.Equal((outcome, failure), (reply.Outcome, reply.Failure));
    }

    [Fact]
    public void A_refusal_need_not_repeat_the_question()
    {
        byte[] bare = [0, 7, 0x81, 0x85, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal("REFUSED", DnsMessage.Read(bare, question)!.Failure);
        bare[3] = 0x80;
        Assert.Null(DnsMessage.Read(bare, question));
        bare[3] = 0x83;
        Assert.Null(DnsMessage.Read(bare, question));
    }

    [Fact]
    public void No_bytes_make_it_fail() =>
        Prop.ForAll<byte[], byte>(
                static (bytes, count) =>
                {
                    _ = DnsMessage.Read((byte[])[0, 7, 0x80, 0, 0, 1, 0, count, .. question.AsSpan(8), .. bytes], question);
                    _ = DnsMessage.Read((byte[])[0, 7, 0x80, 0, 0, 1, 0, count, .. bytes], question);
                    return true;
                }
            )
            .QuickCheckThrowOnFailure();
}

using System.Security.Cryptography;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Firewall.Iptables;

public sealed class ReferenceNamesTests
{
    [Fact]
    public void Sha512_is_the_frameworks_for_every_length_around_a_block()
    {
        for (var length = 0; length < 400; length++)
        {
            var text = new string('x', length);
            var bytes = SHA512.HashData(Encoding.UTF8.GetBytes(text));
            Assert.Equal(Convert.ToHexStringLower(bytes), Sha512.Hex(text));
        }
    }

    [Theory]
    [InlineData("test", "1234", "CNI-2bbe0c48b91a7d1b8a6753a8")]
    [InlineData("bridge", "default-237eaf51aa0c1411433db10b2c8dac0f826f87ac6f48c62084ee84c3d9c20384", "CNI-4f6dd6c08c7e1a901788c768")]
    public void A_masquerade_chain_has_the_references_name(string network, string container, string name) =>
        Assert.Equal(name, ReferenceNames.MasqueradeChain(new Attachment(network, container, "eth0")));

    [Fact]
    public void A_forward_chain_has_the_references_name() =>
        Assert.Equal(
            "CNI-DN-09664ebc3413f67c2b761",
            ReferenceNames.ForwardChain(new Attachment("cni-portmap-unit-test", "unit-test-8080", "eth0"))
        );

    [Fact]
    public void A_prefix_shortens_the_hash_and_not_the_name() =>
        Assert.Equal("CNI-PREFIX-2bbe0c48b91a7d1b8", ReferenceNames.Chain("PREFIX-", new Attachment("test", "1234", "eth0")));

    [Fact]
    public void A_tag_has_the_references_form() =>
        Assert.Equal("6fd94d501e58f0aa-287fc69eff0574a2", ReferenceNames.MasqueradeTag(new Attachment("unit-test", "one", "eth0")));

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    [InlineData("\a\b\f\n\r\t\v\u0001\u007f", "\"\\a\\b\\f\\n\\r\\t\\v\\x01\\x7f\"")]
    [InlineData("é 水 🙂", "\"é 水 🙂\"")]
    [InlineData("\u00a0\u200b\ue000", "\"\\u00a0\\u200b\\ue000\"")]
    [InlineData("\U000e0001", "\"\\U000e0001\"")]
    public void A_comment_quotes_as_Go_does(string text, string quoted) => Assert.Equal(quoted, GoQuote.Of(text));

    [Fact]
    public void A_long_comment_is_cut_as_the_reference_and_iptables_after_it_cut_it()
    {
        var comment = ReferenceNames.HostPortComment(new Attachment(new string('n', 200), new string('c', 200), "eth0"));
        Assert.Equal(255, comment.Length);
        Assert.EndsWith("ccc..", comment);
        var wide = ReferenceNames.HostPortComment(new Attachment(new string('水', 200), "c", "eth0"));
        Assert.InRange(Encoding.UTF8.GetByteCount(wide), 250, 255);
        Assert.DoesNotContain('\ufffd', wide);
    }
}

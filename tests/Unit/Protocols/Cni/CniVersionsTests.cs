using System.Text;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class CniVersionsTests
{
    private const string All = "[\"0.1.0\" \"0.2.0\" \"0.3.0\" \"0.3.1\" \"0.4.0\" \"1.0.0\" \"1.1.0\"]";

    [Fact]
    public void The_answer_to_version_is_one_compact_line() =>
        Assert.Equal(
            "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n",
            Encoding.UTF8.GetString(CniVersions.VersionDocument)
        );

    [Theory]
    [InlineData("9.9.9")]
    [InlineData("1.0")]
    [InlineData("0.3.2")]
    [InlineData("x\"")]
    public void Add_wants_a_version_of_the_list_to_the_letter(string version)
    {
        var error = Assert.Throws<CniException>(() => CniVersions.Require(CniVerb.Add, version));
        Assert.Equal((CniErrorCode.IncompatibleVersion, "incompatible CNI versions"), (error.Code, error.Message));
        Assert.Equal($"config is \"{version.Replace("\"", "\\\"", StringComparison.Ordinal)}\", plugin supports {All}", error.Details);
    }

    [Theory]
    [InlineData(CniVerb.Check, "0.3.1", "config version does not allow CHECK")]
    [InlineData(CniVerb.Check, "0.1.0", "config version does not allow CHECK")]
    [InlineData(CniVerb.Check, "1.2", "plugin version does not allow CHECK")]
    [InlineData(CniVerb.Gc, "1.0.0", "config version does not allow GC")]
    [InlineData(CniVerb.Gc, "9.9.9", "plugin version does not allow GC")]
    [InlineData(CniVerb.Status, "0.4.0", "config version does not allow STATUS")]
    [InlineData(CniVerb.Check, "1.0", "incompatible CNI versions")]
    public void Verbs_have_a_least_version(CniVerb verb, string version, string message)
    {
        var error = Assert.Throws<CniException>(() => CniVersions.Require(verb, version));
        Assert.Equal((CniErrorCode.IncompatibleVersion, message), (error.Code, error.Message));
    }

    [Theory]
    [InlineData("a.b.c.d", "invalid version \"a.b.c.d\": too many parts")]
    [InlineData("x", "failed to convert major version part \"x\": strconv.Atoi: parsing \"x\": invalid syntax")]
    [InlineData("1.", "failed to convert minor version part \"\": strconv.Atoi: parsing \"\": invalid syntax")]
    [InlineData("1.1.y", "failed to convert micro version part \"y\": strconv.Atoi: parsing \"y\": invalid syntax")]
    [InlineData(
        "99999999999999999999",
        "failed to convert major version part \"99999999999999999999\": strconv.Atoi: parsing \"99999999999999999999\": value out of range"
    )]
    public void A_version_that_is_none_cannot_be_decoded(string version, string message)
    {
        var error = Assert.Throws<CniException>(() => CniVersions.Require(CniVerb.Check, version));
        Assert.Equal((CniErrorCode.DecodingFailure, message), (error.Code, error.Message));
    }

    [Theory]
    [InlineData(CniVerb.Add)]
    [InlineData(CniVerb.Del)]
    public void Every_version_of_the_list_is_accepted(CniVerb verb)
    {
        foreach (var version in CniVersions.All)
            CniVersions.Require(verb, version);
    }

    [Theory]
    [InlineData("0.3.1", "0.4.0", -1)]
    [InlineData("1.0.0", "1", 0)]
    [InlineData("", "0.1.0", 0)]
    [InlineData("0.10.0", "0.9.9", 1)]
    public void Versions_compare_by_number(string left, string right, int sign) => Assert.Equal(sign, CniVersions.Compare(left, right));
}

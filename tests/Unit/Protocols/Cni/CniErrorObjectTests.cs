using System.Text;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class CniErrorObjectTests
{
    [Fact]
    public void It_is_indented_and_leaves_out_empty_details() =>
        Assert.Equal(
            "{\n    \"code\": 999,\n    \"msg\": \"failed to allocate for range 0: no IP addresses available in range set: "
                + "10.1.2.1-10.1.2.254\"\n}",
            Encoding.UTF8.GetString(
                CniErrorObject.Write(
                    new CniException(
                        CniErrorCode.Internal,
                        "failed to allocate for range 0: no IP addresses available in range set: 10.1.2.1-10.1.2.254"
                    )
                )
            )
        );

    [Fact]
    public void It_is_read_back_with_codes_that_have_no_name()
    {
        var error = CniErrorObject.Read(CniErrorObject.Write(new CniException((CniErrorCode)123, "m<", "d\n")));
        Assert.Equal((123, "m<", "d\n"), ((int)error.Code, error.Message, error.Details));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("[]")]
    [InlineData("""{"code":-1}""")]
    [InlineData("""{"code":"1"}""")]
    public void What_is_no_error_object_is_refused(string text) =>
        Assert.Equal(
            CniErrorCode.DecodingFailure,
            Assert.Throws<CniException>(() => CniErrorObject.Read(Encoding.UTF8.GetBytes(text))).Code
        );
}

using Plugboard.Addresses;
using Plugboard.Dhcp.Gob;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Dhcp;

/// <summary>The RPC to the byte, as plugin and daemon of the reference send it.</summary>
public sealed class GobTests
{
    private const string RequestType = "2e7f030101075265717565737401ff80000102010d536572766963654d6574686f64010c0001035365710106000000";
    private const string AllocateRequest = "12ff80010d444843502e416c6c6f6361746500";
    private const string ReleaseRequest = "11ff80010c444843502e52656c6561736500";

    private const string ArgumentsType =
        "6cff8103010107436d644172677301ff82000107010b436f6e7461696e65724944"
        + "010c0001054e65746e73010c00010649664e616d65010c00010441726773010c00"
        + "010450617468010c00010d4e65746e734f76657272696465010c000109537464696e44617461010a000000";

    private const string ResponseType =
        "397f03010108526573706f6e736501ff80000103010d536572766963654d6574686f64010c00010353657101060001054572726f72010c000000";

    private const string AllocateResponse = "12ff80010d444843502e416c6c6f6361746500";

    private const string ResultTypes =
        "51ff8103010106526573756c7401ff82000105010a434e4956657273696f6e010c"
        + "00010a496e746572666163657301ff8600010349507301ff8c000106526f757465"
        + "7301ff90000103444e5301ff92000000"
        + "24ff85020101155b5d2a74797065733130302e496e7465726661636501ff860001ff840000"
        + "4aff83030102ff8400010601044e616d65010c0001034d6163010c0001034d7475"
        + "010400010753616e64626f78010c00010a536f636b657450617468010c0001055063"
        + "694944010c000000"
        + "23ff8b020101145b5d2a74797065733130302e4950436f6e66696701ff8c0001ff880000"
        + "33ff87030102ff880001030109496e7465726661636501040001074164647265737301ff8a00010747617465776179010a000000"
        + "23ff890301010549504e657401ff8a00010201024950010a0001044d61736b010a000000"
        + "1dff8f0201010e5b5d2a74797065732e526f75746501ff900001ff8e0000"
        + "50ff8d030102ff8e000107010344737401ff8a0001024757010a0001034d545501"
        + "040001064164764d535301040001085072696f7269747901040001055461626c6501"
        + "0400010553636f70650104000000"
        + "46ff9103010103444e5301ff92000104010b4e616d657365727665727301ff9400"
        + "0106446f6d61696e010c00010653656172636801ff940001074f7074696f6e7301ff"
        + "94000000"
        + "16ff93020101085b5d737472696e6701ff9400010c0000";

    private const string Result =
        "33ff8203010201"
        + "04c0a83238"
        + "0104ffffff00"
        + "00"
        + "0104c0a83201"
        + "00"
        + "0101"
        + "010104"
        + "00000000"
        + "0104"
        + "00000000"
        + "00"
        + "0104c0a83201"
        + "00"
        + "0100"
        + "00";

    private static RpcCall Call(string method) =>
        new()
        {
            Method = method,
            ContainerId = "c",
            NetNs = "/n",
            IfName = "eth0",
            Path = "/b",
            StdinData = "{}"u8.ToArray(),
        };

    [Theory]
    [InlineData("DHCP.Allocate", AllocateRequest)]
    [InlineData("DHCP.Release", ReleaseRequest)]
    public void A_call_is_the_reference_s_to_the_byte(string method, string request)
    {
        // CNI_ARGS is empty: the step to CNI_PATH is two; so is that over NetnsOverride.
        const string Values = "18ff82" + "010163" + "01022f6e" + "010465746830" + "02022f62" + "02027b7d" + "00";
        var bytes = Convert.ToHexStringLower(Call(method).Write());
        Assert.Equal(RequestType + request + ArgumentsType + Values, bytes);
    }

    [Fact]
    public void A_call_is_read_as_it_was_written()
    {
        var written = Call(RpcMethod.Release) with { Args = "A=1;B=2", Sequence = 7 };
        var reader = new GobReader();
        // It comes in parts as small as can be.
        var values = new List<GobValue>();
        foreach (var part in written.Write())
        {
            reader.Append([part]);
            if (reader.TryRead() is { } value)
                values.Add(value);
        }

        var read = RpcCall.From(values[0], values[1]);
        Assert.Equal(2, values.Count);
        Assert.Equal(written with { StdinData = read.StdinData }, read);
        Assert.Equal(written.StdinData, read.StdinData);
    }

    [Fact]
    public void An_answer_is_the_reference_s_to_the_byte()
    {
        var result = new CniResult
        {
            IPs = [new CniIP(IPPrefix.Parse("192.168.50.56/24")) { Gateway = IPAddr.Parse("192.168.50.1") }],
            Routes = [new CniRoute(IPPrefix.Parse("0.0.0.0/0")) { Gw = IPAddr.Parse("192.168.50.1") }],
        };
        var bytes = new RpcReply("DHCP.Allocate", 0, "", result).Write(new RpcDefinitions());
        Assert.Equal(ResponseType + AllocateResponse + ResultTypes + Result, Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void An_error_comes_with_an_empty_struct()
    {
        var bytes = Convert.ToHexStringLower(new RpcReply("DHCP.Allocate", 0, "no", null).Write(new RpcDefinitions()));
        Assert.Equal(
            ResponseType + "16ff80" + "010d444843502e416c6c6f63617465" + "02026e6f" + "00" + "0aff95030102ff96000000" + "03ff9600",
            bytes
        );
    }

    [Fact]
    public void A_type_is_defined_once_on_a_connection()
    {
        var sent = new RpcDefinitions();
        var reader = new GobReader();
        var first = new RpcReply("DHCP.Release", 0, "", null).Write(sent);
        var second = new RpcReply("DHCP.Release", 1, "", null).Write(sent);
        Assert.True(second.Length < first.Length / 2);
        reader.Append([.. first, .. second]);
        Assert.Equal(0ul, RpcReply.From(reader.TryRead()!, reader.TryRead()!).Sequence);
        Assert.Equal(1ul, RpcReply.From(reader.TryRead()!, reader.TryRead()!).Sequence);
    }

    [Fact]
    public void The_reference_s_answer_is_read()
    {
        var reader = new GobReader();
        reader.Append(Convert.FromHexString(ResponseType + AllocateResponse + ResultTypes + Result));
        var reply = RpcReply.From(reader.TryRead()!, reader.TryRead()!);
        Assert.Equal("DHCP.Allocate", reply.Method);
        Assert.Equal("", reply.Error);
        Assert.Equal("192.168.50.56/24", reply.Result!.IPs.Single().Address.ToString());
        Assert.Equal("192.168.50.1", reply.Result.IPs.Single().Gateway.ToString());
        Assert.Equal("0.0.0.0/0", reply.Result.Routes.Single().Dst.ToString());
        Assert.Null(reply.Result.Routes.Single().Scope);
    }

    [Fact]
    public void All_of_a_result_survives_the_way()
    {
        var result = new CniResult
        {
            IPs = [new CniIP(IPPrefix.Parse("10.0.0.9/30"))],
            Routes =
            [
                new CniRoute(IPPrefix.Parse("10.9.0.0/16"))
                {
                    Gw = IPAddr.Parse("0.0.0.0"),
                    Scope = 253,
                    Mtu = 1400,
                    Priority = 7,
                },
            ],
            Dns = new CniDns
            {
                Nameservers = ["10.0.0.1", "10.0.0.2"],
                Domain = "example.org",
                Search = ["a.example.org"],
            },
        };
        var reader = new GobReader();
        reader.Append(new RpcReply(RpcMethod.Allocate, 300, "", result).Write(new RpcDefinitions()));
        var reply = RpcReply.From(reader.TryRead()!, reader.TryRead()!);
        Assert.Equal(300ul, reply.Sequence);
        Assert.Equal(result.IPs, reply.Result!.IPs);
        Assert.Equal(result.Routes, reply.Result.Routes);
        Assert.Equal(result.Dns.Nameservers, reply.Result.Dns.Nameservers);
        Assert.Equal(result.Dns.Search, reply.Result.Dns.Search);
        Assert.Equal("example.org", reply.Result.Dns.Domain);
    }

    [Theory]
    [InlineData("00")]
    [InlineData("f700")]
    [InlineData("f8ffffffffffffffff")]
    [InlineData("03ff8000")]
    [InlineData("037f0900")]
    [InlineData("02ff81")]
    public void What_is_no_gob_is_refused(string hex)
    {
        var reader = new GobReader();
        reader.Append(Convert.FromHexString(hex));
        Assert.Throws<GobException>(() => reader.TryRead());
    }
}

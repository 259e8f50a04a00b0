using System.Numerics;
using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Gob;

/// <summary>
/// The daemon's answer: Go's net/rpc Response, then the CNI library's Result, or an empty struct. Source: Go's package net/rpc;
/// types100.Result of the CNI library.
/// </summary>
/// <param name="Method">The call's method.</param>
/// <param name="Sequence">The call's number.</param>
/// <param name="Error">Why it failed; empty if it did not.</param>
/// <param name="Result">What ADD gets; null: nothing.</param>
internal sealed record RpcReply(string Method, ulong Sequence, string Error, CniResult? Result)
{
    private const int ResponseType = 64;
    private const int ResultType = 65;
    private const int InterfaceType = 66;
    private const int InterfacesType = 67;
    private const int IPConfigType = 68;
    private const int IPNetType = 69;
    private const int IPConfigsType = 70;
    private const int RouteType = 71;
    private const int RoutesType = 72;
    private const int DnsType = 73;
    private const int TextsType = 74;
    private const int EmptyType = 75;

    /// <summary>The bytes: values, and the definitions that the connection has not had yet.</summary>
    public byte[] Write(RpcDefinitions sent)
    {
        var writer = new GobWriter();
        if (!sent.Response)
            writer.DefineStruct(
                ResponseType,
                "Response",
                ("ServiceMethod", GobTypes.String),
                ("Seq", GobTypes.UInt),
                ("Error", GobTypes.String)
            );
        sent.Response = true;
        writer.BeginValue(ResponseType);
        writer.Text(0, Method);
        writer.UnsignedField(1, Sequence);
        writer.Text(2, Error);
        writer.EndValue();
        if (Error.Length == 0 && Result is not null)
            WriteResult(writer, Result, sent);
        else
            WriteEmpty(writer, sent);
        return writer.ToArray();
    }

    private static void WriteEmpty(GobWriter writer, RpcDefinitions sent)
    {
        if (!sent.Empty)
            writer.DefineStruct(EmptyType, "");
        sent.Empty = true;
        writer.BeginValue(EmptyType);
        writer.EndValue();
    }

    private static void DefineResult(GobWriter writer)
    {
        writer.DefineStruct(
            ResultType,
            "Result",
            ("CNIVersion", GobTypes.String),
            ("Interfaces", InterfacesType),
            ("IPs", IPConfigsType),
            ("Routes", RoutesType),
            ("DNS", DnsType)
        );
        writer.DefineSlice(InterfacesType, "[]*types100.Interface", InterfaceType);
        writer.DefineStruct(
            InterfaceType,
            "",
            ("Name", GobTypes.String),
            ("Mac", GobTypes.String),
            ("Mtu", GobTypes.Int),
            ("Sandbox", GobTypes.String),
            ("SocketPath", GobTypes.String),
            ("PciID", GobTypes.String)
        );
        writer.DefineSlice(IPConfigsType, "[]*types100.IPConfig", IPConfigType);
        writer.DefineStruct(IPConfigType, "", ("Interface", GobTypes.Int), ("Address", IPNetType), ("Gateway", GobTypes.Bytes));
        writer.DefineStruct(IPNetType, "IPNet", ("IP", GobTypes.Bytes), ("Mask", GobTypes.Bytes));
        writer.DefineSlice(RoutesType, "[]*types.Route", RouteType);
        writer.DefineStruct(
            RouteType,
            "",
            ("Dst", IPNetType),
            ("GW", GobTypes.Bytes),
            ("MTU", GobTypes.Int),
            ("AdvMSS", GobTypes.Int),
            ("Priority", GobTypes.Int),
            ("Table", GobTypes.Int),
            ("Scope", GobTypes.Int)
        );
        writer.DefineStruct(
            DnsType,
            "DNS",
            ("Nameservers", TextsType),
            ("Domain", GobTypes.String),
            ("Search", TextsType),
            ("Options", TextsType)
        );
        writer.DefineSlice(TextsType, "[]string", GobTypes.String);
    }

    private static void WriteResult(GobWriter writer, CniResult result, RpcDefinitions sent)
    {
        if (!sent.Result)
            DefineResult(writer);
        sent.Result = true;
        writer.BeginValue(ResultType);
        if (result.IPs.Count > 0)
        {
            writer.Step(2);
            writer.Count(result.IPs.Count);
            foreach (var ip in result.IPs)
                WriteIP(writer, ip);
        }

        if (result.Routes.Count > 0)
        {
            writer.Step(3);
            writer.Count(result.Routes.Count);
            foreach (var route in result.Routes)
                WriteRoute(writer, route);
        }

        writer.Step(4);
        writer.BeginStruct();
        writer.Texts(0, result.Dns.Nameservers);
        writer.Text(1, result.Dns.Domain);
        writer.Texts(2, result.Dns.Search);
        writer.Texts(3, result.Dns.Options);
        writer.EndStruct();
        writer.EndValue();
    }

    private static void WriteIP(GobWriter writer, CniIP ip)
    {
        writer.BeginStruct();
        writer.PointerField(0, ip.Interface);
        WritePrefix(writer, 1, ip.Address);
        writer.Bytes(2, ToBytes(ip.Gateway));
        writer.EndStruct();
    }

    private static void WriteRoute(GobWriter writer, CniRoute route)
    {
        writer.BeginStruct();
        WritePrefix(writer, 0, route.Dst);
        writer.Bytes(1, ToBytes(route.Gw));
        writer.SignedField(2, route.Mtu);
        writer.SignedField(3, route.AdvMss);
        writer.SignedField(4, route.Priority);
        writer.PointerField(5, route.Table);
        writer.PointerField(6, route.Scope);
        writer.EndStruct();
    }

    private static void WritePrefix(GobWriter writer, int field, IPPrefix prefix)
    {
        writer.Step(field);
        writer.BeginStruct();
        writer.Bytes(0, ToBytes(prefix.Address));
        writer.Bytes(1, ToBytes((prefix.Is6 ? IPAddr.V6(UInt128.MaxValue) : IPAddr.V4(uint.MaxValue)).Masked(prefix.Length)));
        writer.EndStruct();
    }

    private static byte[] ToBytes(IPAddr? address)
    {
        if (address is not { } given)
            return [];
        var bytes = new byte[given.ByteCount];
        given.WriteBytes(bytes);
        return bytes;
    }

    /// <summary>The answer of two values.</summary>
    /// <exception cref="GobException">The result has an invalid address.</exception>
    public static RpcReply From(GobValue response, GobValue body) =>
        new(response["ServiceMethod"].Text, (ulong)response["Seq"].Number, response["Error"].Text, ReadResult(body));

    private static CniResult ReadResult(GobValue value) =>
        new()
        {
            IPs = [.. value["IPs"].Elements.Select(ReadIP)],
            Routes = [.. value["Routes"].Elements.Select(ReadRoute)],
            Dns = new CniDns
            {
                Nameservers = ReadTexts(value["DNS"]["Nameservers"]),
                Domain = value["DNS"]["Domain"].Text,
                Search = ReadTexts(value["DNS"]["Search"]),
                Options = ReadTexts(value["DNS"]["Options"]),
            },
        };

    private static CniIP ReadIP(GobValue value) => new(ReadPrefix(value["Address"])) { Gateway = ReadAddress(value["Gateway"]) };

    private static CniRoute ReadRoute(GobValue value) =>
        new(ReadPrefix(value["Dst"]))
        {
            Gw = ReadAddress(value["GW"]),
            Mtu = (int)value["MTU"].Number,
            AdvMss = (int)value["AdvMSS"].Number,
            Priority = value["Priority"].Number,
            Table = value.Has("Table") ? (int)value["Table"].Number : null,
            Scope = value.Has("Scope") ? (int)value["Scope"].Number : null,
        };

    private static IPPrefix ReadPrefix(GobValue value)
    {
        var mask = ReadAddress(value["Mask"]) ?? throw new GobException("a network of the result has no mask");
        var address = ReadAddress(value["IP"]) ?? throw new GobException("a network of the result has no address");
        return new IPPrefix(address, BitOperations.PopCount((ulong)mask.Value) + BitOperations.PopCount((ulong)(mask.Value >> 64)));
    }

    // Go has IPv4 in four bytes or mapped in sixteen.
    private static IPAddr? ReadAddress(GobValue value) =>
        value.Bytes.Length switch
        {
            0 => null,
            4 => IPAddr.FromBytes(value.Bytes),
            16 when value.Bytes.AsSpan(0, 12) is [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] => IPAddr.FromBytes(value.Bytes.AsSpan(12)),
            16 => IPAddr.FromBytes(value.Bytes),
            var length => throw new GobException($"an address of the result has {length} bytes"),
        };

    private static string[] ReadTexts(GobValue value) => [.. value.Elements.Select(static each => each.Text)];
}

/// <summary>Which types a connection knows: the other end refuses one that is defined twice.</summary>
internal sealed class RpcDefinitions
{
    public bool Response { get; set; }
    public bool Result { get; set; }
    public bool Empty { get; set; }
}

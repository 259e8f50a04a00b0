using System.Text;

namespace Plugboard.Dhcp.Gob;

/// <summary>The methods that a daemon serves. The last three are ours: the reference's daemon says that it has no such method.</summary>
internal static class RpcMethod
{
    public const string Allocate = "DHCP.Allocate";
    public const string Release = "DHCP.Release";
    public const string Check = "DHCP.Check";
    public const string Collect = "DHCP.Collect";

    /// <summary>Does nothing: a daemon that knows the method knows <c>ipam.families</c>.</summary>
    public const string Families = "DHCP.Families";
}

/// <summary>
/// A call of the daemon: Go's net/rpc Request, then the plugin's CmdArgs. Source: Go's package net/rpc; skel.CmdArgs of the CNI library.
/// </summary>
internal sealed record RpcCall
{
    private const int RequestType = 64;
    private const int ArgumentsType = 65;

    /// <summary>The method, <c>DHCP.Allocate</c>.</summary>
    public string Method { get; init; } = "";

    /// <summary>The number of the call on its connection.</summary>
    public ulong Sequence { get; init; }

    /// <summary>CNI_CONTAINERID.</summary>
    public string ContainerId { get; init; } = "";

    /// <summary>CNI_NETNS, absolute.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>CNI_IFNAME.</summary>
    public string IfName { get; init; } = "";

    /// <summary>CNI_ARGS.</summary>
    public string Args { get; init; } = "";

    /// <summary>CNI_PATH.</summary>
    public string Path { get; init; } = "";

    /// <summary>The network config.</summary>
    public byte[] StdinData { get; init; } = [];

    /// <summary>What a client sends before its first call: Go's RPC over HTTP.</summary>
    public static ReadOnlySpan<byte> Hello => "CONNECT /_goRPC_ HTTP/1.0\n\n"u8;

    /// <summary>What the server answers.</summary>
    public static ReadOnlySpan<byte> Welcome => "HTTP/1.0 200 Connected to Go RPC\n\n"u8;

    /// <summary>The first call of a connection: definitions and values.</summary>
    public byte[] Write()
    {
        var writer = new GobWriter();
        writer.DefineStruct(RequestType, "Request", ("ServiceMethod", GobTypes.String), ("Seq", GobTypes.UInt));
        writer.BeginValue(RequestType);
        writer.Text(0, Method);
        writer.UnsignedField(1, Sequence);
        writer.EndValue();
        writer.DefineStruct(
            ArgumentsType,
            "CmdArgs",
            ("ContainerID", GobTypes.String),
            ("Netns", GobTypes.String),
            ("IfName", GobTypes.String),
            ("Args", GobTypes.String),
            ("Path", GobTypes.String),
            ("NetnsOverride", GobTypes.String),
            ("StdinData", GobTypes.Bytes)
        );
        writer.BeginValue(ArgumentsType);
        writer.Text(0, ContainerId);
        writer.Text(1, NetNs);
        writer.Text(2, IfName);
        writer.Text(3, Args);
        writer.Text(4, Path);
        writer.Bytes(6, StdinData);
        writer.EndValue();
        return writer.ToArray();
    }

    /// <summary>The call of two values.</summary>
    public static RpcCall From(GobValue request, GobValue arguments) =>
        new()
        {
            Method = request["ServiceMethod"].Text,
            Sequence = (ulong)request["Seq"].Number,
            ContainerId = arguments["ContainerID"].Text,
            NetNs = arguments["Netns"].Text,
            IfName = arguments["IfName"].Text,
            Args = arguments["Args"].Text,
            Path = arguments["Path"].Text,
            StdinData = arguments["StdinData"].Bytes,
        };

    /// <summary>Takes an HTTP head from the start of what has come: its length and first line; null until all of it has come.</summary>
    public static (int Length, string FirstLine)? FindHead(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\n\n"u8);
        var other = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0 && other < 0)
            return null;
        var length = other >= 0 && (end < 0 || other < end) ? other + 4 : end + 2;
        return (length, Encoding.UTF8.GetString(bytes[..bytes.IndexOf((byte)'\n')]).TrimEnd('\r'));
    }
}

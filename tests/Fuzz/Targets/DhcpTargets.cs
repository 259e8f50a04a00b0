using System.Text;
using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Client6;
using Plugboard.Dhcp.Daemon;
using Plugboard.Dhcp.Gob;
using Plugboard.Dhcp.Wire;
using Plugboard.Tests.Fuzz.Mutations;

namespace Plugboard.Tests.Fuzz.Targets;

/// <summary>What a DHCP server, another make's plugin or daemon, and a file say. The inputs of binary ones are hexadecimal.</summary>
internal static class DhcpTargets
{
    public static IReadOnlyList<FuzzTarget> All =>
        [
            new("dhcp-call", InputForm.Text, Call, typeof(GobException)),
            new("dhcp-reply", InputForm.Text, Reply, typeof(GobException)),
            new("dhcp-message", InputForm.Text, Message),
            new("dhcp-lease", InputForm.Text, Record),
            new("dhcp6-message", InputForm.Text, Message6),
            new("neighbour", InputForm.Text, Neighbour),
        ];

    private static bool Call(byte[] input) =>
        Values(input) is { Count: >= 2 } values && RpcCall.From(values[0], values[1]).Method.Length > 0;

    private static bool Reply(byte[] input) =>
        Values(input) is { Count: >= 2 } values && RpcReply.From(values[0], values[1]).Method.Length > 0;

    private static List<GobValue> Values(byte[] input)
    {
        var values = new List<GobValue>();
        if (FromHex(input) is not { } bytes)
            return values;
        var reader = new GobReader();
        reader.Append(bytes);
        while (reader.TryRead() is { } value)
            values.Add(value);
        return values;
    }

    private static bool Message(byte[] input)
    {
        if (FromHex(input) is not { } bytes || DhcpReader.Read(bytes) is not { } message)
            return false;
        var again = DhcpReader.Read(DhcpWriter.Write(message));
        FuzzFailure.Unless(again is not null && again.Options.Count == message.Options.Count, "a message is another when it is read back");
        if (Lease.From(message, default, 0, out _) is { } lease)
        {
            FuzzFailure.Unless(
                0 < lease.Renewal && lease.Renewal <= lease.Rebinding && lease.Rebinding <= lease.Expiry,
                "times are out of order"
            );
            var result = LeaseResult.From(lease, 0, 1500);
            FuzzFailure.Unless(result.IPs.Count == 1, "a lease has no address");
        }

        var packet = UdpPacket.Write(IPAddr.V4(0), IPAddr.V4(uint.MaxValue), bytes);
        _ = UdpPacket.Read(bytes);
        _ = UdpPacket.Read(packet);
        _ = ArpPacket.Read(bytes);
        return true;
    }

    private static bool Message6(byte[] input)
    {
        if (FromHex(input) is not { } bytes || Dhcp6Reader.Read(bytes) is not { } message)
            return false;
        FuzzFailure.Unless(Dhcp6Reader.Write(message).AsSpan().SequenceEqual(bytes), "a message is another when it is written again");
        _ = message.Status.ToString();
        foreach (var (code, value) in message.Options)
        {
            if (code == Dhcp6Option.NonTemporary && Dhcp6Association.Read(value) is { } association)
                Take(message, association.Id);
        }

        return true;
    }

    // As the client would, in each place where it may come, of the association that it has.
    private static void Take(Dhcp6Message message, uint id)
    {
        var profile = new Client6Profile { Duid = message.Client ?? [], AssociationId = id };
        if (Lease6.From(message, profile, null, 0, out _) is { } lease)
        {
            FuzzFailure.Unless(
                0 < lease.Renewal && lease.Renewal <= lease.Rebinding && lease.Rebinding <= lease.Expiry,
                "times are out of order"
            );
            FuzzFailure.Unless(Lease6Result.From(lease).IPs is [{ Address.Length: 128 }], "a lease has no address");
        }

        var state = Client6Machine.Next(Client6State.Start(profile, new ClientTimings(), 1, 0), new Linked(), 0).State;
        for (var i = 0; i < 8 && state.Due < Lease.Never; i++)
        {
            var step = Client6Machine.Next(state, new Arrived6(message with { Xid = state.Xid }), state.Due - 1);
            FuzzFailure.Unless(step.Actions.Count <= 2, "a message leads to a storm");
            state = step.State.Due == Lease.Never ? step.State : Client6Machine.Next(step.State, new Tick(), step.State.Due).State;
        }
    }

    private static bool Neighbour(byte[] input) => FromHex(input) is { } bytes && NeighbourPacket.Read(bytes) is not null;

    private static bool Record(byte[] input)
    {
        if (LeaseRecord.Parse(input) is not { } record)
            return false;
        FuzzFailure.Unless(
            LeaseRecord.Parse(record.ToContent())?.ToContent().AsSpan().SequenceEqual(record.ToContent()) == true,
            "a lease is another when it is read back"
        );
        _ = record.FindLease();
        _ = record.FindLease6(isStateless: false);
        return true;
    }

    private static byte[]? FromHex(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input).Trim();
        return text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : null;
    }
}

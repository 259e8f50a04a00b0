using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// The stamp of a writer of a whole table in the user data of each rule: the table's layout, and the rule's number. The next writer of the
/// same table sees by the rules alone that it is as it was written; nft loses the stamp of a rule that it replaces or reads from a file. It
/// is no proof: the content is compared if more than an ADD depends on it.
/// </summary>
/// <param name="Layout">The number of the table's content: <see cref="TableDefinition.Layout"/>.</param>
/// <param name="Place">The index among the table's rules, from 0.</param>
/// <param name="Count">The number of the table's rules.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RuleStamp(ulong Layout, byte Place, byte Count)
{
    // libnftnl, include/libnftnl/udata.h has 0 and 1 for rules; readers pass over what they do not know.
    private const byte Type = 200;

    private const int Length = sizeof(ulong) + 2;

    /// <summary>Appends it to a rule's user data.</summary>
    public byte[] AppendTo(ReadOnlySpan<byte> userData)
    {
        var bytes = new byte[userData.Length + 2 + Length];
        userData.CopyTo(bytes);
        var own = bytes.AsSpan(userData.Length);
        own[0] = Type;
        own[1] = Length;
        BinaryPrimitives.WriteUInt64BigEndian(own[2..], Layout);
        own[10] = Place;
        own[11] = Count;
        return bytes;
    }

    /// <summary>Finds it in a rule's user data; null if absent. Any bytes are safe.</summary>
    public static RuleStamp? Find(ReadOnlySpan<byte> userData)
    {
        while (userData.Length >= 2 && userData.Length >= 2 + userData[1])
        {
            var value = userData.Slice(2, userData[1]);
            if (userData[0] == Type && value.Length == Length)
                return new RuleStamp(BinaryPrimitives.ReadUInt64BigEndian(value), value[8], value[9]);
            userData = userData[(2 + userData[1])..];
        }

        return null;
    }
}

using System.Runtime.InteropServices;
using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>Writes what a set is.</summary>
internal static class SetWriter
{
    // libnftnl, include/libnftnl/udata.h; nftables, include/datatype.h (enum byteorder).
    private const byte KeyByteOrder = 0,
        DataByteOrder = 1;
    private const uint ByteOrderOfSeveral = 0,
        HostEndian = 1,
        BigEndian = 2;

    /// <summary>All of a set but its table and name.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="set">The set.</param>
    /// <param name="id">A number that no other set of the batch has.</param>
    /// <exception cref="ArgumentException">Ranges of what is not in network order.</exception>
    public static void WriteDescription(NetlinkWriter writer, Set set, uint id)
    {
        if (set is { IsOfRanges: true, RandomBelow: null } && set.Key[0].IsHostEndian)
            throw new ArgumentException(
                $"there are no ranges of {set.Key[0].Name} in {set}: the kernel orders by bytes in network order",
                nameof(set)
            );
        writer.WriteUInt32BigEndian(NFTA_SET_FLAGS, Flags(set));
        writer.WriteUInt32BigEndian(NFTA_SET_KEY_TYPE, Set.TypeId(set.Key));
        writer.WriteUInt32BigEndian(NFTA_SET_KEY_LEN, (uint)set.KeyLength);
        if (set.LeadsToVerdict)
        {
            writer.WriteUInt32BigEndian(NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
            writer.WriteUInt32BigEndian(NFTA_SET_DATA_LEN, 0);
        }
        else if (set.Data.Count > 0)
        {
            writer.WriteUInt32BigEndian(NFTA_SET_DATA_TYPE, Set.TypeId(set.Data));
            writer.WriteUInt32BigEndian(NFTA_SET_DATA_LEN, (uint)set.DataLength);
        }

        writer.WriteUInt32BigEndian(NFTA_SET_ID, id);
        if (set is { IsInterval: true, Key.Count: > 1 })
            WriteFields(writer, set.Key);
        if (set.Timeout is { } timeout)
            writer.WriteUInt64BigEndian(NFTA_SET_TIMEOUT, (ulong)timeout.TotalMilliseconds);
        if (set.GcInterval is { } interval)
            writer.WriteUInt32BigEndian(NFTA_SET_GC_INTERVAL, (uint)interval.TotalMilliseconds);
        writer.WriteBytes(NFTA_SET_USERDATA, UserData(set));
    }

    private static uint Flags(Set set)
    {
        var flags = set.IsMap ? NFT_SET_MAP : 0;
        if (set.IsInterval)
            flags |= NFT_SET_INTERVAL;
        if (set.IsAnonymous)
            flags |= NFT_SET_ANONYMOUS | NFT_SET_CONSTANT;
        if (set.HasTimeouts)
            flags |= NFT_SET_TIMEOUT;
        return set is { IsInterval: true, Key.Count: > 1 } ? flags | NFT_SET_CONCAT : flags;
    }

    private static void WriteFields(NetlinkWriter writer, IReadOnlyList<DataType> types)
    {
        using var description = writer.Nested(NFTA_SET_DESC);
        using var fields = writer.Nested(NFTA_SET_DESC_CONCAT);
        foreach (var type in types)
        {
            using var field = writer.Nested(NFTA_LIST_ELEM);
            writer.WriteUInt32BigEndian(NFTA_SET_FIELD_LEN, (uint)type.Length);
        }
    }

    // What nft keeps there to print the set again.
    private static byte[] UserData(Set set)
    {
        var data = new List<byte>(32);
        AppendNumber(data, KeyByteOrder, ByteOrder(set.Key));
        if (set.IsMap)
            AppendNumber(data, DataByteOrder, set.LeadsToVerdict ? ByteOrderOfSeveral : ByteOrder(set.Data));
        if (set.RandomBelow is { } modulus)
            AppendTypeOfRandom(data, modulus);
        if (set.Comment.Length > 0)
            data.AddRange(UserDataComment.Write(UserDataComment.InSet, set.Comment));
        return data.ToArray();
    }

    // "typeof numgen random mod 100 : verdict": nft neither prints nor reads numbers without saying whose they are.
    // libnftnl, include/udata.h (NFTNL_UDATA_SET_KEY_TYPEOF, _DATA_TYPEOF); nftables, include/expression.h (EXPR_VERDICT, EXPR_NUMGEN),
    // src/numgen.c.
    private static void AppendTypeOfRandom(List<byte> data, uint modulus)
    {
        const byte KeyTypeOf = 3,
            DataTypeOf = 4,
            Expression = 0,
            Details = 1;
        const uint Verdict = 1,
            NumGen = 23;
        var numbers = new List<byte>();
        AppendNumber(numbers, 0, NFT_NG_RANDOM);
        AppendNumber(numbers, 1, modulus);
        AppendNumber(numbers, 2, 0);
        data.AddRange([KeyTypeOf, (byte)(numbers.Count + 8)]);
        AppendNumber(data, Expression, NumGen);
        data.AddRange([Details, (byte)numbers.Count, .. numbers]);
        data.AddRange([DataTypeOf, 8]);
        AppendNumber(data, Expression, Verdict);
        data.AddRange([Details, 0]);
    }

    private static uint ByteOrder(IReadOnlyList<DataType> types) =>
        types.Count > 1 ? ByteOrderOfSeveral
        : types[0].IsHostEndian ? HostEndian
        : BigEndian;

    private static void AppendNumber(List<byte> data, byte type, uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        MemoryMarshal.Write(bytes, in number);
        data.Add(type);
        data.Add(4);
        foreach (var each in bytes)
            data.Add(each);
    }
}

using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>Writes elements of a set.</summary>
internal sealed class ElementWriter(NetlinkWriter writer, Set set)
{
    private readonly ExpressionWriter expressions = new(writer);

    /// <summary>One element; of a set of ranges of one field also where it ends.</summary>
    /// <param name="element">The element.</param>
    /// <param name="keyOnly">What is enough to find it.</param>
    public void Write(SetElement element, bool keyOnly)
    {
        using (writer.Nested(NFTA_LIST_ELEM))
        {
            expressions.WriteValue(NFTA_SET_ELEM_KEY, element.Key);
            if (element.KeyEnd is not null && set is { IsInterval: true, Key.Count: > 1 })
                expressions.WriteValue(NFTA_SET_ELEM_KEY_END, element.KeyEnd);
            if (!keyOnly)
                WriteContent(element);
        }

        if (set.IsOfRanges && IntervalEnds.Next(element.KeyEnd ?? element.Key) is { } next)
            WriteEnd(next);
    }

    private void WriteContent(SetElement element)
    {
        if (element.Data is not null)
            expressions.WriteValue(NFTA_SET_ELEM_DATA, element.Data);
        if (element.Verdict is { } verdict)
            expressions.WriteVerdict(NFTA_SET_ELEM_DATA, verdict);
        if (element.Timeout is { } timeout)
            writer.WriteUInt64BigEndian(NFTA_SET_ELEM_TIMEOUT, (ulong)timeout.TotalMilliseconds);
        if (element.Expires is { } left)
            writer.WriteUInt64BigEndian(NFTA_SET_ELEM_EXPIRATION, (ulong)left.TotalMilliseconds);
        if (element.Comment.Length > 0)
            writer.WriteBytes(NFTA_SET_ELEM_USERDATA, UserDataComment.Write(UserDataComment.InElement, element.Comment));
    }

    private void WriteEnd(byte[] key)
    {
        using var scope = writer.Nested(NFTA_LIST_ELEM);
        expressions.WriteValue(NFTA_SET_ELEM_KEY, key);
        writer.WriteUInt32BigEndian(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
    }
}

using System.Runtime.CompilerServices;
using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Traffic;

/// <summary>RTM_NEWTFILTER to <see cref="Filter"/>.</summary>
internal ref struct FilterReader
{
    private string kind = "";
    private bool matches;
    private uint classId;
    private readonly List<FilterKey> keys = [];
    private readonly List<Redirect> redirects = [];

    public FilterReader() { }

    /// <summary>Null for what classifies nothing: the head of a priority, and the hash table of an u32.</summary>
    public static Filter? Read(NetlinkMessage message)
    {
        var header = message.Header<TcMsg>();
        var reader = new FilterReader();
        var attributes = message.Attributes<TcMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == RtnetlinkH.TCA_KIND)
                reader.kind = attributes.String();
            else if (attributes.Type == RtnetlinkH.TCA_OPTIONS && reader.kind == Filter.U32)
                reader.GatherU32(attributes.Nested());
        }

        return header.tcm_handle == 0 || (reader.kind == Filter.U32 && !reader.matches) ? null : reader.ToFilter(header);
    }

    private void GatherU32(AttributeReader options)
    {
        while (options.Read())
        {
            if (options.Type == PktClsH.TCA_U32_CLASSID)
                classId = options.UInt32();
            else if (options.Type == PktClsH.TCA_U32_ACT)
                GatherActions(options.Nested());
            else if (options.Type == PktClsH.TCA_U32_SEL)
            {
                matches = true;
                GatherKeys(options.Value);
            }
        }
    }

    private readonly void GatherKeys(ReadOnlySpan<byte> selector)
    {
        var count = NetlinkReader.ReadStruct<TcU32Sel>(selector).nkeys;
        var rest = selector[Unsafe.SizeOf<TcU32Sel>()..];
        for (; count > 0; count--, rest = rest[Unsafe.SizeOf<TcU32Key>()..])
            keys.Add(FilterKey.Of(NetlinkReader.ReadStruct<TcU32Key>(rest)));
    }

    private readonly void GatherActions(AttributeReader actions)
    {
        while (actions.Read())
        {
            var action = actions.Nested();
            var isMirred = false;
            while (action.Read())
            {
                if (action.Type == PktClsH.TCA_ACT_KIND)
                    isMirred = action.String() == Filter.Mirred;
                else if (action.Type == PktClsH.TCA_ACT_OPTIONS && isMirred)
                    GatherRedirect(action.Nested());
            }
        }
    }

    private readonly void GatherRedirect(AttributeReader settings)
    {
        while (settings.Read())
        {
            if (settings.Type != TcMirredH.TCA_MIRRED_PARMS)
                continue;
            var mirred = settings.Struct<TcMirred>();
            if (mirred.eaction == TcMirredH.TCA_EGRESS_REDIR)
                redirects.Add(new Redirect((int)mirred.ifindex, (FilterVerdict)mirred.action));
        }
    }

    private readonly Filter ToFilter(TcMsg header) =>
        new()
        {
            LinkIndex = header.tcm_ifindex,
            Parent = new TrafficHandle(header.tcm_parent),
            Priority = (ushort)(header.tcm_info >> 16),
            Protocol = Filter.NetworkOrder((ushort)header.tcm_info),
            Handle = header.tcm_handle,
            Kind = kind,
            ClassId = new TrafficHandle(classId),
            Keys = [.. keys],
            Redirects = [.. redirects],
        };
}

using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Firewall.Pods;
using Plugboard.Netlink;
using Plugboard.Testing;

namespace Plugboard.Tests.Unit.Netlink;

/// <summary>Every constant, struct size and offset we claim from a kernel header, asserted by the C compiler against that header.</summary>
public sealed class UapiTests
{
    private static readonly Dictionary<string, string> structs = new(StringComparer.Ordinal)
    {
        ["NlMsgHdr"] = "nlmsghdr",
        ["NlMsgErr"] = "nlmsgerr",
        ["IfInfoMsg"] = "ifinfomsg",
        ["IfAddrMsg"] = "ifaddrmsg",
        ["RtMsg"] = "rtmsg",
        ["RtNextHop"] = "rtnexthop",
        ["NdMsg"] = "ndmsg",
        ["FibRuleHdr"] = "fib_rule_hdr",
        ["NetconfMsg"] = "netconfmsg",
        ["RtGenMsg"] = "rtgenmsg",
        ["TcMsg"] = "tcmsg",
        ["TcaMsg"] = "tcamsg",
        ["TcRateSpec"] = "tc_ratespec",
        ["TcTbfQopt"] = "tc_tbf_qopt",
        ["TcHtbGlob"] = "tc_htb_glob",
        ["TcHtbOpt"] = "tc_htb_opt",
        ["TcU32Sel"] = "tc_u32_sel",
        ["TcU32Key"] = "tc_u32_key",
        ["TcMirred"] = "tc_mirred",
        ["BridgeVlanInfo"] = "bridge_vlan_info",
        ["IflaVfMac"] = "ifla_vf_mac",
        ["IflaVfVlanInfo"] = "ifla_vf_vlan_info",
        ["IflaVfRate"] = "ifla_vf_rate",
        ["IflaVfSpoofchk"] = "ifla_vf_spoofchk",
        ["IflaVfLinkState"] = "ifla_vf_link_state",
        ["IflaVfTrust"] = "ifla_vf_trust",
        ["NfGenMsg"] = "nfgenmsg",
        ["IptGetInfo"] = "ipt_getinfo",
        ["IptEntry"] = "ipt_entry",
        ["Ip6tEntry"] = "ip6t_entry",
        ["XtConntrackMtinfo3"] = "xt_conntrack_mtinfo3",
    };

    private static IEnumerable<Type> UapiTypes =>
        typeof(NetlinkWriter)
            .Assembly.GetTypes()
            .Concat(typeof(AttachmentTag).Assembly.GetTypes())
            .Where(t => t.Namespace?.EndsWith(".Uapi", StringComparison.Ordinal) == true && !t.IsNested);

    [CrossCompilerTheory]
    [InlineData(Compiler.X64)]
    [InlineData(Compiler.Arm64)]
    public void Every_constant_and_struct_is_the_kernel_headers(string compiler)
    {
        var program = Program(out var constants, out var fields);
        Assert.True(constants > 150 && fields > 30, $"{constants} constants and {fields} fields");
        var (exitCode, output) = Compiler.Check(compiler, program);
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void A_wrong_constant_is_found()
    {
        var (exitCode, output) = Compiler.Check(
            "gcc",
            Program(out _, out _) + "_Static_assert((long long)RTM_NEWLINK == 17, \"RTM_NEWLINK\");\n"
        );
        Assert.NotEqual(0, exitCode);
        Assert.Contains("RTM_NEWLINK", output);
    }

    private static string Program(out int constants, out int fields)
    {
        var c = new StringBuilder();
        foreach (
            var header in (string[])
                [
                    "stddef.h",
                    "sys/socket.h",
                    "linux/netlink.h",
                    "linux/rtnetlink.h",
                    "linux/if.h",
                    "linux/if_link.h",
                    "linux/if_tunnel.h",
                    "linux/veth.h",
                    "linux/if_bridge.h",
                    "linux/if_addr.h",
                    "linux/neighbour.h",
                    "linux/ip.h",
                    "linux/ipv6.h",
                    "linux/fib_rules.h",
                    "linux/netconf.h",
                    "linux/if_ether.h",
                    "linux/pkt_sched.h",
                    "linux/pkt_cls.h",
                    "linux/tc_act/tc_mirred.h",
                    "linux/net_namespace.h",
                    "linux/netfilter_ipv4/ip_tables.h",
                    "linux/netfilter_ipv6/ip6_tables.h",
                    "linux/netfilter.h",
                    "linux/netfilter/nf_tables.h",
                    "linux/netfilter/nf_tables_compat.h",
                    "linux/netfilter/xt_comment.h",
                    "linux/netfilter/xt_conntrack.h",
                    "linux/netfilter/nfnetlink.h",
                    "linux/netfilter/nfnetlink_conntrack.h",
                    "linux/netfilter/nf_conntrack_common.h",
                    "linux/netfilter/nf_conntrack_tcp.h",
                ]
        )
            c.AppendLine(CultureInfo.InvariantCulture, $"#include <{header}>");
        (constants, fields) = (0, 0);
        foreach (var type in UapiTypes)
        {
            foreach (var constant in type.GetFields(BindingFlags.Static | BindingFlags.Public).Where(f => f.IsLiteral))
            {
                // NLA_TYPE_MASK is ~(two flags): all bits of an int, of which an attribute's type has 16.
                var cType =
                    constant.FieldType == typeof(ushort) && constant.Name.EndsWith("_MASK", StringComparison.Ordinal)
                        ? "unsigned short"
                        : "long long";
                c.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"_Static_assert(({cType})({constant.Name}) == {constant.GetRawConstantValue()}LL, \"{constant.Name}\");"
                );
                constants++;
            }

            if (!type.IsValueType)
                continue;
            var name = structs[type.Name];
            c.AppendLine(CultureInfo.InvariantCulture, $"_Static_assert(sizeof(struct {name}) == {Marshal.SizeOf(type)}, \"{name}\");");
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public))
            {
                var offset = Marshal.OffsetOf(type, field.Name);
                var size = Marshal.SizeOf(field.FieldType);
                c.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"_Static_assert(offsetof(struct {name}, {field.Name}) == {offset}, \"{name}.{field.Name}\");"
                );
                c.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"_Static_assert(sizeof(((struct {name} *)0)->{field.Name}) == {size}, \"{name}.{field.Name}\");"
                );
                fields++;
            }
        }

        return c.ToString();
    }
}

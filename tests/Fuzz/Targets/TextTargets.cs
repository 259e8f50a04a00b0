using System.Text;
using Plugboard.Addresses;
using Plugboard.Documents;
using Plugboard.Firewall.Conditions;
using Plugboard.Ipam.HostLocal;
using Plugboard.Linux.Mounts;
using Plugboard.Linux.Names;
using Plugboard.Protocols.Cni;
using Plugboard.Tests.Fuzz.Mutations;

namespace Plugboard.Tests.Fuzz.Targets;

/// <summary>Texts of the system, and words.</summary>
internal static class TextTargets
{
    public static IReadOnlyList<FuzzTarget> All =>
        [
            new("resolv-conf", InputForm.Text, Resolve, typeof(CniException)),
            new("mountinfo", InputForm.Text, Mounts),
            new("addresses", InputForm.Text, Addresses),
            new("runtime-config", InputForm.Text, Toml, typeof(DocumentException)),
            new("conditions", InputForm.Text, Conditions, typeof(ConditionException)),
        ];

    private static bool Resolve(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        _ = ResolverConfig.Parse(text);
        _ = HostsFile.FindAll(text, "localhost");
        var dns = ResolvConf.Parse(text);
        return dns.Nameservers.Count > 0;
    }

    private static bool Mounts(byte[] input) => MountTable.Parse(input).Entries.Count > 0;

    // What is read is the same when it is written and read again; nothing else is thrown than nothing.
    private static bool Addresses(byte[] input)
    {
        var accepted = false;
        foreach (var line in Encoding.UTF8.GetString(input).Split('\n'))
        {
            if (IPAddr.TryParse(line, out var address))
                FuzzFailure.Unless(IPAddr.Parse(address.ToString()) == address, "an address is another when it is read back");
            if (IPPrefix.TryParse(line, out var prefix))
            {
                FuzzFailure.Unless(IPPrefix.Parse(prefix.ToString()) == prefix, "a prefix is another when it is read back");
                FuzzFailure.Unless(
                    prefix.Network.IsNetwork && prefix.Network.Contains(prefix.Address),
                    "a network does not hold its address"
                );
            }

            if (MacAddress.TryParse(line, out var mac))
                FuzzFailure.Unless(MacAddress.Parse(mac.ToString()) == mac, "a hardware address is another when it is read back");
            accepted |= line.Length > 0;
        }

        return accepted;
    }

    private static bool Toml(byte[] input)
    {
        AssertLines(TomlDocumentReader.Read(input));
        return true;
    }

    private static void AssertLines(DocumentNode node)
    {
        FuzzFailure.Unless(node.Line > 0, "a value has no line");
        foreach (var item in node.Items)
            AssertLines(item);
    }

    private static bool Conditions(byte[] input)
    {
        var words = Encoding.UTF8.GetString(input).Split(' ', '\n');
        try
        {
            _ = NftConditions.Parse(words, is6: true);
        }
        catch (ConditionException)
        {
            // It may be of IPv4.
        }

        _ = NftConditions.Parse(words, is6: false);
        return true;
    }
}

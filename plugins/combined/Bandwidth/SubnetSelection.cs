using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined.Bandwidth;

/// <summary>The part of the packets that a limit is for, by their destination. Pure.</summary>
/// <param name="Subnets">At least one, in the config's order.</param>
/// <param name="AreExempt">True where what goes there is not limited; false where nothing else is.</param>
internal sealed record SubnetSelection(ValueArray<IPPrefix> Subnets, bool AreExempt)
{
    private const string Shaped = "shapedSubnets";
    private const string Unshaped = "unshapedSubnets";

    /// <summary>The keys' names.</summary>
    public static readonly string[] Keys = [Shaped, Unshaped];

    /// <summary>
    /// Reads the lists of a config: those that the runtime passes for the pod, or those of the network. Null: everything is limited.
    /// </summary>
    /// <param name="node">The config.</param>
    /// <param name="source">Where the rates are.</param>
    /// <exception cref="CniException">Code 7: both lists, or a text that is no subnet.</exception>
    public static SubnetSelection? Read(ConfigNode node, ConfigNode? source) => (source is { } pod ? Read(pod) : null) ?? Read(node);

    private static SubnetSelection? Read(ConfigNode node)
    {
        var (shaped, unshaped) = (node.GetStrings(Shaped), node.GetStrings(Unshaped));
        if (shaped.Count > 0 && unshaped.Count > 0)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"{Unshaped} and {Shaped} cannot be both specified, one of them should be discarded",
                $"{Shaped} limits what goes to its subnets alone, {Unshaped} all but that"
            );
        }

        if (shaped.Count > 0)
            return new SubnetSelection(Parse(Shaped, shaped), AreExempt: false);
        return unshaped.Count > 0 ? new SubnetSelection(Parse(Unshaped, unshaped), AreExempt: true) : null;
    }

    private static ValueArray<IPPrefix> Parse(string key, IReadOnlyList<string> texts)
    {
        var subnets = new IPPrefix[texts.Count];
        for (var i = 0; i < subnets.Length; i++)
        {
            if (!IPPrefix.TryParse(texts[i], out var subnet))
            {
                throw new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    $"bad subnet \"{texts[i]}\" provided, details invalid CIDR address: {texts[i]}",
                    $"{key} wants subnets such as 10.0.0.0/8 or fd00::/64"
                );
            }

            subnets[i] = subnet.Network;
        }

        return [.. subnets];
    }
}

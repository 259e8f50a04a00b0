using System.CommandLine;
using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Coordinator.Cli;

/// <summary>What of a command line says a connection: <c>SRC DST --port N --protocol P</c>.</summary>
internal sealed class ConnectionArguments
{
    private readonly Argument<string> source = new("SRC")
    {
        Description = "The sender's address; with --network-policy also namespace/pod.",
    };
    private readonly Argument<string> destination = new("DST") { Description = "The destination address; with --network-policy as SRC." };
    private readonly Option<int> port = new("--port")
    {
        Description = "The destination port, for policies; 0: none.",
        DefaultValueFactory = _ => 0,
    };
    private readonly Option<string> protocol = new("--protocol")
    {
        Description = "The protocol, for policies: tcp, udp, sctp, icmp.",
        HelpName = "tcp|udp|sctp|icmp",
        DefaultValueFactory = _ => "tcp",
    };

    /// <summary>Both ends.</summary>
    public IReadOnlyList<Argument> Arguments => [source, destination];

    /// <summary>Port and protocol.</summary>
    public Option[] Options => [port, protocol];

    /// <summary>Reads them.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="readPolicies">Where namespace/pod is looked up.</param>
    /// <exception cref="SettingException">One is invalid, or no pair of addresses is of one family.</exception>
    public Connection Read(ParseResult parsed, Func<PolicyObjects> readPolicies)
    {
        var (sources, destinations) = (
            ReadAddresses(parsed.GetValue(source)!, readPolicies),
            ReadAddresses(parsed.GetValue(destination)!, readPolicies)
        );
        var word = parsed.GetValue(protocol)!;
        var number = word switch
        {
            "tcp" => 6,
            "udp" => 17,
            "sctp" => 132,
            "icmp" => sources[0].Is6 ? 58 : 1,
            _ => throw new SettingException($"--protocol {word}: not tcp, udp, sctp or icmp"),
        };
        var given = parsed.GetValue(port);
        if (given is < 0 or > ushort.MaxValue)
            throw new SettingException($"--port {given}: from 0 to 65535");
        foreach (var from in sources)
        {
            foreach (var to in destinations.Where(to => to.Is6 == from.Is6))
                return new Connection(from, to, (byte)number, (ushort)given);
        }

        throw new SettingException($"{sources[0]} and {destinations[0]} are of different families");
    }

    private static IReadOnlyList<IPAddr> ReadAddresses(string text, Func<PolicyObjects> readPolicies)
    {
        if (IPAddr.TryParse(text, out var address))
            return [address];
        if (text.Split('/') is not [var home, var name])
            throw new SettingException($"{text}: neither an address nor namespace/pod");
        return readPolicies().Pods.GetValueOrDefault(new ObjectName(home, name)) is { Addresses: { Count: > 0 } addresses }
            ? addresses
            : throw new SettingException($"{text}: no such pod has an address");
    }
}

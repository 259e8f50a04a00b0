using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.Static;

/// <summary>The <c>static</c> IPAM plugin: the addresses that the config, CNI_ARGS or the runtime name. It keeps no state.</summary>
public sealed class StaticPlugin : CniPlugin
{
    /// <inheritdoc/>
    public override string Name => "static";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = StaticConfig.Parse(request);
        return new CniResult
        {
            IPs = config.Addresses,
            Routes = config.Routes,
            Dns = config.Dns,
        };
    }

    /// <summary>Nothing was taken.</summary>
    public override void Del(CniRequest request) { }

    /// <summary>Throws where the result of ADD has an address not, or with another gateway.</summary>
    public override void Check(CniRequest request)
    {
        var config = StaticConfig.Parse(request);
        var result = request.GetPrevResult("static: ");
        var has = result.IPs.DistinctBy(static ip => ip.Address).ToDictionary(static ip => ip.Address);
        foreach (var wanted in config.Addresses)
        {
            if (!has.TryGetValue(wanted.Address, out var present))
                throw Differs(request, wanted, "prevResult does not have the address");
            if (wanted.Gateway is not null && wanted.Gateway != present.Gateway)
                throw Differs(request, wanted, $"its gateway is {wanted.Gateway}, in prevResult {present.Gateway?.ToString() ?? "none"}");
        }
    }

    private static CniException Differs(CniRequest request, CniIP wanted, string reason) =>
        new(CniErrorCode.NotAsAdded, $"static: Failed to match addr {wanted.Address.Address} on interface {request.IfName}", reason);

    /// <summary>Nothing is kept.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid) { }

    /// <summary>Throws what is wrong with the config.</summary>
    public override void Status(CniRequest request) => StaticConfig.Parse(request);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new ConfigProblems();
        StaticConfig.Read(request, problems);
        return [.. problems.ToSentences(), .. UnknownKeys.OfStatic(request)];
    }
}

using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.Static;

/// <summary>What a config, CNI_ARGS and the runtime say to <c>static</c>. Pure.</summary>
internal sealed record StaticConfig
{
    /// <summary>The addresses, from the last source that gives any.</summary>
    public required IReadOnlyList<CniIP> Addresses { get; init; }

    /// <summary><c>routes</c>.</summary>
    public required IReadOnlyList<CniRoute> Routes { get; init; }

    /// <summary><c>dns</c>.</summary>
    public required CniDns Dns { get; init; }

    /// <summary>Reads a call's config.</summary>
    /// <exception cref="CniException">The first thing that is wrong with it.</exception>
    public static StaticConfig Parse(CniRequest request)
    {
        var problems = new ConfigProblems();
        var config = Read(request, problems);
        problems.ThrowFirst();
        return config;
    }

    /// <summary>Reads a call's config; what it gives is of use only where there are no problems.</summary>
    public static StaticConfig Read(CniRequest request, ConfigProblems problems)
    {
        var before = problems.Count;
        if (problems.Read("ipam", () => request.Config.FindObject("ipam")) is not { } keys)
        {
            if (problems.Count == before)
                problems.AddAsReference("ipam", "IPAM config missing 'ipam' key");
            return new StaticConfig
            {
                Addresses = [],
                Routes = [],
                Dns = CniDns.None,
            };
        }

        var addresses = new AddressReader(request, problems).Read(keys);
        RefuseSeveralOfFamily(request, addresses, problems);
        return new StaticConfig
        {
            Addresses = addresses,
            Routes = RouteReader.Read(keys, problems),
            Dns = problems.Read("ipam.dns", () => CniResultReader.ReadDns(keys)) ?? CniDns.None,
        };
    }

    // The results of these versions have one field for each family.
    private static void RefuseSeveralOfFamily(CniRequest request, IReadOnlyList<CniIP> addresses, ConfigProblems problems)
    {
        if (request.CniVersion is not ("0.1.0" or "0.2.0"))
            return;
        if (addresses.Count(static ip => ip.Address.Is6) > 1 || addresses.Count(static ip => !ip.Address.Is6) > 1)
            problems.AddAsReference("ipam.addresses", $"CNI version {request.CniVersion} does not support more than 1 address per family");
    }
}

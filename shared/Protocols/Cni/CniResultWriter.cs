namespace Plugboard.Protocols.Cni;

/// <summary>
/// Writes a result in the form its config's version wants, keys in the order of the reference, indented, without a line end.
/// </summary>
public static class CniResultWriter
{
    /// <summary>The result as <paramref name="cniVersion"/>, one of <see cref="CniVersions.All"/>, has it.</summary>
    /// <exception cref="CniException">Code 1: the version is unknown, or is 0.1.0 or 0.2.0, and there is no address although the config
    /// wants one.</exception>
    public static byte[] Write(CniResult result, string cniVersion)
    {
        var json = new JsonBuilder();
        json.BeginObject();
        json.String("cniVersion", cniVersion);
        switch (CniVersions.FamilyOf(cniVersion))
        {
            case CniResultFamily.V020:
                Write020(json, result);
                break;
            case CniResultFamily.V040:
                Write040(json, result);
                break;
            case CniResultFamily.V100:
                Write100(json, result);
                break;
            default:
                throw new CniException(
                    CniErrorCode.IncompatibleVersion,
                    $"no converter for CNI result version {CniVersions.Current} to {cniVersion}",
                    "use a cniVersion that VERSION lists"
                );
        }

        json.EndObject();
        return json.ToArray();
    }

    /// <summary>Throws where a version has no form for a network without addresses, so that nothing is done in vain.</summary>
    /// <exception cref="CniException">Code 1: it is 0.1.0 or 0.2.0.</exception>
    public static void RequireLayer2(string cniVersion)
    {
        if (CniVersions.FamilyOf(cniVersion) == CniResultFamily.V020)
            throw NoAddresses();
    }

    private static CniException NoAddresses() =>
        new(CniErrorCode.IncompatibleVersion, "cannot convert: no valid IP addresses")
        {
            Advice = "cniVersion 0.1.0 and 0.2.0 cannot describe a network without addresses: set cniVersion to 0.3.0 or later",
        };

    private static void Write020(JsonBuilder json, CniResult result)
    {
        var any = Write020Family(json, "ip4", result, is6: false) | Write020Family(json, "ip6", result, is6: true);
        if (!any && !result.IsLayer2)
            throw NoAddresses();

        WriteDns(json, result.Dns);
    }

    private static bool Write020Family(JsonBuilder json, string name, CniResult result, bool is6)
    {
        foreach (var ip in result.IPs)
        {
            if (ip.Address.Is6 != is6)
                continue;
            json.BeginObject(name);
            json.String("ip", ip.Address.ToString());
            json.StringUnlessEmpty("gateway", ip.Gateway?.ToString());
            Write020Routes(json, result.Routes, is6);
            json.EndObject();
            return true;
        }

        return false;
    }

    private static void Write020Routes(JsonBuilder json, IReadOnlyList<CniRoute> routes, bool is6)
    {
        var any = false;
        foreach (var route in routes)
        {
            if (route.Dst.Is6 != is6)
                continue;
            if (!any)
                json.BeginArray("routes");
            any = true;
            json.BeginObject();
            json.String("dst", route.Dst.ToString());
            json.StringUnlessEmpty("gw", route.Gw?.ToString());
            json.EndObject();
        }

        if (any)
            json.EndArray();
    }

    private static void Write040(JsonBuilder json, CniResult result)
    {
        if (result.Interfaces.Count > 0)
        {
            json.BeginArray("interfaces");
            foreach (var device in result.Interfaces)
            {
                json.BeginObject();
                json.String("name", device.Name);
                json.StringUnlessEmpty("mac", device.Mac);
                json.StringUnlessEmpty("sandbox", device.Sandbox);
                json.EndObject();
            }

            json.EndArray();
        }

        if (result.IPs.Count > 0)
        {
            json.BeginArray("ips");
            foreach (var ip in result.IPs)
            {
                json.BeginObject();
                json.String("version", ip.Address.Is6 ? "6" : "4");
                json.NumberUnlessNull("interface", ip.Interface);
                json.String("address", ip.Address.ToString());
                json.StringUnlessEmpty("gateway", ip.Gateway?.ToString());
                json.EndObject();
            }

            json.EndArray();
        }

        Write040Routes(json, result.Routes);
        WriteDns(json, result.Dns);
    }

    private static void Write040Routes(JsonBuilder json, IReadOnlyList<CniRoute> routes)
    {
        if (routes.Count == 0)
            return;
        json.BeginArray("routes");
        foreach (var route in routes)
        {
            json.BeginObject();
            json.String("dst", route.Dst.ToString());
            json.StringUnlessEmpty("gw", route.Gw?.ToString());
            json.NumberUnlessZero("mtu", route.Mtu);
            json.NumberUnlessZero("advmss", route.AdvMss);
            json.NumberUnlessZero("priority", route.Priority);
            json.NumberUnlessNull("table", route.Table);
            json.NumberUnlessNull("scope", route.Scope);
            json.EndObject();
        }

        json.EndArray();
    }

    private static void WriteDns(JsonBuilder json, CniDns dns)
    {
        json.BeginObject("dns");
        json.StringsUnlessEmpty("nameservers", dns.Nameservers);
        json.StringUnlessEmpty("domain", dns.Domain);
        json.StringsUnlessEmpty("search", dns.Search);
        json.StringsUnlessEmpty("options", dns.Options);
        json.EndObject();
    }

    // The reference passes these through a map, so every level's keys are in the order of the alphabet.
    private static void Write100(JsonBuilder json, CniResult result)
    {
        if (!result.Dns.IsEmpty)
        {
            json.BeginObject("dns");
            json.StringUnlessEmpty("domain", result.Dns.Domain);
            json.StringsUnlessEmpty("nameservers", result.Dns.Nameservers);
            json.StringsUnlessEmpty("options", result.Dns.Options);
            json.StringsUnlessEmpty("search", result.Dns.Search);
            json.EndObject();
        }

        Write100Interfaces(json, result.Interfaces);
        if (result.IPs.Count > 0)
        {
            json.BeginArray("ips");
            foreach (var ip in result.IPs)
            {
                json.BeginObject();
                json.String("address", ip.Address.ToString());
                json.StringUnlessEmpty("gateway", ip.Gateway?.ToString());
                json.NumberUnlessNull("interface", ip.Interface);
                json.EndObject();
            }

            json.EndArray();
        }

        Write100Routes(json, result.Routes);
    }

    private static void Write100Interfaces(JsonBuilder json, IReadOnlyList<CniInterface> interfaces)
    {
        if (interfaces.Count == 0)
            return;
        json.BeginArray("interfaces");
        foreach (var device in interfaces)
        {
            json.BeginObject();
            json.StringUnlessEmpty("mac", device.Mac);
            json.NumberUnlessZero("mtu", device.Mtu);
            json.String("name", device.Name);
            json.StringUnlessEmpty("pciID", device.PciId);
            json.StringUnlessEmpty("sandbox", device.Sandbox);
            json.StringUnlessEmpty("socketPath", device.SocketPath);
            json.EndObject();
        }

        json.EndArray();
    }

    private static void Write100Routes(JsonBuilder json, IReadOnlyList<CniRoute> routes)
    {
        if (routes.Count == 0)
            return;
        json.BeginArray("routes");
        foreach (var route in routes)
        {
            json.BeginObject();
            json.NumberUnlessZero("advmss", route.AdvMss);
            json.String("dst", route.Dst.ToString());
            json.StringUnlessEmpty("gw", route.Gw?.ToString());
            json.NumberUnlessZero("mtu", route.Mtu);
            json.NumberUnlessZero("priority", route.Priority);
            json.NumberUnlessNull("scope", route.Scope);
            json.NumberUnlessNull("table", route.Table);
            json.EndObject();
        }

        json.EndArray();
    }
}

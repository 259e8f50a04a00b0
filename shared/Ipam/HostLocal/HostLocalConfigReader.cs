using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Reads a config from its JSON and says all that is wrong with it. Pure.</summary>
internal static class HostLocalConfigReader
{
    /// <summary>Reads a call's config; what it gives is of use only where there are no problems.</summary>
    public static HostLocalConfig Read(CniRequest request, ConfigProblems problems)
    {
        var config = request.Config;
        var runtime = problems.Read("runtimeConfig", () => config.FindObject("runtimeConfig"));
        var ipam = problems.Read("ipam", () => config.FindObject("ipam"));
        if (ipam is not { } keys)
        {
            if (problems.Count == 0)
                problems.Add("ipam", "IPAM config missing 'ipam' key");
            return new HostLocalConfig { DataDir = "", ResolvConf = "", RangeSets = [], Routes = [], Requested = [] };
        }

        var dataDir = ReadPath("dataDir");
        var resolvConf = ReadPath("resolvConf");
        return new HostLocalConfig
        {
            DataDir = string.IsNullOrEmpty(dataDir) ? HostLocalConfig.DefaultDataDir : dataDir,
            ResolvConf = resolvConf ?? "",
            Requested = ReadRequested(request, runtime, problems),
            RangeSets = RangeSetReader.Read(request, keys, runtime, problems),
            Routes = ReadRoutes(keys, problems),
        };

        string? ReadPath(string key)
        {
            var path = problems.Read($"ipam.{key}", () => keys.GetString(key));
            if (path is not null && !HostLocalConfig.IsPath(path))
                problems.Add($"ipam.{key}", $"invalid {key}: a path holds no NUL");
            return path;
        }
    }

    private static List<IPAddr> ReadRequested(CniRequest request, ConfigNode? runtime, ConfigProblems problems)
    {
        var requested = new List<IPAddr>();
        // MAC is for the plugin that delegates: what serves the call as a whole is not unknown.
        var arguments = problems.Read("CNI_ARGS", () => CniArgs.Parse(request.Args, "IP", "MAC"));
        if (arguments?.Find("IP") is { Length: > 0 } text)
        {
            if (ParseRequested(text) is { } address)
                requested.Add(address);
            else
                problems.AddArgument($"ARGS: error parsing value of pair \"IP={text}\": invalid IP address {text}");
        }

        var cni = problems.Read("args.cni", () => request.Config.FindObject("args")?.FindObject("cni"));
        AddRequested(cni, requested, problems);
        AddRequested(runtime, requested, problems);
        return requested;
    }

    private static void AddRequested(ConfigNode? source, List<IPAddr> requested, ConfigProblems problems)
    {
        if (source is not { } node)
            return;
        var path = $"{node.Path}.ips";
        foreach (var text in problems.Read(path, () => node.GetStrings("ips")) ?? [])
        {
            if (ParseRequested(text) is { } address)
            {
                if (!requested.Contains(address))
                    requested.Add(address);
            }
            else
            {
                problems.Add(path, text.Length == 0 ? "cannot understand ip: IP <nil> not v4 nor v6" : $"invalid IP address {text}");
            }
        }
    }

    // The prefix length is read and ignored: the range's holds.
    private static IPAddr? ParseRequested(string text)
    {
        if (text.Contains('/'))
            return IPPrefix.TryParse(text, out var prefix) ? prefix.Address : null;
        return IPAddr.TryParse(text, out var address) ? address : null;
    }

    private static List<CniRoute> ReadRoutes(ConfigNode keys, ConfigProblems problems)
    {
        var routes = new List<CniRoute>();
        foreach (var node in problems.Read("ipam.routes", () => keys.GetList("routes")) ?? [])
        {
            var before = problems.Count;
            var destination = problems.Read($"{node.Path}.dst", () => node.FindPrefix("dst"));
            if (destination is null)
            {
                if (problems.Count == before)
                    problems.Add($"{node.Path}.dst", "a route wants a dst");
                continue;
            }

            routes.Add(new CniRoute(destination.Value)
            {
                Gw = problems.Read($"{node.Path}.gw", () => node.FindAddress("gw")),
                Mtu = problems.Read($"{node.Path}.mtu", () => node.FindInt("mtu")) ?? 0,
                AdvMss = problems.Read($"{node.Path}.advmss", () => node.FindInt("advmss")) ?? 0,
                Priority = problems.Read($"{node.Path}.priority", () => node.FindInt("priority")) ?? 0,
                Table = problems.Read($"{node.Path}.table", () => node.FindInt("table")),
                Scope = problems.Read($"{node.Path}.scope", () => node.FindInt("scope")),
            });
        }

        return routes;
    }
}

using System.Text;
using Plugboard.Addresses;
using Plugboard.Protocols.Cni;
using Xunit;

namespace Plugboard.Testing.Ipam;

/// <summary>A data directory of its own, and an IPAM plugin's verbs on it.</summary>
public sealed class IpamNetwork(CniPlugin plugin, string? under = null) : IDisposable
{
    public const string Name = "test";

    public string DataDir { get; } =
        under is null
            ? Directory.CreateTempSubdirectory("plugboard-ipam-").FullName
            : Directory.CreateDirectory(Path.Combine(under, "networks")).FullName;

    public string Leases => Path.Combine(DataDir, Name);

    public string Index => Path.Combine(DataDir, ".owners", Name);

    public string Config { get; set; } = """{"ranges":[[{"subnet":"10.1.2.0/24"}]]}""";

    public CniRequest Request(string id = "", string ifName = "eth0", string args = "", string more = "", string version = "1.1.0")
    {
        var ipam = Config.TrimEnd();
        var json = $$"""{"cniVersion":"{{version}}","name":"{{Name}}","ipam":{{ipam[..^1]}},"dataDir":"{{DataDir}}"}{{more}}}""";
        return Of(json, id, ifName, args, version);
    }

    public static CniRequest Of(string json, string id = "c1", string ifName = "eth0", string args = "", string version = "1.1.0") =>
        new()
        {
            Verb = CniVerb.Add,
            ContainerId = id,
            IfName = ifName,
            Args = args,
            StdinBytes = Encoding.UTF8.GetBytes(json),
            Config = new ConfigNode(JsonText.Parse(Encoding.UTF8.GetBytes(json), "config"), ""),
            NetworkName = Name,
            CniVersion = version,
        };

    public CniResult Add(string id, string ifName = "eth0", string args = "", string more = "") =>
        plugin.Add(Request(id, ifName, args, more));

    public string AddOne(string id, string ifName = "eth0", string args = "", string more = "") =>
        Add(id, ifName, args, more).IPs[0].Address.Address.ToString();

    public void Del(string id, string ifName = "eth0") => plugin.Del(Request(id, ifName));

    public void Check(string id, string ifName = "eth0") => plugin.Check(Request(id, ifName));

    public void Gc(params (string ContainerId, string IfName)[] valid) =>
        plugin.Gc(Request(), valid.Select(each => new Attachment(Name, each.ContainerId, each.IfName)).ToHashSet());

    public void Status() => plugin.Status(Request());

    public static CniException Fails(Action call) => Assert.Throws<CniException>(call);

    public void Write(string name, string content)
    {
        Directory.CreateDirectory(Leases);
        File.WriteAllText(Path.Combine(Leases, name), content);
    }

    public string Read(string name) => File.ReadAllText(Path.Combine(Leases, name));

    public bool Has(string name) => Path.Exists(Path.Combine(Leases, name));

    public IReadOnlyList<string> Files() =>
        [.. Directory.EnumerateFileSystemEntries(Leases).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    public string Log => Path.Combine(Index, "log");

    public string Snapshot => Path.Combine(Index, "snapshot");

    /// <summary>The containers that the index knows and that still have a lease.</summary>
    public IReadOnlyList<string> Owners()
    {
        var lines = File.Exists(Snapshot) ? File.ReadAllLines(Snapshot) : [];
        var added = File.ReadLines(Log).Where(line => line.StartsWith('+')).Select(line => line[2..]);
        var removed = File.ReadLines(Log).Where(line => line.StartsWith('-')).Select(line => line[2..]);
        return
        [
            .. lines
                .Except(removed)
                .Concat(added)
                .Select(line => line.Split(' '))
                .Where(IsLeased)
                .Select(words => words[0])
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }

    private bool IsLeased(string[] words) => Has(words[1]) && Read(words[1]).Split("\r\n")[0] == words[0];

    /// <summary>True where the index says of itself that it holds every owner.</summary>
    public bool IsIndexed()
    {
        var time = Directory.GetLastWriteTimeUtc(Leases) - DateTime.UnixEpoch;
        return File.Exists(Log)
            && File.ReadAllText(Log) is var text
            && text.EndsWith('\n')
            && text.Split('\n')[^2] is var seal
            && seal.StartsWith($"= {time.Ticks}", StringComparison.Ordinal)
            && seal.Length == $"= {time.Ticks}".Length + 2;
    }

    /// <summary>Makes an index's log as long as it is before the next snapshot: one more change has no place in it.</summary>
    public static void FillLog(string path, string pair)
    {
        const int Limit = 32 * 1024;
        var lines = File.ReadAllLines(path);
        var count = (Limit - 20 - new FileInfo(path).Length) / (pair.Length + 3);
        File.WriteAllText(path, string.Join('\n', [.. lines[..^1], .. Enumerable.Repeat($"+ {pair}", (int)count), lines[^1], ""]));
    }

    public void Dispose() => Directory.Delete(DataDir, recursive: true);
}

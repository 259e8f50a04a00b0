using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Runtimes;

/// <summary>
/// What CRI-O's files say of CNI: crio.conf, and then every file of crio.conf.d, and of the directories in it, in the order of the
/// names; a later file's keys replace those of an earlier one. <c>plugin_dir</c> is searched after <c>plugin_dirs</c>. Source:
/// crio.conf.d(5); cri-o's pkg/config/config.go (UpdateFromPath).
/// </summary>
internal sealed class CrioConfig
{
    /// <summary>The main file.</summary>
    public const string MainFile = "/etc/crio/crio.conf";

    /// <summary>The directory of the others.</summary>
    public const string Directory = "/etc/crio/crio.conf.d";

    private const int MostDepth = 8;

    private readonly HostFiles files;
    private readonly List<string> problems = [];
    private ConfigSetting? several;
    private ConfigSetting? single;
    private ConfigSetting? conf;
    private string? defaultNetwork;
    private bool isBroken;

    private CrioConfig(HostFiles files) => this.files = files;

    /// <summary>Reads the files.</summary>
    public static RuntimePaths Read(HostFiles files)
    {
        var config = new CrioConfig(files);
        config.ReadFile(MainFile);
        config.ReadDirectory(Directory, MostDepth);
        return config.Paths();
    }

    // With the directories in it, each where its name is among the files'.
    private void ReadDirectory(string directory, int depth)
    {
        foreach (var name in files.List(directory))
        {
            var path = $"{directory}/{name}";
            if (!files.HasDirectory(path))
                ReadFile(path);
            else if (depth > 0)
                ReadDirectory(path, depth - 1);
        }
    }

    private RuntimePaths Paths()
    {
        IReadOnlyList<string> directories = isBroken ? [] : [.. several?.Directories ?? [], .. single?.Directories ?? []];
        var place = (several ?? single)?.Place;
        return new RuntimePaths(
            "CRI-O",
            directories.Count > 0 ? directories : [RuntimePaths.UpstreamBinDirectory],
            (isBroken ? null : conf)?.Directories[0] ?? RuntimePaths.UsualConfDirectory,
            isBroken ? "CRI-O's default, assumed" : place ?? "CRI-O's default, which no file changes"
        )
        {
            Problems = problems,
            DefaultNetwork = isBroken ? null : defaultNetwork,
            IsAssumed = isBroken,
        };
    }

    private void ReadFile(string path)
    {
        try
        {
            if (files.Find(path) is { } content)
                Take(TomlDocumentReader.Read(content), path);
        }
        catch (DocumentException e)
        {
            Fail(e.In(path));
        }
        catch (ErrnoException e)
        {
            Fail(files.OnHost(e.Message));
        }
    }

    private void Take(DocumentNode document, string path)
    {
        var network = document.Find("crio")?.AsMap().Find("network")?.AsMap();
        several = ConfigSetting.FindMany(network, "plugin_dirs", path) ?? several;
        single = ConfigSetting.FindOne(network, "plugin_dir", path) ?? single;
        conf = ConfigSetting.FindOne(network, "network_dir", path) ?? conf;
        // An empty one takes back what an earlier file says.
        if (network?.Find("cni_default_network") is not null)
            defaultNetwork = ConfigSetting.FindText(network, "cni_default_network");
    }

    private void Fail(string problem)
    {
        isBroken = true;
        problems.Add(problem);
    }
}

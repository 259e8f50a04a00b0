using System.Globalization;
using System.IO.Enumeration;
using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Runtimes;

/// <summary>
/// What containerd's config.toml says of CNI, with its imports: a later file's keys replace those of an earlier one, and before
/// containerd 2.0 its whole section of a plugin the earlier one. Version 3 has the section
/// <c>[plugins.'io.containerd.cri.v1.runtime'.cni]</c>, version 2 <c>[plugins."io.containerd.grpc.v1.cri".cni]</c>, version 1
/// <c>[plugins.cri.cni]</c>. Source: containerd's cmd/containerd/server/config/config.go (LoadConfig, resolveImports, mergeConfig).
/// </summary>
internal sealed class ContainerdConfig
{
    private const int MostFiles = 100;
    private const string DropIns = "conf.d/*.toml";
    private const string Section1 = "cri";
    private const string Section2 = "io.containerd.grpc.v1.cri";
    private const string Section3 = "io.containerd.cri.v1.runtime";

    private readonly HostFiles files;
    private readonly List<string> problems = [];
    private ConfigSetting? single;
    private ConfigSetting? several;
    private ConfigSetting? conf;
    private int? usedConfigs;
    private string? template;
    private int version;
    private string root = "";

    /// <summary>The first number of containerd's version; null: unknown.</summary>
    private int? release;

    private ContainerdConfig(HostFiles files) => this.files = files;

    /// <summary>The CRI plugin is disabled: this containerd serves Docker, not a kubelet.</summary>
    public bool IsDisabled { get; private set; }

    /// <summary>A file could not be read.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Reads the file and its imports. A missing file is an empty one.</summary>
    /// <param name="files">The host's files.</param>
    /// <param name="path">The main file.</param>
    /// <param name="release">The first number of containerd's version; null: unknown.</param>
    public static ContainerdConfig Read(HostFiles files, string path, int? release)
    {
        var config = new ContainerdConfig(files) { release = release, root = path };
        var done = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Queue<(string Path, string? By)>([(path, null)]);
        while (pending.TryDequeue(out var next) && done.Count < MostFiles)
        {
            if (!done.Add(next.Path))
                continue;
            foreach (var import in config.ReadFile(next.Path, next.By))
                pending.Enqueue((import, next.Path));
        }

        if (!config.IsBroken && files.Exists(path))
            config.ReportUnread(done);
        return config;
    }

    // The file that containerd prints as its default imports this directory since 2.2. A file of before does not, and then containerd reads
    // nothing of it.
    private void ReportUnread(HashSet<string> read)
    {
        var pattern = $"{Path.GetDirectoryName(root)}/{DropIns}";
        foreach (var path in Glob(pattern).Where(path => !read.Contains(path)))
        {
            if (FindDirectories(path) is { } unread)
                problems.Add($"{unread.Place} has no effect: {root} does not import the file: add imports = ['{pattern}'] to it");
        }
    }

    private ConfigSetting? FindDirectories(string path)
    {
        try
        {
            var plugins = files.Find(path) is { } content ? TomlDocumentReader.Read(content).Find("plugins")?.AsMap() : null;
            return ((string[])[Section1, Section2, Section3])
                .Select(name => plugins?.Find(name)?.AsMap().Find("cni")?.AsMap())
                .Select(cni => ConfigSetting.FindOne(cni, "bin_dir", path) ?? ConfigSetting.FindMany(cni, "bin_dirs", path))
                .FirstOrDefault(static found => found is not null);
        }
        catch (Exception e) when (e is DocumentException or ErrnoException)
        {
            // A file that containerd does not read may be as it likes.
            return null;
        }
    }

    /// <summary>Where containerd looks.</summary>
    public RuntimePaths Paths(string runtime, ContainerdDefaults defaults)
    {
        var bin = IsBroken ? null : several ?? single;
        return new RuntimePaths(
            runtime,
            bin?.Directories ?? defaults.BinDirectories,
            (IsBroken ? null : conf)?.Directories[0] ?? RuntimePaths.UsualConfDirectory,
            bin?.Place ?? (IsBroken ? $"{defaults.Reason}, assumed" : $"{defaults.Reason}, which no file changes")
        )
        {
            Problems = [.. problems, .. Contradictions()],
            UsedConfigs = IsBroken ? 1 : usedConfigs ?? 1,
            Template = IsBroken ? null : template,
            IsAssumed = IsBroken,
        };
    }

    // containerd 2.1's ValidateRuntimeConfig.
    private IEnumerable<string> Contradictions()
    {
        if (single is not null && several is not null)
            yield return $"{single.Place}: bin_dir is set as well as bin_dirs ({several.Place}): containerd refuses both";
    }

    private IReadOnlyList<string> ReadFile(string path, string? by)
    {
        try
        {
            if (files.Find(path) is { } content)
                return Take(TomlDocumentReader.Read(content), path, isImport: by is not null);
            if (by is not null)
                Fail($"{by}: imports {path}, which does not exist");
        }
        catch (DocumentException e)
        {
            Fail(e.In(path));
        }
        catch (ErrnoException e)
        {
            Fail(files.OnHost(e.Message));
        }

        return [];
    }

    private void Fail(string problem)
    {
        IsBroken = true;
        problems.Add(problem);
    }

    private IReadOnlyList<string> Take(DocumentNode document, string path, bool isImport)
    {
        var own = document.Find("version")?.AsInteger(0, 99) ?? 0;
        if (!isImport)
            version = Math.Max(own, 1);
        else if (own > version && version > 1)
            throw document.Find("version")!.Refused($"is {own}, that of {root} is {version}: containerd refuses a higher one in an import");
        if (document.Find("disabled_plugins")?.AsList().Any(static item => item.AsText() is Section1 or Section2 or Section3) == true)
            IsDisabled = true;
        if (document.Find("plugins")?.AsMap() is { } plugins)
            TakePlugins(plugins, path, own, isImport);
        return document.Find("imports") is { } imports ? [.. imports.AsList().SelectMany(item => Resolve(item, path))] : [];
    }

    private void TakePlugins(DocumentNode plugins, string path, int own, bool isImport)
    {
        var of = own == 0 ? version : own;
        // An import without a version is converted from version 1 on, whichever names it uses.
        string[] read =
            of >= 3 && own == 0 ? [Section1, Section2, Section3]
            : of >= 3 ? [Section3]
            : of == 2 ? [Section2]
            : [Section1, Section2];
        foreach (var name in (string[])[Section1, Section2, Section3])
        {
            if (plugins.Find(name) is not { } section)
                continue;
            var isRead = read.Contains(name, StringComparer.Ordinal);
            if (isRead && isImport && version < 3)
                Replace(section, name, path);
            if (section.AsMap().Find("cni")?.AsMap() is not { } cni)
                continue;
            if (isRead)
                TakeCni(cni, path);
            else if ((ConfigSetting.FindOne(cni, "bin_dir", path) ?? ConfigSetting.FindMany(cni, "bin_dirs", path)) is { } unread)
                problems.Add(
                    $"{unread.Place}: the section [plugins.'{name}'.cni] has no effect in a file of version {of}: there it is "
                        + $"[plugins.'{read[^1]}'.cni]"
                );
        }
    }

    // Only from version 2.0 on containerd merges the sections of a plugin.
    private void Replace(DocumentNode section, string name, string path)
    {
        if (release >= 2)
            return;
        var cni = section.AsMap().Find("cni")?.AsMap();
        var isSet = (ConfigSetting.FindOne(cni, "bin_dir", path) ?? ConfigSetting.FindMany(cni, "bin_dirs", path)) is not null;
        if ((several ?? single) is { } lost && !isSet)
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"{path}, line {section.Line}");
            var which = release is null ? "before 2.0" : "1";
            problems.Add(
                $"{place}: containerd {which} takes this file's section [plugins.'{name}'] in place of the whole one, so that {lost.Place} "
                    + "has no effect: put all of the section into one file"
            );
        }

        if (release is not null)
            (several, single, conf, usedConfigs, template) = (null, null, null, null, null);
    }

    private void TakeCni(DocumentNode cni, string path)
    {
        single = ConfigSetting.FindOne(cni, "bin_dir", path) ?? single;
        several = ConfigSetting.FindMany(cni, "bin_dirs", path) ?? several;
        conf = ConfigSetting.FindOne(cni, "conf_dir", path) ?? conf;
        usedConfigs = cni.Find("max_conf_num")?.AsInteger(0, int.MaxValue) ?? usedConfigs;
        template = ConfigSetting.FindText(cni, "conf_template") ?? template;
    }

    // filepath.Glob if there is a star; a relative path is relative to the file.
    private IEnumerable<string> Resolve(DocumentNode import, string path)
    {
        if (import.AsText().Contains('\0', StringComparison.Ordinal))
            throw import.Refused("is not a path");
        var full = Path.GetFullPath(import.Text, Path.GetDirectoryName(path)!);
        return full.Contains('*', StringComparison.Ordinal) ? Glob(full) : [full];
    }

    private IEnumerable<string> Glob(string pattern)
    {
        IEnumerable<string> found = [""];
        foreach (var part in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found = part.Contains('*', StringComparison.Ordinal)
                ? found.SelectMany(directory =>
                    files
                        .List(directory + "/")
                        .Where(name => FileSystemName.MatchesSimpleExpression(part, name, ignoreCase: false))
                        .Select(name => $"{directory}/{name}")
                )
                : found.Select(directory => $"{directory}/{part}");
        }

        return [.. found.Where(files.Exists)];
    }
}

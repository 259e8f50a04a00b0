namespace Plugboard.ClusterFiles;

/// <summary>
/// The conflist in the runtime's directory. A runtime takes the node for ready when it sees one, so it is the last thing that is written,
/// it is written whole, and only while every plugin that it names can serve.
/// </summary>
/// <param name="path">The file, such as <c>/etc/cni/net.d/10-flannel.conflist</c>.</param>
/// <param name="binDirectories">Where the runtime looks for plugins, in its order.</param>
public sealed class ConflistWriter(string path, IReadOnlyList<string> binDirectories)
{
    private readonly PluginInspector plugins = new(binDirectories);

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>
    /// The conflist as its plugins can serve it. Where one of them does not speak the newest of <c>cniVersions</c>, such as an older
    /// release of the reference, but all speak
    /// <c>cniVersion</c>, the newer ones are left out: a runtime that took them would start no pod.
    /// </summary>
    public Conflist Fit(Conflist conflist)
    {
        if (conflist.CniVersion == conflist.FirstVersion || FindMissing(conflist).Count == 0)
            return conflist;
        var older = conflist.WithoutNewerVersions();
        return FindMissing(older).Count == 0 ? older : conflist;
    }

    /// <summary>What keeps the plugins that a conflist names from serving, one after the other; empty: nothing.</summary>
    public IReadOnlyList<MissingPlugin> FindMissing(Conflist conflist)
    {
        var missing = new List<MissingPlugin>();
        foreach (var type in conflist.Types)
        {
            if (plugins.FindFault(type, conflist.CniVersion) is { } fault)
                missing.Add(fault);
        }

        return missing;
    }

    /// <summary>
    /// Writes the conflist, as <see cref="Fit"/> makes it, where all its plugins can serve. One that says the same is left alone; where a
    /// plugin is missing, whatever is there stays.
    /// </summary>
    /// <exception cref="Linux.ErrnoException">It cannot be written.</exception>
    public ConflistOutcome Write(Conflist conflist)
    {
        var fitting = Fit(conflist);
        var missing = FindMissing(fitting);
        return new ConflistOutcome(missing.Count == 0 && DurableFile.Write(path, fitting.Content), missing);
    }

    /// <summary>Removes it: the runtime then starts no pod, and the node is not ready. False if it was missing.</summary>
    public bool Remove() => DurableFile.Remove(path);
}

/// <summary>What became of writing a conflist.</summary>
/// <param name="Written">The file was made or changed.</param>
/// <param name="Missing">What kept it from being written; empty if the file says what it should.</param>
public sealed record ConflistOutcome(bool Written, IReadOnlyList<MissingPlugin> Missing);

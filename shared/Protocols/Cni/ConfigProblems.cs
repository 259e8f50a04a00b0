namespace Plugboard.Protocols.Cni;

/// <summary>All that is wrong with a plugin's config, a sentence each, for who checks one; a call stops at the first.</summary>
public sealed class ConfigProblems
{
    private readonly List<string> sentences = [];

    /// <summary>What was found, in the order it was looked for.</summary>
    public IReadOnlyList<string> Sentences => sentences;

    /// <summary>Reads a key; what is refused is a problem of it.</summary>
    public void Try(string key, Action read)
    {
        try
        {
            read();
        }
        catch (CniException e)
        {
            Add(key, e.Message);
        }
    }

    /// <summary>Reads what several keys say together, where each by itself is right.</summary>
    public void TryTogether(string key, Action read)
    {
        if (sentences.Count == 0)
            Try(key, read);
    }

    /// <summary>A problem of a key.</summary>
    public void Add(string key, string sentence) => sentences.Add($"{key}: {sentence}");

    /// <summary>Names the keys that nobody reads.</summary>
    /// <param name="config">The config.</param>
    /// <param name="known">The plugin's keys; they are read in any case.</param>
    /// <param name="sentence">What is wrong with another.</param>
    public void AddUnknown(ConfigNode config, string[] known, string sentence)
    {
        foreach (var name in config.Names)
        {
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
                Add(name, sentence);
        }
    }
}

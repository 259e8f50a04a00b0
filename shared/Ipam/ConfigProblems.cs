using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam;

/// <summary>
/// All that is wrong with a config, in the order it was met, so that one reading of it serves the verbs and the validator.
/// </summary>
internal sealed class ConfigProblems
{
    private readonly List<(string Path, CniException Error, string? Cause)> found = [];

    /// <summary>How many there are.</summary>
    public int Count => found.Count;

    /// <summary>A value that has the right type but cannot be.</summary>
    /// <param name="path">The key.</param>
    /// <param name="message">What is wrong, in the reference's words where it refuses the value too.</param>
    /// <param name="cause">What these words leave out.</param>
    public void Add(string path, string message, string? cause = null)
    {
        var details = cause is null ? $"correct {path} in the network config" : $"{cause}: correct {path} in the network config";
        found.Add((path, new CniException(CniErrorCode.InvalidNetworkConfig, message, details), cause));
    }

    /// <summary>A value that the reference refuses with this very error, whose specs compare all of it: the key is advice.</summary>
    /// <param name="path">The key.</param>
    /// <param name="message">The reference's message.</param>
    public void AddAsReference(string path, string message) =>
        found.Add((path, AsReference(CniErrorCode.InvalidNetworkConfig, message, $"correct {path} in the network config"), null));

    /// <summary>What is wrong with CNI_ARGS, which is no part of the config but is read with it; in the reference's words.</summary>
    public void AddArgument(string message) =>
        found.Add(("CNI_ARGS", AsReference(CniErrorCode.InvalidEnvironment, message, "correct CNI_ARGS"), null));

    private static CniException AsReference(CniErrorCode code, string message, string advice) => new(code, message) { Advice = advice };

    /// <summary>What <paramref name="read"/> gives; where it throws, the default, and a problem more.</summary>
    public T? Read<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CniException e)
        {
            found.Add((path, e, null));
            return default;
        }
    }

    /// <summary>False, and a problem more, where the node is no object: one, not one for each key that it has not.</summary>
    public bool ReadObject(ConfigNode node)
    {
        var before = found.Count;
        if (!node.IsNull)
            Read(node.Path, () => node.Find(""));
        return found.Count == before;
    }

    /// <summary>
    /// Throws the first problem; what cannot be decoded comes before what is decoded but wrong, because the reference decodes first.
    /// </summary>
    public void ThrowFirst()
    {
        foreach (var (_, error, _) in found)
        {
            if (error.Code == CniErrorCode.DecodingFailure)
                throw error;
        }

        if (found.Count > 0)
            throw found[0].Error;
    }

    /// <summary>A sentence for each, which starts with the key's path.</summary>
    public IReadOnlyList<string> ToSentences() =>
        found.ConvertAll(static problem => $"{problem.Path}: {problem.Error.Message}" + (problem.Cause is { } cause ? $" ({cause})" : ""));
}

using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// Where an executable of a plugin's name is looked for: the rule without the looking. Source: CNI specification 1.1.0, section 4.
/// </summary>
public static class PluginPath
{
    /// <summary>The directories of CNI_PATH, in their order.</summary>
    /// <exception cref="CniException">Code 7: the name is invalid. Code 4: CNI_PATH is empty.</exception>
    public static IReadOnlyList<string> Directories(string type, string path)
    {
        if (type.Length == 0)
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "no plugin name provided",
                "set the type of the plugin to call, such as ipam.type"
            );
        if (type.Contains('/'))
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid plugin name: {Excerpt.Of(type)}",
                "a type is a file's name, not a path"
            );
        if (path.Length == 0)
            throw new CniException(CniErrorCode.InvalidEnvironment, "no paths provided", "set CNI_PATH to the directories of the plugins");
        return path.Split(':');
    }

    /// <summary>What to say where none of the directories has it.</summary>
    /// <param name="type">The plugin's name.</param>
    /// <param name="directories">Where it was looked for.</param>
    /// <param name="refusal">Why one of them could not be looked into; null if all could.</param>
    public static CniException NotFound(string type, IReadOnlyList<string> directories, string? refusal = null) =>
        new(
            CniErrorCode.InvalidEnvironment,
            $"failed to find plugin {GoText.Quote(type)} in path [{Excerpt.Of(string.Join(' ', directories), 1024)}]",
            refusal is null
                ? $"install {Excerpt.Of(type)} in a directory of CNI_PATH, or correct the type in the network config"
                : $"{refusal}: it may be there, and this call cannot see it; a directory's mode, a security module or a seccomp profile "
                    + "around the runtime can be the cause"
        );
}

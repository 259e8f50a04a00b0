using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Hosting;

/// <summary>
/// <c>validate</c> of another plugin of this build, whose executable is beside this one: what only that plugin knows of its keys. One of
/// another build may not know the verb.
/// </summary>
public static class NeighbourValidation
{
    private const int Invalid = 1;
    private const int LongestOutput = 1 << 20;

    private static readonly TimeSpan timeout = TimeSpan.FromSeconds(2);

    /// <summary>What the plugin finds, a sentence each; empty: nothing, or it is not there.</summary>
    /// <param name="type">The plugin's name.</param>
    /// <param name="config">Its config.</param>
    public static IReadOnlyList<string> Find(string type, byte[] config)
    {
        if (type.Length == 0 || type.Contains('/') || Path.GetDirectoryName(Environment.ProcessPath) is not { } directory)
            return [];
        try
        {
            var path = Path.Combine(directory, type);
            return FileDescriptor.FindStatus(path) is { IsRegular: true } && IsSameBuild(path) ? Run(path, config) : [];
        }
        catch (ErrnoException)
        {
            // It cannot be read or executed, which ADD and STATUS say.
            return [];
        }
    }

    private static bool IsSameBuild(string path) =>
        BuildId.FindOwn() is { } own && BuildId.Find(path) is { } other && own.AsSpan().SequenceEqual(other);

    private static string[] Run(string path, byte[] config)
    {
        var result = new Command(path)
        {
            Arguments = ["validate"],
            Input = config,
            Timeout = timeout,
            OutputLimit = LongestOutput,
            ErrorLimit = LongestOutput,
        }.Run();
        return result is { ExitCode: Invalid, TimedOut: false }
            ? Encoding.UTF8.GetString(result.Output).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : [];
    }
}

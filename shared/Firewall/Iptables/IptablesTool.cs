using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// Runs iptables-save and iptables-restore of one family in the calling thread's network namespace. Source: iptables-restore(8).
/// </summary>
internal sealed class IptablesTool(bool is6, IptablesOptions options)
{
    // include/xtables.h, RESOURCE_PROBLEM: the lock, and whatever nftables refuses.
    private const int ResourceProblem = 4;

    private static readonly string[] UsualFolders = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin"];

    /// <summary>The nat table as it is.</summary>
    /// <exception cref="IptablesException">The tool is missing or failed, or cannot read the table (exit status 0).</exception>
    public NatTable Save()
    {
        var path = Find("save");
        var result = Run(
            new Command(path)
            {
                Arguments = ["-t", options.Table],
                Environment = ChildEnvironment(),
                Timeout = options.Timeout,
            }
        );
        if (!result.Succeeded)
            throw Failed(path, result, null);
        var saved = Encoding.UTF8.GetString(result.Output);
        // iptables-nft-save prints only this, and succeeds, if another program put rules of nftables into its table: continuing would mean
        // seeing none of our rules.
        if (saved.Contains("is incompatible, use 'nft' tool", StringComparison.Ordinal))
            throw new IptablesException(
                path,
                0,
                null,
                $"{path}: the {options.Table} table holds rules that iptables cannot read; see `nft list table {(is6 ? "ip6" : "ip")} "
                    + $"{options.Table}`"
            );
        return NatTable.Parse(saved, options.Table);
    }

    /// <summary>
    /// Does what a script says, all of it or nothing; null when done, else the failure, which may be that the table changed meanwhile.
    /// </summary>
    /// <exception cref="IptablesException">The tool is missing, or could not get the lock.</exception>
    public IptablesException? Restore(RestoreScript script)
    {
        var path = Find("restore");
        var wait = Math.Max(1, (int)options.LockTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var result = Run(
            new Command(path)
            {
                Arguments = ["--noflush", "-w", wait],
                Environment = ChildEnvironment(),
                Input = Encoding.UTF8.GetBytes(script.Text),
                Timeout = options.LockTimeout + options.Timeout,
            }
        );
        if (result.Succeeded)
            return null;
        if (result.ExitCode == ResourceProblem && result.ErrorText.Contains("xtables lock", StringComparison.Ordinal))
            throw new IptablesLockedException(path, result.ExitCode, options.LockTimeout);
        return Failed(path, result, script);
    }

    private static CommandResult Run(Command command)
    {
        try
        {
            return command.Run();
        }
        catch (ErrnoException e) when (e.Call == "posix_spawn")
        {
            throw new IptablesException(command.Path, null, null, $"{command.Path} cannot be run: {ErrnoException.Describe(e.Errno)}");
        }
    }

    private static IptablesException Failed(string path, CommandResult result, RestoreScript? script)
    {
        var said = string.Join(
            ' ',
            result
                .ErrorText.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Where(line => !line.StartsWith("Try `", StringComparison.Ordinal))
        );
        var end =
            result.TimedOut ? "took too long and was killed"
            : result.ExitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $"exited with {code}")
            : string.Create(CultureInfo.InvariantCulture, $"was ended by signal {result.Signal}");
        var rule = script is null ? null : RestoreError.FindLine(said, script);
        var message = $"{path} {end}{(said.Length > 0 ? $": {said}" : "")}{(rule is null ? "" : $" (the line is: {rule})")}";
        return new IptablesException(path, result.TimedOut ? null : result.ExitCode, rule, message);
    }

    /// <summary>True if both tools are where they are searched.</summary>
    public bool IsInstalled => TryFind("save", out _) is not null && TryFind("restore", out _) is not null;

    /// <summary>True if iptables-restore is iptables-nft's program, whatever links lead to it.</summary>
    public bool IsNft =>
        TryFind("restore", out _) is { } path && RealPath.Of(path).EndsWith("/xtables-nft-multi", StringComparison.Ordinal);

    private string Find(string verb) =>
        TryFind(verb, out var folders) ?? throw new IptablesMissingException(NameOf(verb), [.. folders.Distinct()]);

    private string NameOf(string verb)
    {
        var variant = options.Variant switch
        {
            IptablesVariant.Nft => "-nft",
            IptablesVariant.Legacy => "-legacy",
            _ => "",
        };
        return $"{(is6 ? "ip6tables" : "iptables")}{variant}-{verb}";
    }

    private string? TryFind(string verb, out string[] folders)
    {
        var name = NameOf(verb);
        folders = [.. (options.Path ?? "").Split(':').Where(folder => folder.StartsWith('/')), .. UsualFolders];
        foreach (var folder in folders)
        {
            if (FileDescriptor.FindStatus($"{folder}/{name}") is { IsRegular: true })
                return $"{folder}/{name}";
        }

        return null;
    }

    // The tools load kernel modules by modprobe(8), and their own extensions from a folder that a node may have elsewhere.
    private string[] ChildEnvironment()
    {
        var path = string.IsNullOrEmpty(options.Path) ? string.Join(':', UsualFolders) : options.Path;
        string[] kept =
        [
            .. new[] { "XTABLES_LIBDIR", "XTABLES_LOCKFILE" }
                .Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
                .Where(variable => variable.Value is not null)
                .Select(variable => $"{variable.Name}={variable.Value}"),
        ];
        return [$"PATH={path}", "LC_ALL=C", .. kept];
    }
}

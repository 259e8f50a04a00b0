using Plugboard.ClusterFiles;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>
/// ip-masq-agent's configuration file. It is read when it changes and, in case no notification comes, after its own interval. An invalid
/// file leaves the last valid configuration in force, also that of an earlier run; else the defaults.
/// </summary>
/// <param name="path">The file; it may be absent.</param>
/// <param name="options">The flags.</param>
/// <param name="clock">The clock.</param>
/// <param name="backup">The file for the last valid content, for the next run; null: none.</param>
internal sealed class MasqueradeConfigFile(string path, MasqueradeOptions options, TimeProvider clock, string? backup = null) : IDisposable
{
    // Without the kernel's notifications, polling finds a change.
    private static readonly TimeSpan withoutWatch = TimeSpan.FromSeconds(3);

    // A program that writes a file in place empties it first.
    private static readonly TimeSpan settling = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly MasqueradeConfig defaults = MasqueradeConfig.Default(options.NoMasqAllReservedRanges);
    private PathWatch? watch;
    private ITimer? timer;
    private byte[]? seen;
    private byte[]? good;
    private byte[]? kept;
    private long? emptiedAt;
    private bool wasRead;
    private bool wasGood;

    /// <summary>The configuration in force; the same object while it is unchanged.</summary>
    public MasqueradeConfig Current { get; private set; } = MasqueradeConfig.Default(options.NoMasqAllReservedRanges);

    /// <summary>Why the file is not in force; null if it is, or is absent.</summary>
    public string? Failure { get; private set; }

    /// <summary>
    /// Why no configuration is in force: the file cannot be used, and neither could an earlier one. Null if one is in force.
    /// </summary>
    public string? Problem => wasGood ? null : Failure;

    /// <summary>Warnings: unknown keys, an invalid file while an earlier one is in force.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Calls back from now on when the file should be read again; the caller reads it.</summary>
    /// <param name="changed">Called on other threads.</param>
    /// <exception cref="ErrnoException">No more files can be watched; the file is read every few seconds all the same.</exception>
    public void Watch(Action changed)
    {
        timer = clock.CreateTimer(_ => changed(), null, withoutWatch, Timeout.InfiniteTimeSpan);
        watch = PathWatch.Start(Path.GetFullPath(path), changed);
        lock (gate)
            SetTimer();
    }

    /// <summary>Reads the file if it changed; true if the configuration in force changed.</summary>
    public bool Refresh()
    {
        lock (gate)
        {
            var before = Current;
            // A part of a file may be valid and have fewer networks: the watch calls when it is whole.
            if (!wasRead || watch is not { IsBeingWritten: true })
                Read();
            SetTimer();
            return !ReferenceEquals(before, Current);
        }
    }

    // What comes first.
    private void SetTimer()
    {
        var wait = watch is null && Current.ResyncInterval > withoutWatch ? withoutWatch : Current.ResyncInterval;
        timer?.Change(emptiedAt is null ? wait : settling, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Saves the content in force for a run that begins with an invalid file; nothing is written if it is saved already.</summary>
    /// <exception cref="ErrnoException">It cannot be written.</exception>
    public void SaveBackup()
    {
        lock (gate)
        {
            if (backup is null || good is null || ReferenceEquals(good, kept))
                return;
            DurableFile.Write(backup, good);
            kept = good;
        }
    }

    /// <summary>The backup's content, if it exists.</summary>
    public string? FindBackup() => backup is not null && FileDescriptor.FindStatus(backup) is not null ? backup : null;

    private void Read()
    {
        byte[]? bytes;
        try
        {
            bytes = ReadBytes(path);
        }
        catch (ErrnoException e)
        {
            seen = null;
            wasRead = false;
            Fail(e.Message);
            return;
        }
        catch (MasqueradeConfigException e)
        {
            (wasRead, seen) = (true, null);
            Fail(e.Message);
            return;
        }

        if (wasRead && Failure is null && IsJustEmptied(bytes))
            return;
        if (wasRead && (bytes is null ? seen is null && Failure is null : bytes.AsSpan().SequenceEqual(seen)))
            return;
        (wasRead, seen) = (true, bytes);
        if (bytes is null)
        {
            Take(defaults, []);
            good = [];
        }
        else
        {
            Parse(bytes);
        }
    }

    // An empty file has no keys, but for a moment it may be one that is being written.
    private bool IsJustEmptied(byte[]? bytes)
    {
        if (bytes is not { Length: 0 } || seen is null or { Length: 0 })
        {
            emptiedAt = null;
            return false;
        }

        emptiedAt ??= clock.GetTimestamp();
        if (clock.GetElapsedTime(emptiedAt.Value) < settling)
            return true;
        emptiedAt = null;
        return false;
    }

    private void Parse(byte[] bytes)
    {
        try
        {
            var (config, warnings) = new MasqueradeConfigReader(defaults, options.EnableIPv6).Read(bytes);
            Take(config, warnings);
            good = bytes;
        }
        catch (MasqueradeConfigException e)
        {
            Fail(e.Message);
        }
    }

    private void Take(MasqueradeConfig config, IReadOnlyList<string> warnings)
    {
        if (config != Current)
            Current = config;
        (wasGood, Failure) = (true, null);
        Warnings = [.. warnings.Select(warning => $"{path}: {warning}")];
    }

    private void Fail(string reason)
    {
        Failure = $"{path} cannot be used: {reason}";
        if (!wasGood)
            TakeBackup();
        Warnings = wasGood ? [$"{Failure}; the last valid configuration stays in force"] : [];
    }

    // The kernel still has the rules of an earlier run's configuration.
    private void TakeBackup()
    {
        try
        {
            if (backup is null || ReadBytes(backup) is not { } bytes)
                return;
            Current = new MasqueradeConfigReader(defaults, options.EnableIPv6).Read(bytes).Config;
            (wasGood, good, kept) = (true, bytes, bytes);
        }
        catch (Exception e) when (e is ErrnoException or MasqueradeConfigException)
        {
            // Written with other flags, or damaged: ignored.
            wasGood = false;
        }
    }

    // One byte more than the limit shows that there is more.
    private static byte[]? ReadBytes(string from)
    {
        using var file = FileDescriptor.FindForReading(from);
        if (file is null)
            return null;
        var buffer = new byte[4096];
        var length = 0;
        while (length <= MasqueradeConfigReader.LongestText && file.Read(buffer.AsSpan(length)) is var count and > 0)
        {
            length += count;
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, MasqueradeConfigReader.LongestText + 1));
        }

        return buffer[..length];
    }

    /// <summary>Stops watching; the configuration in force stays.</summary>
    public void Dispose()
    {
        watch?.Dispose();
        timer?.Dispose();
    }
}

using System.Text;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>
/// ip-masq-agent's configuration file. It is read when it changes and, in case nobody told, after the interval it names itself. A file that cannot be used leaves the last good
/// configuration in force; without any good one before, the defaults.
/// </summary>
/// <param name="path">The file; it need not be there.</param>
/// <param name="options">The flags.</param>
/// <param name="clock">The clock.</param>
internal sealed class MasqueradeConfigFile(string path, MasqueradeOptions options, TimeProvider clock) : IDisposable
{
    private readonly Lock gate = new();
    private readonly MasqueradeConfig defaults = MasqueradeConfig.Default(options.NoMasqAllReservedRanges);
    private PathWatch? watch;
    private ITimer? timer;
    private byte[]? seen;
    private bool wasRead;
    private bool wasGood;

    /// <summary>What is in force; the same object while nothing changes.</summary>
    public MasqueradeConfig Current { get; private set; } = MasqueradeConfig.Default(options.NoMasqAllReservedRanges);

    /// <summary>Why the file is not in force; null where it is, or is not there.</summary>
    public string? Failure { get; private set; }

    /// <summary>Why nothing that somebody configured is in force: the file cannot be used and none before it could. Null: something is.</summary>
    public string? Problem => wasGood ? null : Failure;

    /// <summary>What is odd: keys nobody knows, a file that cannot be used while an earlier one is in force.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Tells from now on when the file should be read again; the caller reads it.</summary>
    /// <param name="changed">Called on other threads.</param>
    /// <exception cref="ErrnoException">No more files can be watched; the interval is kept all the same.</exception>
    public void Watch(Action changed)
    {
        timer = clock.CreateTimer(_ => changed(), null, Current.ResyncInterval, Timeout.InfiniteTimeSpan);
        watch = PathWatch.Start(path, changed);
    }

    /// <summary>Reads the file where it is another than before; true where what is in force changed.</summary>
    public bool Refresh()
    {
        lock (gate)
        {
            var before = Current;
            Read();
            timer?.Change(Current.ResyncInterval, Timeout.InfiniteTimeSpan);
            return !ReferenceEquals(before, Current);
        }
    }

    private void Read()
    {
        byte[]? bytes;
        try
        {
            bytes = ReadBytes();
        }
        catch (ErrnoException e)
        {
            seen = null;
            wasRead = false;
            Fail(e.Message);
            return;
        }

        if (wasRead && (bytes is null ? seen is null : bytes.AsSpan().SequenceEqual(seen)))
            return;
        (wasRead, seen) = (true, bytes);
        if (bytes is null)
            Take(defaults, []);
        else
            Parse(bytes);
    }

    private void Parse(byte[] bytes)
    {
        try
        {
            if (bytes.Length > MasqueradeConfigReader.LongestText)
                throw new MasqueradeConfigException($"it is longer than {MasqueradeConfigReader.LongestText} bytes");
            var (config, warnings) = new MasqueradeConfigReader(defaults, options.EnableIPv6).Read(Encoding.UTF8.GetString(bytes));
            Take(config, warnings);
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
        Warnings = wasGood ? [$"{Failure}; the last good configuration stays in force"] : [];
    }

    // One byte more than is taken tells that there is more.
    private byte[]? ReadBytes()
    {
        using var file = FileDescriptor.FindForReading(path);
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

    /// <summary>Stops watching; what is in force stays.</summary>
    public void Dispose()
    {
        watch?.Dispose();
        timer?.Dispose();
    }
}

namespace Plugboard.Testing;

/// <summary>A clock that stands still until a test lets time pass.</summary>
public sealed class ManualTime : TimeProvider
{
    private static readonly TimeSpan longest = TimeSpan.FromSeconds(20);

    private readonly Lock changing = new();
    private readonly List<ManualTimer> timers = [];
    private readonly SemaphoreSlim added = new(0);
    private DateTimeOffset now = new(2025, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private TimeSpan set;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (changing)
            return now + set;
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (changing)
            return now.Ticks;
    }

    /// <summary>Sets the clock, as an administrator or NTP does: no time passes.</summary>
    public void SetClock(TimeSpan by)
    {
        lock (changing)
            set += by;
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits, in real time, until a thread waits for a time within the bounds, and lets that time pass; the time.</summary>
    public async Task<TimeSpan> PassAsync(TimeSpan least, TimeSpan most)
    {
        using var limit = new CancellationTokenSource(longest);
        while (true)
        {
            if (Find(least, most) is { } left)
            {
                Pass(left);
                return left;
            }

            try
            {
                await added.WaitAsync(TimeSpan.FromMilliseconds(50), limit.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"no thread waits between {least} and {most}; there are {Describe()}", e);
            }
        }
    }

    /// <summary>Lets time pass; what is due then happens now.</summary>
    public void Pass(TimeSpan time)
    {
        List<ManualTimer> due;
        lock (changing)
        {
            now += time;
            due = timers.Where(timer => timer.Due <= now).ToList();
            timers.RemoveAll(due.Contains);
        }

        foreach (var timer in due)
            timer.Ring();
    }

    private TimeSpan? Find(TimeSpan least, TimeSpan most)
    {
        lock (changing)
        {
            var fitting = timers.Select(timer => timer.Due - now).Where(left => left >= least && left <= most).ToList();
            return fitting.Count > 0 ? fitting.Min() : null;
        }
    }

    private string Describe()
    {
        lock (changing)
            return string.Join(", ", timers.Select(timer => timer.Due - now));
    }

    private void Set(ManualTimer timer, TimeSpan due)
    {
        lock (changing)
        {
            timers.Remove(timer);
            if (due < TimeSpan.Zero)
                return;
            timer.Due = now + due;
            timers.Add(timer);
        }

        added.Release();
    }

    private sealed class ManualTimer(ManualTime time, Action ring) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        public void Ring() => ring();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time.Set(this, dueTime);
            return true;
        }

        public void Dispose() => time.Set(this, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

using Plugboard.Coordinator.Tracking;

namespace Plugboard.Tests.Unit.Coordinator.Tracking;

/// <summary>What wakes a thread that may be gone.</summary>
public sealed class LateSignalTests
{
    [Fact]
    public void It_wakes_who_waits_and_who_waits_next()
    {
        using var signal = new LateSignal();
        signal.Set();
        var began = TimeProvider.System.GetTimestamp();
        signal.Wait(TimeSpan.FromMinutes(1));
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(50));
    }

    [Fact]
    public void Set_after_the_end_it_crashes_nothing()
    {
        var signal = new LateSignal();
        signal.Dispose();
        signal.Set();
        var thread = new Thread(signal.Set);
        thread.Start();
        thread.Join();
    }
}

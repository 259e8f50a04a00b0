using Plugboard.Install;
using Plugboard.Installer;
using Plugboard.Testing;

namespace Plugboard.Tests.Unit.Install;

public sealed class WatchedTargetTests
{
    private readonly ManualTime time = new();

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(20000)]
    public void The_pause_before_the_next_repair_passes_however_the_clock_is_set(int days)
    {
        var target = new WatchedTarget(InstallTarget.Plugin("bridge"), "digest", time);
        var pauses = Enumerable.Range(0, 4).Select(_ => target.Count()).ToArray();
        Assert.Equal([0, 1, 2, 4], pauses.Select(static pause => pause.TotalSeconds));

        time.SetClock(TimeSpan.FromDays(days));
        Assert.Equal(4, target.Left.TotalSeconds);
        time.Pass(TimeSpan.FromSeconds(3));
        Assert.Equal(1, target.Left.TotalSeconds);
        time.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, target.Left);
        Assert.Equal(8, target.Count().TotalSeconds);

        time.Pass(TimeSpan.FromMinutes(11));
        Assert.Equal(TimeSpan.Zero, target.Count());
    }
}

using Plugboard.Coordinator.Sources;

namespace Plugboard.Tests.Unit.Coordinator.Sources;

public sealed class RetryPauseTests
{
    [Fact]
    public void Pauses_double_to_the_most_and_begin_again_after_a_success()
    {
        var pause = new RetryPause(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), new Chance(0.5));

        Assert.Equal([1, 2, 4, 5, 5], Enumerable.Range(0, 5).Select(_ => pause.Take().TotalSeconds));
        pause.Reset();
        Assert.Equal(1, pause.Take().TotalSeconds);
    }

    [Theory]
    [InlineData(0, 400, 50)]
    [InlineData(0.5, 800, 75)]
    [InlineData(1, 1200, 100)]
    public void Each_is_longer_or_shorter_by_chance_and_never_over_what_the_documents_say(double chance, double kubernetes, double etcd)
    {
        Assert.Equal(kubernetes, RetryPause.OfKubernetes(new Chance(chance)).Take().TotalMilliseconds);
        Assert.Equal(
            etcd,
            new RetryPause(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30), new Chance(chance)) { Longest = 1 }
                .Take()
                .TotalMilliseconds
        );
        Assert.InRange(RetryPause.OfEtcd().Take().TotalMilliseconds, 50, 100);
        Assert.Equal(1000, RetryPause.OfNode().Take().TotalMilliseconds);
    }

    [Fact]
    public void A_time_that_was_asked_for_is_spread_and_does_not_lengthen_the_next_pause()
    {
        var pause = RetryPause.OfKubernetes(new Chance(0));

        Assert.Equal(5, pause.Spread(TimeSpan.FromSeconds(10)).TotalSeconds);
        Assert.Equal(400, pause.Take().TotalMilliseconds);
    }

    private sealed class Chance(double value) : Random
    {
        public override double NextDouble() => value;
    }
}

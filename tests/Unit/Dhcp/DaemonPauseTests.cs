using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Daemon;

namespace Plugboard.Tests.Unit.Dhcp;

public sealed class DaemonPauseTests
{
    // poll(2) does not count the time that the machine sleeps, a lease's time does.
    [Theory]
    [InlineData(1_000_000 + 6 * 3_600_000L, 30_000)]
    [InlineData(1_000_000 + 1500, 1500)]
    [InlineData(1_000_000 - 1, 0)]
    [InlineData(Lease.Never, -1)]
    public void What_is_due_is_looked_at_soon_after_the_machine_has_slept(long due, long pause) =>
        Assert.Equal(pause, DhcpDaemon.PauseUntil(due, now: 1_000_000));
}

using Plugboard.Hosting;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Hosting;

public sealed class BusyLockTests
{
    [Fact]
    public void A_lock_that_is_not_released_is_code_11_with_its_holders_number_and_its_path()
    {
        var path = Path.GetTempFileName();
        using var held = FileLock.Take(FileDescriptor.OpenForReading(path), TimeSpan.Zero);
        using var wanted = FileDescriptor.OpenForReading(path);
        var busy = Assert.Throws<FileLockTimeoutException>(() => FileLock.Take(wanted, TimeSpan.FromMilliseconds(20)));
        var error = CniFailure.Describe(busy, new FakePlugin());
        Assert.Equal(CniErrorCode.TryAgainLater, error.Code);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.EndsWith($"held by process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
        File.Delete(path);
    }
}

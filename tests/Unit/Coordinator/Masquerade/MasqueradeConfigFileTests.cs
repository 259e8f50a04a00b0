using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Masquerade.Configuration;

namespace Plugboard.Tests.Unit.Coordinator.Masquerade;

public sealed class MasqueradeConfigFileTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("config").FullName;
    private readonly MasqueradeConfigFile file;

    public MasqueradeConfigFileTests() => file = new MasqueradeConfigFile(ConfigPath, new MasqueradeOptions(), TimeProvider.System);

    private string ConfigPath => Path.Combine(directory, "ip-masq-agent");

    private void Write(string text) => File.WriteAllText(ConfigPath, text);

    [Fact]
    public void A_file_that_is_missing_or_goes_means_the_defaults()
    {
        Assert.False(file.Refresh());
        Write("masqLinkLocal: true");
        Assert.True(file.Refresh());
        File.Delete(ConfigPath);
        Assert.True(file.Refresh());

        Assert.Equal(MasqueradeConfig.Default(allReserved: false), file.Current);
        Assert.Null(file.Problem);
    }

    [Fact]
    public void A_first_file_that_cannot_be_used_is_a_problem_and_the_defaults_are_in_force()
    {
        Write("nonMasqueradeCIDRs: [x]");
        file.Refresh();

        Assert.Equal($"{ConfigPath} cannot be used: CIDR \"x\" could not be parsed, invalid CIDR address: x", file.Problem);
        Assert.Equal(MasqueradeConfig.Default(allReserved: false), file.Current);

        Write("masqLinkLocal: true");
        file.Refresh();
        Assert.Null(file.Problem);
        Assert.True(file.Current.MasqLinkLocal);
    }

    [Fact]
    public void A_later_file_that_cannot_be_used_leaves_the_last_good_one_in_force()
    {
        Write("masqLinkLocal: true");
        file.Refresh();
        var good = file.Current;
        foreach (var bad in new[] { "{*", "*", "resyncInterval: 0s", new string('x', MasqueradeConfigReader.LongestText + 5) })
        {
            Write(bad);
            Assert.False(file.Refresh());
            Assert.Same(good, file.Current);
            Assert.Null(file.Problem);
            Assert.EndsWith("the last good configuration stays in force", Assert.Single(file.Warnings), StringComparison.Ordinal);
        }

        Write("masqLinkLocal: true\n# again");
        Assert.False(file.Refresh());
        Assert.Empty(file.Warnings);
    }

    [Fact]
    public void A_directory_in_its_place_is_no_reason_to_end()
    {
        Directory.CreateDirectory(ConfigPath);
        file.Refresh();

        Assert.Contains("cannot be used", file.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_is_told_at_once_and_a_lost_one_after_the_interval()
    {
        using var told = new AutoResetEvent(initialState: false);
        Write("resyncInterval: 100ms");
        file.Refresh();
        file.Watch(() => told.Set());

        // Nothing happens to the file.
        Assert.True(told.WaitOne(TimeSpan.FromSeconds(10)));

        Write("resyncInterval: 1h");
        Assert.True(told.WaitOne(TimeSpan.FromSeconds(10)));
    }

    public void Dispose()
    {
        file.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}

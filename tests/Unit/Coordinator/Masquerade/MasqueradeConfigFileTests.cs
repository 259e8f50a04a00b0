using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Linux;
using Plugboard.Testing;

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
            Assert.EndsWith("the last valid configuration stays in force", Assert.Single(file.Warnings), StringComparison.Ordinal);
        }

        Write("masqLinkLocal: true\n# again");
        Assert.False(file.Refresh());
        Assert.Empty(file.Warnings);
    }

    [Fact]
    public void The_last_good_content_of_an_earlier_run_stays_in_force_when_a_run_begins_with_a_broken_file()
    {
        var backup = Path.Combine(directory, "state", "ip-masq-agent");
        Write("nonMasqueradeCIDRs: [172.16.0.0/12]");
        using (var earlier = new MasqueradeConfigFile(ConfigPath, new MasqueradeOptions(), TimeProvider.System, backup))
        {
            earlier.Refresh();
            Assert.Null(earlier.FindBackup());
            earlier.SaveBackup();
            Assert.Equal(backup, earlier.FindBackup());
        }

        foreach (var broken in new[] { "nonMasqueradeCIDRs: [x]", "x: [\nx", "\0" })
        {
            Write(broken);
            using var later = new MasqueradeConfigFile(ConfigPath, new MasqueradeOptions(), TimeProvider.System, backup);
            later.Refresh();

            Assert.Equal("172.16.0.0/12", later.Current.NonMasqueradeCidrs.ToString());
            Assert.Null(later.Problem);
            Assert.EndsWith("the last valid configuration stays in force", Assert.Single(later.Warnings), StringComparison.Ordinal);
            later.SaveBackup();
            Assert.Equal("nonMasqueradeCIDRs: [172.16.0.0/12]", File.ReadAllText(backup));
        }

        // A file that is gone means the defaults, as for the agent, and after it no older one comes back.
        File.Delete(ConfigPath);
        using (var without = new MasqueradeConfigFile(ConfigPath, new MasqueradeOptions(), TimeProvider.System, backup))
        {
            without.Refresh();
            without.SaveBackup();
            Assert.Equal(MasqueradeConfig.Default(allReserved: false), without.Current);
        }

        Write("x: [\nx");
        using var last = new MasqueradeConfigFile(ConfigPath, new MasqueradeOptions(), TimeProvider.System, backup);
        last.Refresh();
        Assert.Equal(MasqueradeConfig.Default(allReserved: false), last.Current);
    }

    [Fact]
    public void A_file_that_is_emptied_counts_as_empty_only_when_it_stays_so()
    {
        var clock = new ManualTime();
        using var slow = new MasqueradeConfigFile(ConfigPath, new MasqueradeOptions(), clock);
        Write("masqLinkLocal: true");
        slow.Refresh();

        Write("");
        Assert.False(slow.Refresh());
        Write("masqLinkLocalIPv6: true");
        Assert.True(slow.Refresh());
        Assert.True(slow.Current is { MasqLinkLocal: false, MasqLinkLocalIPv6: true });

        Write("");
        Assert.False(slow.Refresh());
        clock.Pass(TimeSpan.FromSeconds(2));
        Assert.True(slow.Refresh());
        Assert.Equal(MasqueradeConfig.Default(allReserved: false), slow.Current);
    }

    [Fact]
    public void A_pipe_in_its_place_is_refused_at_once()
    {
        Assert.True(
            new Command("/usr/bin/mkfifo") { Arguments = [ConfigPath] }
                .Run()
                .Succeeded
        );
        file.Refresh();

        Assert.Equal(
            $"{ConfigPath} cannot be used: open {ConfigPath}: a named pipe, not a regular file: remove it or correct the path",
            file.Problem
        );
    }

    [Fact]
    public void A_change_behind_the_links_of_a_config_map_is_reported_also_by_a_relative_path()
    {
        foreach (var (version, text) in (ReadOnlySpan<(string, string)>)[("..1", "masqLinkLocal: false"), ("..2", "masqLinkLocal: true")])
        {
            Directory.CreateDirectory(Path.Combine(directory, version));
            File.WriteAllText(Path.Combine(directory, version, "ip-masq-agent"), text);
        }

        File.CreateSymbolicLink(Path.Combine(directory, "..data"), "..1");
        File.CreateSymbolicLink(ConfigPath, "..data/ip-masq-agent");
        using var told = new AutoResetEvent(initialState: false);
        using var relative = new MasqueradeConfigFile(
            Path.GetRelativePath(Environment.CurrentDirectory, ConfigPath),
            new MasqueradeOptions(),
            TimeProvider.System
        );
        relative.Refresh();
        relative.Watch(() => told.Set());

        File.CreateSymbolicLink(Path.Combine(directory, "..data_tmp"), "..2");
        // .NET moves no link that leads to a directory.
        Assert.True(
            new Command("/bin/mv") { Arguments = ["-T", Path.Combine(directory, "..data_tmp"), Path.Combine(directory, "..data")] }
                .Run()
                .Succeeded
        );

        Assert.True(told.WaitOne(TimeSpan.FromSeconds(5)));
        Assert.True(relative.Refresh());
        Assert.True(relative.Current.MasqLinkLocal);
    }

    [Fact]
    public void A_directory_in_its_place_is_no_reason_to_end()
    {
        Directory.CreateDirectory(ConfigPath);
        file.Refresh();

        Assert.Contains("cannot be used", file.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_is_reported_at_once_and_a_lost_one_after_the_interval()
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

namespace Plugboard.Tests.Unit.Runtimes;

public sealed class ContainerdConfigTests : IDisposable
{
    private const string File = "/etc/containerd/config.toml";

    private const string OfDebian = """
        version = 2

        [plugins]
          [plugins."io.containerd.grpc.v1.cri"]
            [plugins."io.containerd.grpc.v1.cri".cni]
              bin_dir = "/usr/lib/cni"
              conf_dir = "/etc/cni/net.d"
          [plugins."io.containerd.internal.v1.opt"]
            path = "/var/lib/containerd/opt"
        """;

    private readonly Host host = new();

    public void Dispose() => host.Dispose();

    [Theory]
    [InlineData(OfDebian, "/usr/lib/cni (containerd; /etc/containerd/config.toml, line 6)")]
    [InlineData(
        "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dirs = ['/usr/lib/cni',\n  \"/opt/cni/bin/\"] # both",
        "/usr/lib/cni:/opt/cni/bin (containerd; /etc/containerd/config.toml, line 3)"
    )]
    [InlineData(
        "version = 3\nplugins.'io.containerd.cri.v1.runtime'.cni.bin_dir = '''/a'''",
        "/a (containerd; /etc/containerd/config.toml, line 2)"
    )]
    [InlineData(
        "version = 2\nplugins = { 'io.containerd.grpc.v1.cri' = { cni = { bin_dir = \"/\\u0061\" } } }",
        "/a (containerd; /etc/containerd/config.toml, line 2)"
    )]
    [InlineData("[plugins.cri.cni]\nbin_dir = \"/a\"", "/a (containerd; /etc/containerd/config.toml, line 2)")]
    [InlineData("version = 2\n[debug]\nlevel = \"info\"", "/opt/cni/bin (containerd; containerd's default, which no file changes)")]
    [InlineData("", "/opt/cni/bin (containerd; containerd's default, which no file changes)")]
    [InlineData(
        "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dir = ''\nbin_dirs = []",
        "/opt/cni/bin (containerd; containerd's default, which no file changes)"
    )]
    public void The_directories_are_those_of_the_file(string content, string expected)
    {
        host.With(File, content);
        Assert.Equal(expected, host.Described);
        Assert.Empty(host.Paths.Problems);
    }

    [Fact]
    public void The_directory_of_network_configs_is_that_of_the_file()
    {
        Assert.Equal("/etc/cni/net.d", host.With(File, "version = 2").Paths.ConfDirectory);
        host.With(File, OfDebian.Replace("/etc/cni/net.d", "/etc/own", StringComparison.Ordinal));
        Assert.Equal("/etc/own", host.Paths.ConfDirectory);
    }

    [Fact]
    public void How_many_configs_it_uses_and_of_what_it_makes_one_is_in_the_file()
    {
        host.With(File, OfDebian);
        Assert.Equal((1, null), (host.Paths.UsedConfigs, host.Paths.Template));
        host.With(
            File,
            OfDebian.Replace("bin_dir", "max_conf_num = 0\nconf_template = \"/etc/cni.template\"\nbin_dir", StringComparison.Ordinal)
        );
        Assert.Equal((0, "/etc/cni.template"), (host.Paths.UsedConfigs, host.Paths.Template));
        Assert.Empty(host.Paths.Problems);
        host.With(File, OfDebian.Replace("bin_dir", "max_conf_num = -1\nbin_dir", StringComparison.Ordinal));
        Assert.StartsWith(
            "/etc/containerd/config.toml, line 6: max_conf_num is -1",
            Assert.Single(host.Paths.Problems),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("1.6.20~ds1-1+deb12u3", "/opt/cni/bin")]
    [InlineData("1.7.24~ds1-6+deb13u1", "/usr/lib/cni")]
    [InlineData("2.1.9+ds1-5", "/usr/lib/cni:/opt/cni/bin")]
    [InlineData("1.7.24-0ubuntu1~24.04.2", "/opt/cni/bin")]
    [InlineData("not a version with ds", "/opt/cni/bin")]
    public void Without_a_key_the_directories_are_the_package_s_default(string version, string expected)
    {
        host.WithPackage(version);
        Assert.Equal(expected, string.Join(':', host.Paths.BinDirectories));
        Assert.Equal(expected, string.Join(':', host.With(File, "version = 2").Paths.BinDirectories));
    }

    [Fact]
    public void The_default_of_a_package_is_named()
    {
        Assert.Equal(
            "the default of Debian's containerd 1.7.24~ds1-6+deb13u1, which no file changes",
            host.WithPackage("1.7.24~ds1-6+deb13u1").Paths.Source
        );
    }

    [Fact]
    public void A_removed_package_whose_files_remain_counts_as_absent()
    {
        host.With("/var/lib/dpkg/status", "Package: containerd\nStatus: deinstall ok config-files\nVersion: 1.7.24~ds1-6\n");
        Assert.Null(host.Find());
    }

    [Fact]
    public void An_imported_file_replaces_keys_and_leaves_the_others()
    {
        host.With(File, OfDebian + "\n[plugins.x]\n")
            .With(File, "imports = [\"conf.d/*.toml\"]\n" + OfDebian)
            .With("/etc/containerd/conf.d/20-b.toml", "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = \"/b\"\n")
            .With("/etc/containerd/conf.d/10-a.toml", "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = \"/a\"\n")
            .With("/etc/containerd/conf.d/30-c.toml.off", "bin_dir");
        Assert.Equal("/b (containerd; /etc/containerd/conf.d/20-b.toml, line 3)", host.Described);
        Assert.Equal("/etc/cni/net.d", host.Paths.ConfDirectory);
    }

    private const string Registry = "[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/etc/certs\"\n";

    [Theory]
    [InlineData("2.1.9-1", "containerd.io", "/usr/lib/cni", null)]
    [InlineData("1.7.27-1", "containerd.io", "/opt/cni/bin", "1 takes")]
    [InlineData("1.6.20~ds1-1+deb12u3", "containerd", "/opt/cni/bin", "1 takes")]
    [InlineData("3.1", "zlib1g", "/usr/lib/cni", "before 2.0 takes")]
    public void Before_version_2_an_import_replaces_a_plugin_s_whole_section(string version, string package, string expected, string? which)
    {
        host.WithPackage(version, package)
            .With(File, OfDebian.Replace("version = 2", "version = 2\nimports = [\"conf.d/*.toml\"]", StringComparison.Ordinal))
            .With("/etc/containerd/conf.d/registry.toml", Registry);
        Assert.Equal(expected, Assert.Single(host.Paths.BinDirectories));
        if (which is null)
            Assert.Empty(host.Paths.Problems);
        else
            Assert.Equal(
                $"/etc/containerd/conf.d/registry.toml, line 1: containerd {which} this file's section "
                    + "[plugins.'io.containerd.grpc.v1.cri'] in place of the whole one, so that /etc/containerd/config.toml, line 7 "
                    + "has no effect: put all of the section into one file",
                Assert.Single(host.Paths.Problems)
            );
    }

    [Theory]
    [InlineData("[plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = '/b'")]
    [InlineData("[plugins.cri.cni]\nbin_dir = '/b'")]
    [InlineData("[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dir = '/b'")]
    [InlineData("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = '/b'")]
    public void An_import_of_version_3_without_a_version_has_any_of_the_names(string import)
    {
        host.With(File, "version = 3\nimports = ['conf.d/*']\nplugins.'io.containerd.cri.v1.runtime'.cni.bin_dir = '/a'")
            .With("/etc/containerd/conf.d/b.toml", import);
        Assert.Equal("/b", Assert.Single(host.Paths.BinDirectories));
        Assert.Empty(host.Paths.Problems);
    }

    [Fact]
    public void An_import_of_a_higher_version_is_a_sentence()
    {
        host.With(File, "version = 2\nimports = ['conf.d/*']").With("/etc/containerd/conf.d/b.toml", "version = 3\n");
        Assert.Equal(
            "/etc/containerd/conf.d/b.toml, line 1: version is 3, that of /etc/containerd/config.toml is 2: "
                + "containerd refuses a higher one in an import",
            Assert.Single(host.Paths.Problems)
        );
        Assert.True(host.Paths.IsAssumed);
    }

    [Fact]
    public void Files_that_import_each_other_are_read_once()
    {
        host.With(File, "version = 3\nimports = ['/etc/containerd/config.toml', '/etc/other.toml']")
            .With("/etc/other.toml", "imports = ['containerd/config.toml']\nplugins.'io.containerd.cri.v1.runtime'.cni.bin_dir = '/a'");
        Assert.Equal("/a (containerd; /etc/other.toml, line 2)", host.Described);
    }

    [Theory]
    [InlineData("version = 2\n[plugins", "/etc/containerd/config.toml, line 2: invalid TOML")]
    [InlineData("version = 2\nversion = 2", "/etc/containerd/config.toml, line 2: version is present twice, first in line 1")]
    [InlineData("version = \"two\"", "/etc/containerd/config.toml, line 1: version must be a whole number, not \"two\"")]
    [InlineData("plugins = 3", "/etc/containerd/config.toml, line 1: plugins must be an object, not 3")]
    [InlineData("imports = \"a\"", "/etc/containerd/config.toml, line 1: imports must be a list, not \"a\"")]
    [InlineData(
        "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = [\"/a\"]",
        "/etc/containerd/config.toml, line 3: bin_dir must be a string, not a list"
    )]
    [InlineData(
        "version = 3\n[plugins.\"io.containerd.cri.v1.runtime\".cni]\nbin_dirs = \"/a\"",
        "/etc/containerd/config.toml, line 3: bin_dirs must be a list, not \"/a\""
    )]
    [InlineData("imports = [\"/a\\u0000b\"]", "/etc/containerd/config.toml, line 1: imports[0] is not a path")]
    [InlineData(
        "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = \"lib/cni\"",
        "/etc/containerd/config.toml, line 3: bin_dir must be an absolute path, not \"lib/cni\""
    )]
    [InlineData("imports = [\"/gone.toml\"]", "/etc/containerd/config.toml: imports /gone.toml, which does not exist")]
    [InlineData("a = \"\u0000\"", "/etc/containerd/config.toml, line 1: control characters are not allowed (0x00)")]
    public void A_file_that_cannot_be_read_is_a_sentence_with_file_and_line(string content, string problem)
    {
        host.With(File, content);
        Assert.StartsWith(problem, Assert.Single(host.Paths.Problems), StringComparison.Ordinal);
        Assert.Equal("/opt/cni/bin (containerd; containerd's default, assumed)", host.Described);
        Assert.True(host.Paths.IsAssumed);
    }

    [Fact]
    public void A_directory_in_the_place_of_the_file_is_a_sentence()
    {
        host.WithDirectory(File);
        Assert.Equal(
            "open /etc/containerd/config.toml: a directory, not a regular file: remove it or correct the path",
            Assert.Single(host.Paths.Problems)
        );
    }

    [Fact]
    public void A_section_of_another_version_is_reported_and_has_no_effect()
    {
        host.With(File, OfDebian.Replace("version = 2", "version = 3", StringComparison.Ordinal));
        Assert.Equal("/opt/cni/bin (containerd; containerd's default, which no file changes)", host.Described);
        Assert.Equal(
            "/etc/containerd/config.toml, line 6: the section [plugins.'io.containerd.grpc.v1.cri'.cni] has no effect in a file of "
                + "version 3: there it is [plugins.'io.containerd.cri.v1.runtime'.cni]",
            Assert.Single(host.Paths.Problems)
        );
    }

    [Fact]
    public void A_file_beside_it_that_it_does_not_import_is_reported()
    {
        host.With(File, OfDebian)
            .With("/etc/containerd/conf.d/10-cni.toml", "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dirs = ['/b']")
            .With("/etc/containerd/conf.d/20-mirrors.toml", "version = 2")
            .With("/etc/containerd/conf.d/30-broken.toml", "version = ");
        Assert.Equal("/usr/lib/cni", Assert.Single(host.Paths.BinDirectories));
        Assert.Equal(
            "/etc/containerd/conf.d/10-cni.toml, line 3 has no effect: /etc/containerd/config.toml does not import the file: "
                + "add imports = ['/etc/containerd/conf.d/*.toml'] to it",
            Assert.Single(host.Paths.Problems)
        );
    }

    [Fact]
    public void Both_keys_at_once_are_reported()
    {
        host.With(File, "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dir = '/a'\nbin_dirs = ['/b']");
        Assert.Equal(["/b"], host.Paths.BinDirectories);
        Assert.Contains("bin_dir is set as well as bin_dirs", Assert.Single(host.Paths.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("disabled_plugins = [\"cri\"]")]
    [InlineData("version = 3\ndisabled_plugins = ['io.containerd.cri.v1.runtime']")]
    public void A_containerd_without_CRI_is_no_runtime_of_a_kubelet(string content) => Assert.Null(host.With(File, content).Find());
}

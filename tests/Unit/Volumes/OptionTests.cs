using Plugboard.Linux;
using Plugboard.Linux.Mounts;
using Plugboard.Volumes;
using Plugboard.Volumes.Options;

namespace Plugboard.Tests.Unit.Volumes;

public sealed class OptionTests
{
    private static VolumeOptions Options(OptionNames names, params (string Name, string Value)[] given) =>
        new(given.ToDictionary(static g => g.Name, static g => g.Value), names);

    [Theory]
    [InlineData("1", 1)]
    [InlineData("512Mi", 512L << 20)]
    [InlineData("1.5Gi", 3L << 29)]
    [InlineData("10G", 10_000_000_000)]
    [InlineData("1k", 1000)]
    [InlineData("1e3", 1000)]
    [InlineData("1E", 1_000_000_000_000_000_000)]
    [InlineData("0.1", 1)]
    public void Sizes_are_Kubernetes_quantities(string text, long bytes)
    {
        Assert.True(Quantity.TryParse(text, out var parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Mi")]
    [InlineData("-1")]
    [InlineData("1 Gi")]
    [InlineData("1GiB")]
    [InlineData("1mi")]
    [InlineData("9999999999E")]
    [InlineData("1.2.3")]
    [InlineData("100m")]
    public void What_is_no_size_is_refused(string text) => Assert.False(Quantity.TryParse(text, out _));

    [Theory]
    [InlineData("sevrer", "server")]
    [InlineData("Share", "share")]
    [InlineData("pth", "path")]
    [InlineData("mountoption", "mountOptions")]
    [InlineData("bananas", null)]
    [InlineData("x", null)]
    [InlineData("", null)]
    public void The_nearest_option_is_found(string written, string? meant) =>
        Assert.Equal(meant, Spelling.FindNearest(written, ["server", "share", "path", "mountOptions", "subDir"]));

    [Fact]
    public void A_dialects_name_is_read_and_reported_in_messages()
    {
        var names = new OptionNames
        {
            IsLenient = true,
            Aliases = new Dictionary<string, string> { ["networkPath"] = "source" },
        };
        Assert.Equal("//a/b", Options(names, ("networkPath", "//a/b")).Find("source"));
        // Of a backend under our own names the documented name is reported, whatever else is read.
        Assert.Equal(
            "source",
            Assert.Throws<MissingOptionException>(() => Options(names with { IsLenient = false }).Get("cifs", "source")).Option
        );
        Assert.Equal("networkPath", Assert.Throws<MissingOptionException>(() => Options(names).Get("cifs", "source")).Option);
    }

    [Fact]
    public void Two_names_of_one_option_must_agree()
    {
        var names = new OptionNames { Aliases = new Dictionary<string, string> { ["path"] = "share" } };
        Assert.Equal("/a", Options(names, ("path", "/a"), ("share", "/a")).Find("share"));
        Assert.Contains(
            "mean the same and differ",
            Assert.Throws<VolumeException>(() => Options(names, ("path", "/a"), ("share", "/b")).Find("share")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Unknown_options_are_refused_unless_the_dialect_is_lenient()
    {
        Assert.Equal(
            "nfs: unknown option \"sevrer\" (did you mean \"server\"?)",
            Assert.Throws<VolumeException>(() => Options(OptionNames.Own, ("sevrer", "x")).RequireKnown("nfs", ["server"])).Message
        );
        Assert.Equal(
            "nfs: unknown option \"bananas\"",
            Assert.Throws<VolumeException>(() => Options(OptionNames.Own, ("bananas", "x")).RequireKnown("nfs", ["server"])).Message
        );
        Options(new OptionNames { IsLenient = true }, ("bananas", "x")).RequireKnown("nfs", ["server"]);
    }

    [Fact]
    public void A_lenient_dialect_reads_names_in_any_case_and_its_own_spelling_counts()
    {
        var names = new OptionNames
        {
            IsLenient = true,
            Aliases = new Dictionary<string, string> { ["mountoptions"] = "mountOptions" },
        };
        Assert.Equal(
            "own",
            Options(names, ("mountOptions", "backends"), ("mountoptions", "own"), ("MOUNTOPTIONS", "other")).Find("mountOptions")
        );
        Assert.Equal("backends", Options(names, ("MountOptions", "other"), ("mountOptions", "backends")).Find("mountOptions"));
        Assert.Equal("s", Options(names, ("Server", "s"), ("server", "")).Get("cifs", "server"));
        Assert.Null(Options(OptionNames.Own, ("Server", "s")).Find("server"));
        Assert.Equal(
            "option \"Size\"",
            Assert.Throws<VolumeException>(() => Options(names, ("Size", "x")).Size("local", "size")).Message["local: ".Length..][..13]
        );
    }

    [Fact]
    public void White_space_around_a_value_that_is_not_a_path_is_none_of_it()
    {
        var options = Options(OptionNames.Own, ("size", " 1Gi "), ("flag", "true\n"), ("uid", " 5"), ("mode", "0750 "));
        Assert.Equal(
            (1L << 30, true, 5u, 0x1e8u),
            (
                options.Size("x", "size")!.Value,
                options.Flag("x", "flag", false),
                options.Id("x", "uid")!.Value,
                options.Mode("x", "mode")!.Value
            )
        );
    }

    [Fact]
    public void A_long_foreign_text_leaves_room_for_the_reason()
    {
        var failure = Assert.Throws<VolumeException>(() =>
            Options(OptionNames.Own, (new string('x', 100_000), "")).RequireKnown("nfs", ["server"])
        );
        Assert.InRange(failure.Message.Length, 100, 200);
        Assert.EndsWith(
            "9…\"; a number is wanted",
            Assert.Throws<VolumeException>(() => Options(OptionNames.Own, ("uid", new string('9', 100_000))).Id("nfs", "uid")).Message,
            StringComparison.Ordinal
        );
        Assert.Equal("a?b", ShortText.Of("a\u001bb"));
        Assert.Equal(121, ShortText.Of(string.Concat(Enumerable.Repeat("\ud83d\ude00", 100))).Length);
    }

    [Theory]
    [InlineData("0750", 0x1e8)]
    [InlineData("2770", 0x5f8)]
    [InlineData("7", 7)]
    public void Modes_are_octal(string text, int mode) =>
        Assert.Equal((uint)mode, Options(OptionNames.Own, ("mode", text)).Mode("local", "mode"));

    [Theory]
    [InlineData("mode", "0980")]
    [InlineData("mode", "rwx")]
    [InlineData("mode", "77777")]
    [InlineData("uid", "-1")]
    [InlineData("uid", "4294967295")]
    [InlineData("uid", "root")]
    [InlineData("flag", "maybe")]
    [InlineData("size", "much")]
    [InlineData("size", "0")]
    public void A_wrong_value_is_reported_with_the_option_and_what_is_wanted(string name, string value)
    {
        var options = Options(OptionNames.Own, (name, value));
        var failure = Assert.Throws<VolumeException>(() =>
            name switch
            {
                "mode" => options.Mode("local", name),
                "uid" => options.Id("local", name),
                "size" => options.Size("local", name),
                _ => (object)options.Flag("local", name, false),
            }
        );
        Assert.StartsWith($"local: option \"{name}\" is \"{value}\"; ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mount_options_are_divided_into_the_mounts_and_the_filesystems()
    {
        var words = MountWords.Parse("nfs", "rw,ro,noatime,_netdev,nofail,timeo=600,hard", ["timeo", "hard"], new VolumePolicy());
        Assert.Equal(MountAttributes.ReadOnly | MountAttributes.NoAtime, words.Attributes);
        Assert.Equal([("timeo", "600"), ("hard", null)], words.Parameters.Select(static p => (p.Key, p.Value)));
    }

    [Fact]
    public void Mount_options_that_are_not_allowed_are_refused()
    {
        var policy = new VolumePolicy { AllowedMountOptions = ["fsc"], ForbiddenMountOptions = ["hard"] };
        Assert.Contains(
            "\"addr\" is not among those that are allowed",
            Assert.Throws<VolumeException>(() => MountWords.Parse("nfs", "addr=10.0.0.1", ["timeo"], policy)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "\"hard\" is forbidden (node config)",
            Assert.Throws<VolumeException>(() => MountWords.Parse("nfs", "hard", ["hard"], policy)).Message,
            StringComparison.Ordinal
        );
        Assert.Single(MountWords.Parse("nfs", "fsc", ["timeo"], policy).Parameters);
    }

    [Theory]
    [InlineData(
        "timo=600",
        "nfs: mount option \"timo\" is not among those that are allowed (did you mean \"timeo\"?); the node config's "
            + "allowedMountOptions can allow it"
    )]
    [InlineData(
        "nofial",
        "nfs: mount option \"nofial\" is not among those that are allowed (did you mean \"nofail\"?); the node config's "
            + "allowedMountOptions can allow it"
    )]
    [InlineData("remount,ro", "nfs: mount option \"remount\" is refused: it changes a mount instead of making one")]
    [InlineData("loop", "nfs: mount option \"loop\" is refused: it is for images; the driver for them is loop")]
    [InlineData(
        "hard timeo=600",
        "nfs: mount option \"hard timeo\" is refused: mount options are divided by commas, not by white space or semicolons"
    )]
    [InlineData(
        "ro;timeo=600",
        "nfs: mount option \"ro;timeo\" is refused: mount options are divided by commas, not by white space or semicolons"
    )]
    [InlineData("-o ro", "nfs: mount option \"-o ro\" is refused: write the options alone, without the \"-o\" of a command line")]
    [InlineData(
        "rw,no_root_squash",
        "nfs: mount option \"no_root_squash\" is refused: it is an option of the server's /etc/exports, not of a mount"
    )]
    [InlineData(
        "uid=1000",
        "nfs: mount option \"uid\" is refused: with NFS all files have the owner and the mode that they have on the server"
    )]
    public void A_refused_mount_option_is_reported_with_what_was_meant_or_why(string text, string message) =>
        Assert.Equal(message, Assert.Throws<VolumeException>(() => MountWords.Parse("nfs", text, ["timeo"], new VolumePolicy())).Message);

    // The rest of a password must not be in a pod's events.
    [Theory]
    [InlineData("username=bob,password=4o)y,h", "password")]
    [InlineData("pass=a,b=c,ro", "pass")]
    public void What_a_comma_cuts_off_a_password_is_not_repeated(string text, string key) =>
        Assert.Equal(
            $"cifs: what follows mount option \"{key}\" is not a mount option; a password ends there at its first comma: put it into "
                + "the Secret, or into double quotes",
            Assert
                .Throws<VolumeException>(() => MountWords.Parse("cifs", text, ["username", "password", "pass"], new VolumePolicy()))
                .Message
        );

    [Theory]
    [InlineData(
        "defaults,_netdev,nofail,auto,noauto,nouser,comment=x,x-systemd.automount,X-mount.mkdir=0755,retry=5,bg,fg,intr,nointr,"
            + "mand,nomand,loud,silent,iversion,user=bob"
    )]
    [InlineData(" , ,, defaults ,")]
    [InlineData("=x")]
    [InlineData("")]
    [InlineData(null)]
    public void What_is_for_mount_itself_is_dropped(string? text)
    {
        var words = MountWords.Parse("nfs", text, ["timeo"], new VolumePolicy());
        Assert.Equal((MountAttributes.None, 0), (words.Attributes, words.Parameters.Count));
    }

    [Theory]
    [InlineData("ro,rw", MountAttributes.None)]
    [InlineData("rw, ro", MountAttributes.ReadOnly)]
    [InlineData("noexec,exec", MountAttributes.None)]
    [InlineData("noatime,strictatime", MountAttributes.StrictAtime)]
    [InlineData("noatime,relatime", MountAttributes.None)]
    [InlineData("user", MountAttributes.NoExec | MountAttributes.NoSuid | MountAttributes.NoDev)]
    [InlineData("user,exec", MountAttributes.NoSuid | MountAttributes.NoDev)]
    [InlineData("group", MountAttributes.NoSuid | MountAttributes.NoDev)]
    [InlineData("nosymfollow", MountAttributes.NoSymFollow)]
    public void Of_two_mount_options_that_contradict_the_later_counts(string text, MountAttributes attributes) =>
        Assert.Equal(attributes, MountWords.Parse("nfs", text, [], new VolumePolicy()).Attributes);

    [Theory]
    [InlineData("sync,dirsync,lazytime", "sync,dirsync,lazytime")]
    [InlineData("sync,async,lazytime,nolazytime", "")]
    [InlineData("timeo = 600 ,  hard", "timeo=600,hard")]
    [InlineData("context=\"system_u:object_r:tmp_t:s0:c127,c456\",hard", "context=system_u:object_r:tmp_t:s0:c127,c456,hard")]
    [InlineData("sloppy,nonsense=1,hard", "hard")]
    [InlineData("hard,nonsense,sloppy", "hard")]
    public void Mount_options_are_read_as_mount_reads_them(string text, string parameters) =>
        Assert.Equal(
            parameters,
            string.Join(
                ',',
                MountWords
                    .Parse("nfs", text, ["timeo", "hard", "context"], new VolumePolicy())
                    .Parameters.Select(static p => p.Value is null ? p.Key : $"{p.Key}={p.Value}")
            )
        );

    [Fact]
    public void The_administrators_options_come_last()
    {
        var words = MountWords.Parse("nfs", "timeo=1", ["timeo"], new VolumePolicy()).With("timeo=600,noexec");
        Assert.Equal("600", words.Parameters[^1].Value);
        Assert.Equal(MountAttributes.NoExec, words.Attributes);
    }

    [Fact]
    public void A_secret_has_no_text()
    {
        var secret = new Secret("hunter2\n"u8.ToArray());
        Assert.Equal("…", $"{secret}");
        Assert.Equal("hunter2", secret.Reveal());
        Assert.Equal(" a ", new Secret(" a "u8.ToArray()).Reveal());
        Assert.DoesNotContain(
            "hunter2",
            new PublishRequest("/x", VolumeOptions.None) { Secrets = new Dictionary<string, Secret> { ["p"] = secret } }.ToString(),
            StringComparison.Ordinal
        );
    }
}

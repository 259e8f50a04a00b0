using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Node;

namespace Plugboard.Tests.Unit.Coordinator.Cli;

public sealed class SettingsReaderTests
{
    private static readonly string[] Own = ["--net-config-path=", "--peers-file=/nowhere", "--subnet-file=/nowhere/subnet.env"];

    private static Settings Read(params string[] args) => ReadExactly([.. Own, .. args]);

    private static Settings ReadExactly(params string[] args)
    {
        var options = new CommandOptions();
        var command = new System.CommandLine.RootCommand();
        foreach (var option in options.All)
            command.Options.Add(option);
        var parsed = command.Parse(options.Spell(args));
        Assert.Empty(parsed.Errors);
        return new SettingsReader(options, parsed, static _ => { }).Read();
    }

    private static List<string> NotesOf(params string[] args)
    {
        var notes = new List<string>();
        var options = new CommandOptions();
        options.Spell(args, [], notes.Add);
        return notes;
    }

    [Theory]
    [InlineData("-iface=eth7")]
    [InlineData("--iface=eth7")]
    [InlineData("-iface", "eth7")]
    [InlineData("--iface", "eth7")]
    public void A_flag_has_one_dash_or_two_and_its_value_behind_a_sign_or_a_blank(params string[] args) =>
        Assert.Equal(["eth7"], Read(args).Uplink.Interfaces);

    [Theory]
    [InlineData("--ip-masq", true)]
    [InlineData("-ip-masq", true)]
    [InlineData("--ip-masq=1", true)]
    [InlineData("--ip-masq=t", true)]
    [InlineData("-ip-masq=TRUE", true)]
    [InlineData("--ip-masq=0", false)]
    [InlineData("--ip-masq=F", false)]
    public void A_boolean_is_read_as_go_reads_it(string arg, bool masquerades) =>
        Assert.Equal(masquerades, Read(arg).Masquerade is not null);

    [Fact]
    public void Network_policy_is_off_unless_a_flag_says_where_its_objects_are()
    {
        Assert.Null(Read().Policy);
        var policy = Read("--network-policy=files", "--policy-dir=/objects", "--policy-reject", "--node-name=n1").Policy!;
        Assert.Equal(("/objects", true, false, "n1"), (policy.Directory, policy.Rejects, policy.Logs, policy.NodeName));
        Assert.Throws<SettingException>(() => Read("--network-policy=files", "--policy-dir="));
    }

    [Fact]
    public void Network_policy_from_the_api_needs_no_directory_and_has_the_node_s_name_as_the_kubelet_registers_it()
    {
        var policy = Read(
            "--network-policy=api",
            "--policy-dir=",
            "--policy-namespace-annotation",
            "--policy-cluster",
            "--node-name=Node-1"
        ).Policy!;
        Assert.Equal((null, true, true, "node-1"), (policy.Directory, policy.ReadsAnnotation, policy.ReadsCluster, policy.NodeName));
        Assert.False(Read("--network-policy=api").Policy!.ReadsCluster);
    }

    [Fact]
    public void What_go_takes_for_no_boolean_is_refused() =>
        Assert.Equal("--ip-masq=yes: neither true nor false", Assert.Throws<SettingException>(() => Read("--ip-masq=yes")).Message);

    [Theory]
    [InlineData("--healthz-port=0x1f90", 8080)]
    [InlineData("--healthz-port=017620", 8080)]
    [InlineData("--healthz-port=8_080", 8080)]
    [InlineData("--healthz-port 8080", 8080)]
    public void A_number_is_read_as_go_reads_it(string arg, int port) => Assert.Equal(port, Read(arg.Split(' ')).HealthzPort);

    [Fact]
    public void Of_a_flag_that_is_there_twice_the_last_counts_and_of_a_list_all()
    {
        var settings = Read("--node-name=a", "--iface=eth0", "--node-name=b", "--iface=eth1", "--ip-masq", "--ip-masq=false");

        Assert.Equal("b", settings.NodeName);
        Assert.Equal(["eth0", "eth1"], settings.Uplink.Interfaces);
        Assert.Null(settings.Masquerade);
    }

    [Theory]
    [InlineData(
        "--subnet-lease-renew-margin=60",
        "--subnet-lease-renew-margin is without effect here: the lease is renewed long before it ends"
    )]
    [InlineData(
        "--iptables-resync=5",
        "--iptables-resync is without effect here: rules are repaired when they change, and compared each --audit-interval"
    )]
    [InlineData(
        "-iptables-resync 5",
        "--iptables-resync is without effect here: rules are repaired when they change, and compared each --audit-interval"
    )]
    [InlineData("--v=2", "--v is without effect here: the log goes to standard error")]
    [InlineData("-v 4", "--v is without effect here: the log goes to standard error")]
    [InlineData("-vmodule=ip=9", "--vmodule is without effect here: the log goes to standard error")]
    [InlineData("--logtostderr", "--logtostderr is without effect here: the log goes to standard error")]
    [InlineData("-alsologtostderr=true", "--alsologtostderr is without effect here: the log goes to standard error")]
    [InlineData("--stderrthreshold=INFO", "--stderrthreshold is without effect here: the log goes to standard error")]
    [InlineData("--log_dir=/var/log", "--log_dir is without effect here: the log goes to standard error")]
    [InlineData("--log-dir /var/log", "--log-dir is without effect here: the log goes to standard error")]
    [InlineData("--log_backtrace_at=a.go:1", "--log_backtrace_at is without effect here: the log goes to standard error")]
    [InlineData("--skip_headers=true", "--skip_headers is without effect here: the log goes to standard error")]
    [InlineData("--one_output", "--one_output is without effect here: the log goes to standard error")]
    public void Flags_of_flanneld_and_the_agent_that_change_nothing_here_are_taken_with_a_note(string args, string note)
    {
        Assert.Equal(note, Assert.Single(NotesOf(args.Split(' '))));
        // The value is not taken for a verb or an argument, nor the flag behind it for a value.
        Assert.Equal("n1", Read([.. args.Split(' '), "--node-name=n1"]).NodeName);
    }

    [Theory]
    [InlineData("--ip-masq-fully-random-disable", false)]
    [InlineData("--ip-masq-fully-random-disable=false", true)]
    [InlineData("--random-fully=false", false)]
    [InlineData("--random-fully", true)]
    public void Flannels_way_to_say_that_ports_are_not_chosen_at_random_is_the_agents(string arg, bool expected) =>
        Assert.Equal(expected, Read("--ip-masq", arg).Masquerade!.RandomFully);

    [Theory]
    [InlineData("--conflist=nope", "--conflist nope: neither flannel nor bridge, nor the path of a template")]
    [InlineData(
        "--conflist=brigde",
        "--conflist brigde: neither flannel nor bridge, nor the path of a template (did you mean \"bridge\"?)"
    )]
    [InlineData("--healthz-port=99999", "--healthz-port 99999: from 1 to 65535, or 0: disabled")]
    public void A_value_that_cannot_be_meant_ends_it_at_the_start(string arg, string message) =>
        Assert.Equal(message, Assert.Throws<SettingException>(() => Read(arg)).Message);

    [Theory]
    [InlineData("--ifcae=eth0", "unknown flag --ifcae (did you mean \"iface\"?)")]
    [InlineData("-kube-subnet-mngr", "unknown flag --kube-subnet-mngr (did you mean \"kube-subnet-mgr\"?)")]
    [InlineData("--bananas", "unknown flag --bananas")]
    public void An_unknown_flag_is_refused_with_the_one_that_was_meant(string arg, string message) =>
        Assert.Equal(message, Assert.Throws<SettingException>(() => Read(arg)).Message);

    [Fact]
    public void A_mistyped_path_of_the_net_conf_does_not_unroute_the_nodes_of_kubernetes()
    {
        Assert.Equal(
            "--net-config-path /nowhere/net-conf.json: file not found; set --net-config-path= if no routes are wanted",
            Assert
                .Throws<SettingException>(() =>
                    ReadExactly("--kube-subnet-mgr", "--subnet-file=", "--net-config-path=/nowhere/net-conf.json")
                )
                .Message
        );
        Assert.True(ReadExactly("--kube-subnet-mgr", "--subnet-file=", "--net-config-path=").Network!.IsAssumed);
        Assert.Null(ReadExactly("--subnet-file=", "--net-config-path=/nowhere/net-conf.json").Network);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("Network: 10.244.0.0/16")]
    [InlineData("{\"Network\": \"10.244.0.0\"}")]
    [InlineData("{\"Network\": \"10.244.0.0/16\", \"Backend\": {\"Typ\": \"vxlan\"}}")]
    [InlineData("{\"Network\": \"10.244.0.0/16\", \"Backend\": {\"Type\": \"vxlna\"}}")]
    [InlineData("{\"EnableIPv4\": \"false\"}")]
    public void A_net_conf_that_cannot_be_used_ends_the_start_before_anything_is_changed(string json)
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, json);

        var refusal = Assert.Throws<SettingException>(() => ReadExactly($"--net-config-path={path}", "--subnet-file="));

        File.Delete(path);
        Assert.StartsWith(path, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", "--iface-regex (: not a regular expression: after 1 characters: Not enough )'s.")]
    [InlineData("eth[", "--iface-regex eth[: not a regular expression: after 4 characters: Unterminated [] set.")]
    [InlineData("*", "--iface-regex *: not a regular expression: after 1 characters: Quantifier '*' following nothing.")]
    [InlineData(
        "(?=eth)0",
        "--iface-regex (?=eth)0: lookarounds, atomic groups, conditions, back-references and more than some thousand "
            + "repetitions are not supported"
    )]
    [InlineData(
        @"(a)\1",
        @"--iface-regex (a)\1: lookarounds, atomic groups, conditions, back-references and more than some thousand "
            + "repetitions are not supported"
    )]
    public void An_invalid_pattern_is_refused_with_the_flag_and_the_reason(string pattern, string message) =>
        Assert.Equal(message, Assert.Throws<SettingException>(() => Read($"--iface-regex={pattern}")).Message);

    [Theory]
    [InlineData(@"^10\.\d{1,3}\.\d{1,3}$", @"^10\.\d{1,3}\.\d{1,3}$")]
    [InlineData(@"eth0, ^192\.168\.", "eth0", @"^192\.168\.")]
    [InlineData(@"a[,b]c,d(e|f,g)\,h,", "a[,b]c", @"d(e|f,g)\,h")]
    [InlineData("")]
    public void In_the_variable_of_patterns_a_comma_within_brackets_does_not_separate(string text, params string[] patterns) =>
        Assert.Equal(patterns, InterfacePattern.Separate(text));

    [Fact]
    public void A_pattern_that_would_take_for_ever_is_matched_at_once()
    {
        var pattern = Assert.Single(Read("--iface-regex=^(([0-9a-f:]+)+)+g$").Uplink.InterfacePatterns);

        Assert.False(pattern.IsMatch("fd00:1111:2222:3333:4444:5555:6666:7777"));
        Assert.True(pattern.IsMatch("fd00:1111:2222:3333:4444:5555:6666:777g"));
    }

    [Fact]
    public void A_flag_with_nothing_after_its_sign_is_empty_and_takes_no_other_for_its_value()
    {
        var settings = Read("--iface-regex=", "--state-dir=", "--conflist=", "--node-name", "n1");

        Assert.Equal("n1", settings.NodeName);
        Assert.Equal("/nowhere", settings.PeersFile);
        Assert.Null(settings.Network);
        Assert.Equal("", settings.Files!.StateDirectory);
        Assert.Empty(settings.Uplink.InterfacePatterns);
    }

    [Theory]
    [InlineData("--ip-masq=")]
    [InlineData("--healthz-port=")]
    [InlineData("--masquerade=")]
    public void An_option_that_takes_no_text_is_refused_without_a_value(string arg) =>
        Assert.Equal(
            $"{arg}: there is no value after the sign",
            Assert.Throws<SettingException>(() => Read(arg, "--node-name", "n1")).Message
        );

    [Theory]
    [InlineData("{\"Network\": \"10.244.0.0/16\"}\n}", "line 2, column 1: \"}\": the document ends before it; remove what follows")]
    [InlineData("{\n  \"Network\": \"10.244.0.0/16\",\n}", "line 3, column 1: \"}\": the comma before it is the last one; remove it")]
    [InlineData("{ \"Network\": 10.244.0.0/16 }", "line 1, column 20: \".\": invalid number; text needs double quotes")]
    [InlineData(
        "{ \"Network\": \"10.244.0.0/16\"",
        "line 1, column 29: the end of the file: a { or [ is not closed, text is without its closing double quotes, or the file is empty"
    )]
    [InlineData("{ Network: 1 }", "line 1, column 3: \"N\": a name in double quotes is expected")]
    [InlineData("{ \"Netwörk\" 1 }", "line 1, column 13: \"1\": a colon is expected after the name")]
    [InlineData(
        "{ \"a\": vxlan }",
        "line 1, column 8: \"v\": a value is expected: text in double quotes, a number, true, false, null, { or ["
    )]
    [InlineData("{ \"a\": 1 \"b\": 2 }", "line 1, column 10: \"\"\": a comma or the closing bracket is expected")]
    [InlineData("{ \"a\": \"b\n\" }", "line 1, column 10: the end of the line: text must end with double quotes on its line")]
    public void A_net_conf_that_is_no_json_is_refused_with_the_place_and_what_is_expected(string json, string message)
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, json);

        var refusal = Assert.Throws<SettingException>(() => ReadExactly($"--net-config-path={path}", "--subnet-file="));

        File.Delete(path);
        Assert.Equal($"{path}, {message}", refusal.Message);
    }

    [Theory]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("0.0.0.0")]
    public void Health_is_served_at_an_address_of_either_family(string address) =>
        Assert.Equal(address, Read($"--healthz-ip={address}").HealthzIP.ToString());

    [Fact]
    public void Health_at_what_is_no_address_is_refused() =>
        Assert.Equal(
            "--healthz-ip localhost: no address; 0.0.0.0 for all of IPv4, :: for all",
            Assert.Throws<SettingException>(() => Read("--healthz-ip=localhost")).Message
        );

    [Fact]
    public void Health_is_served_to_this_machine_alone_unless_another_address_is_given() => Assert.True(Read().HealthzIP.IsLoopback);

    [Theory]
    [InlineData("kubernetes", " N1.Example.COM ", "n1.example.com")]
    [InlineData("static", " N1 ", "N1")]
    [InlineData("etcd", "N1", "N1")]
    public void A_name_that_is_given_is_as_the_kubelet_makes_it_where_Kubernetes_is_asked(string source, string given, string name) =>
        Assert.Equal(name, Read($"--source={source}", "--node-name", given).NodeName);

    [Theory]
    [InlineData("/coreos.com/network", "/coreos.com/network")]
    [InlineData("//coreos.com//network/", "/coreos.com/network")]
    [InlineData("coreos.com/network", "coreos.com/network")]
    [InlineData("/", "")]
    public void A_prefix_of_etcd_s_keys_is_joined_as_flanneld_joins_it(string given, string prefix) =>
        Assert.Equal(prefix, Read("--node-name=n", "--source=etcd", "--etcd-prefix", given).Etcd.Prefix);

    [Theory]
    [InlineData("http://192.0.2.1:2379")]
    [InlineData("http://127.0.0.1:2379,http://etcd.example:2379")]
    [InlineData("https://192.0.2.1:2379,http://[2001:db8::1]:2379")]
    public void A_password_for_etcd_needs_TLS_or_this_machine_or_a_flag(string endpoints)
    {
        string[] args =
        [
            "--node-name=n",
            "--source=etcd",
            $"--etcd-endpoints={endpoints}",
            "--etcd-username=root",
            "--etcd-password=hunter2",
        ];
        var refused = Assert.Throws<SettingException>(() => Read(args)).Message;
        Assert.EndsWith(
            ": user and password would go over plain http to another machine, where anyone on the path can read them; use https, "
                + "or --etcd-password-over-http if that is acceptable",
            refused,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("hunter2", refused, StringComparison.Ordinal);
        Assert.True(Read([.. args, "--etcd-password-over-http"]).Etcd.ExposesPassword);
        Assert.Null(Read("--node-name=n", "--source=etcd", $"--etcd-endpoints={endpoints}").Etcd.Username);
    }

    [Theory]
    [InlineData("http://127.0.0.1:2379,https://192.0.2.1:2379,http://[::1]:2379,http://localhost:2379")]
    public void A_password_for_etcd_may_go_to_this_machine(string endpoints)
    {
        var settings = Read(
            "--node-name=n",
            "--source=etcd",
            $"--etcd-endpoints={endpoints}",
            "--etcd-username=root",
            "--etcd-password=hunter2"
        );
        Assert.Equal("hunter2", settings.Etcd.Password.Text);
        Assert.DoesNotContain("hunter2", settings.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "--etcd-endpoints=https://root:hunter2@h:2379",
        "--etcd-endpoints https://…@h:2379: a name and a password in a URL appear in log messages: give them by --etcd-username and "
            + "FLANNELD_ETCD_PASSWORD"
    )]
    [InlineData(
        "--kube-api-url=https://root:hunter2@h",
        "--kube-api-url https://…@h: a name and a password in a URL appear in log messages: give a token or a client certificate "
            + "by --kubeconfig-file"
    )]
    [InlineData(
        "--etcd-endpoints=htps://root:hunter2@h:2379",
        "--etcd-endpoints …@h:2379: not of the form http://host:port or https://host:port"
    )]
    public void A_password_in_a_URL_is_refused_without_being_shown(string arg, string message) =>
        Assert.Equal(message, Assert.Throws<SettingException>(() => Read("--node-name=n", arg)).Message);

    [Fact]
    public void A_key_without_its_certificate_is_refused() =>
        Assert.Equal(
            "--etcd-keyfile k.pem: --etcd-certfile is missing",
            Assert.Throws<SettingException>(() => Read("--node-name=n", "--source=etcd", "--etcd-keyfile=k.pem")).Message
        );
}

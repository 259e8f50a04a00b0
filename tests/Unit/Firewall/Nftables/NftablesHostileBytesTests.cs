using FsCheck;
using FsCheck.Fluent;
using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using Plugboard.Netlink.Trace;
using Plugboard.Tests.Unit.Netlink;

namespace Plugboard.Tests.Unit.Firewall.Nftables;

/// <summary>
/// Whatever the kernel tells, it gives a value or a <see cref="NetlinkFormatException"/>, and every value can be told in words.
/// </summary>
public sealed class NftablesHostileBytesTests
{
    private static readonly Table Table = new(NftFamily.Inet, "t");
    private static readonly Set[] Sets =
    [
        new(Table, "s", [DataType.Ipv4Addr, DataType.InetService]) { IsInterval = true },
        new(Table, "r", [DataType.Ipv6Addr]) { IsInterval = true },
        Set.Map(Table, "m", [DataType.IfName], [DataType.EtherAddr, DataType.Mark]),
        Set.VerdictMap(Table, "v", [DataType.InetProto]),
    ];

    [Fact]
    public void Random_attributes_are_read_or_refused() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<byte[]>(),
                ArbMap.Default.ArbFor<ushort>(),
                (bytes, choice) =>
                    ReadAll(
                        ScriptedKernel.Message(
                            (ushort)(0x0a00 | choice % 25),
                            1,
                            0,
                            writer =>
                            {
                                writer.WriteStruct(0);
                                writer.WriteBytes((ushort)(choice % 20), bytes);
                                using (writer.Nested((ushort)(choice % 7)))
                                {
                                    using (writer.Nested(1))
                                        writer.WriteBytes((ushort)(choice % 12), bytes);
                                }
                            }
                        )
                    )
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void True_messages_with_some_bytes_changed_are_read_or_refused()
    {
        var sample = Sample();
        Prop.ForAll(
                ArbMap.Default.ArbFor<int>(),
                seed =>
                {
                    var random = new Random(seed);
                    var bytes = (byte[])sample.Clone();
                    for (var i = random.Next(1, 8); i > 0; i--)
                        bytes[random.Next(bytes.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : random.Next(12));
                    ReadAll(bytes);
                    ReadAll(bytes.AsSpan(0, random.Next(bytes.Length + 1)).ToArray());
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(10_000));
    }

    [Fact]
    public void The_sample_itself_is_read() => Assert.True(ReadAll(Sample()) > 10);

    // What is sent has the attributes of what is told.
    private static byte[] Sample()
    {
        var chain = new Chain(Table, "c") { Hook = new ChainHook(ChainType.Nat, NftHook.Output, -100), Comment = "a chain" };
        var batch = new NftablesBatch(7);
        batch.Add(Table with { Comment = "a table" });
        batch.Add(chain);
        foreach (var set in Sets)
            batch.Add(set with { Comment = "a set", Timeout = TimeSpan.FromSeconds(5) });
        var address = Field.Of(IPAddr.Parse("10.0.0.1"));
        batch.Add(
            Sets[0],
            new SetElement(Field.Join(address, Field.Port(1)))
            {
                KeyEnd = Field.Join(address, Field.Port(9)),
                Comment = "an element",
                Timeout = TimeSpan.FromSeconds(1),
            }
        );
        batch.Add(
            Sets[1],
            new SetElement(Field.Join(Field.Of(IPAddr.Parse("::1")))),
            new SetElement(Field.Join(Field.Of(IPAddr.Parse("fe80::"))))
        );
        batch.Add(
            Sets[2],
            new SetElement(Field.Join(Field.Link("eth0"))) { Data = Field.Join(Field.Of(new MacAddress(5)), Field.Mark(1)) }
        );
        batch.Add(Sets[3], new SetElement(Field.Join(Field.Protocol(6))) { Verdict = Verdict.Goto("c") });
        batch.Add(
            new Rule(chain, [Cmp.Equal(Selector.Saddr(is6: false), address), new Counter(), new VerdictStatement(Verdict.Jump("c"))])
            {
                Comment = "a rule",
            }
        );
        batch.Add(
            new Rule(
                chain,
                [
                    Cmp.Equal(Selector.L4Proto, Field.Protocol(6)),
                    new Masquerade { Ports = new NatPorts(1, 2), Options = NatOptions.FullyRandom },
                ]
            )
        );
        return batch.End().Written.ToArray();
    }

    private static int ReadAll(byte[] datagram)
    {
        var read = 0;
        _ = NetlinkDump.Describe("", datagram, new NftablesDialect());
        try
        {
            var reader = new NetlinkReader(datagram);
            while (reader.Read())
            {
                var message = reader.Current;
                read += Try(message, m => NftablesReader.Rule(m, Table)?.ToString());
                read += Try(message, m => ExpressionReader.Read(m, new ListedRule(new Chain(Table, "c"), 1)).Opcodes);
                read += Try(message, m => ListedSet.Describe(m.Attributes<NfGenMsg>()));
                read += Try(message, m => NftablesReader.Table(m).ToString());
                read += Try(message, m => NftablesReader.Chain(m, Table)?.ToString());
                read += Try(message, m => DescribeSet(NftablesReader.Set(m, Table)));
                read += Try(message, m => NftablesReader.Generation(m).ToString(System.Globalization.CultureInfo.InvariantCulture));
                read += Try(message, m => Describe(NftablesReader.Elements(m)));
            }
        }
        catch (NetlinkFormatException)
        {
            // The one exception that is allowed.
        }

        return read;
    }

    private static string? DescribeSet(Set? set) => set is null ? null : new NftablesChange(NftablesVerb.Add, set).ToString();

    private static string Describe(List<SetElement> elements)
    {
        foreach (var set in Sets)
        {
            foreach (var element in elements)
                _ = element.Describe(set);
            foreach (var range in IntervalEnds.Join([.. elements]))
                _ = range.Describe(set);
        }

        return $"{elements.Count}";
    }

    private static int Try(NetlinkMessage message, NetlinkSocket.Parser<string?> read)
    {
        try
        {
            return read(message) is null ? 0 : 1;
        }
        catch (NetlinkFormatException)
        {
            // The one exception that is allowed.
            return 0;
        }
    }
}

using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Tests.Unit.Firewall.Iptables;

public sealed class LegacyTableTests
{
    private const int EntrySize = 112;
    private const int ErrorTargetSize = 64;

    [Fact]
    public void The_heads_of_chains_are_found_and_the_tables_end_is_none()
    {
        byte[] table =
        [
            .. Entry("ERROR", "CNI-HOSTPORT-DNAT"),
            .. Entry("DNAT", "not a chain"),
            .. Entry("ERROR", "CNI-DN-x"),
            .. Entry("ERROR", "ERROR"),
        ];
        Assert.Equal(["CNI-HOSTPORT-DNAT", "CNI-DN-x"], LegacyTable.ReadChains(table, is6: false));
    }

    [Fact]
    public void Any_bytes_are_read_to_an_end() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<int>(),
                seed =>
                {
                    var random = new Random(seed);
                    byte[] table = [.. Entry("ERROR", "A"), .. Entry("ERROR", "ERROR")];
                    for (var i = random.Next(1, 20); i > 0; i--)
                        table[random.Next(table.Length)] = (byte)random.Next(256);
                    _ = LegacyTable.ReadChains(table.AsSpan(0, random.Next(table.Length + 1)), is6: random.Next(2) == 0);
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(10_000));

    private static byte[] Entry(string target, string name)
    {
        var entry = new byte[EntrySize + ErrorTargetSize];
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(88), EntrySize);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(90), (ushort)entry.Length);
        Encoding.ASCII.GetBytes(target, entry.AsSpan(EntrySize + 2));
        Encoding.ASCII.GetBytes(name, entry.AsSpan(EntrySize + 32));
        return entry;
    }
}

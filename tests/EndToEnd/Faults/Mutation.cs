using System.Text;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>Makes valid input wrong: bytes, spans, types, numbers, depth, text that is no Unicode.</summary>
internal sealed class Mutation(int seed)
{
    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "null",
            "true",
            "0",
            "-1",
            "1e999",
            "4294967296",
            "99999999999999999999999",
            "\"\"",
            "\"\\ud800\"",
            "\"\\u0000\"",
            "[]",
            "{}",
            "{\"\":{}}",
            new string('[', 2000),
            string.Concat(Enumerable.Repeat("{\"a\":", 1000)),
            new string('9', 5000),
            "\ufeff",
            "//",
            ",",
            "}",
            "\"",
            "\"10.1.0.0/33\"",
            "\"::/0\"",
            "\"ipam\":",
            "\"name\":\"test\",",
            "\"cniVersion\":\"0.3.0\",",
            "\"prevResult\":",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff, 0xfe],
        [0xc0, 0xaf],
        [0xed, 0xa0, 0x80],
        [0],
    ];

    private readonly Random random = new(seed);

    public T Pick<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    public byte[] Apply(byte[] valid)
    {
        var bytes = new List<byte>(valid);
        for (var changes = random.Next(4); changes >= 0; changes--)
            Change(bytes, valid);
        return [.. bytes];
    }

    private void Change(List<byte> bytes, byte[] valid)
    {
        var at = random.Next(bytes.Count + 1);
        var length = Math.Min(random.Next(1, 40), bytes.Count - at);
        switch (random.Next(7))
        {
            case 0 when length > 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when length > 0:
                bytes.RemoveRange(at, length);
                break;
            case 2:
                var from = random.Next(valid.Length);
                bytes.InsertRange(at, valid[from..Math.Min(valid.Length, from + 40)]);
                break;
            case 3:
                bytes.InsertRange(at, Pick(Tokens));
                break;
            case 4 when random.Next(4) == 0:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                ReplaceValue(bytes, at);
                break;
        }
    }

    // From a colon to the next comma or closing brace: one value becomes another, of another type as like as not.
    private void ReplaceValue(List<byte> bytes, int at)
    {
        var colon = bytes.FindIndex(at, static b => b == ':');
        var end = colon < 0 ? -1 : bytes.FindIndex(colon, static b => b is (byte)',' or (byte)'}');
        if (end < 0)
            return;
        bytes.RemoveRange(colon + 1, end - colon - 1);
        bytes.InsertRange(colon + 1, Pick(Tokens));
    }
}

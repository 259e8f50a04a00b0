using System.Text;
using System.Text.Json;
using Plugboard.Hosting;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Hosting;

public sealed class CniCallFuzzTests
{
    private const int Rounds = 10_000;

    private static readonly string[] Verbs = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION", "FOO", ""];

    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            """{"cniVersion":"1.1.0","name":"n","type":"fake","cni.dev/valid-attachments":[{"containerID":"a","ifname":"b"}]}""",
            """{"cniVersion":"1.0.0","name":"n","prevResult":{"cniVersion":"1.0.0","ips":[{"address":"10.1.2.3/24","gateway":"::"""
                + """1","interface":0}]}}""",
            """{"name":"n","cniVersion":"0.4.0","prevResult":{"interfaces":[{"name":"x","mac":"m"}],"routes":["""
                + """{"dst":"0.0.0.0/0","gw":"1.2.3.4","mtu":5}],"dns":{"search":["\ud83d\ude00"]}}}""",
            """{"name":"n","prevResult":{"ip4":{"ip":"10.1.2.3/24","routes":[{"dst":"::/0"}]},"ip6":null}}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "null",
            "\\ud800",
            "1e999",
            "[[[[[[",
            "{\"",
            "\"name\":",
            "-0",
            "\"cniVersion\":\"0.3.0\",",
            "\u0000",
            "\ufeff",
            "}",
            "99999999999999999999",
            "//",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff, 0xc0],
    ];

    [Fact]
    public void Whatever_comes_in_one_document_or_none_goes_out()
    {
        var random = new Random(20250101);
        var served = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var stdin = Mutate(random, Seeds[random.Next(Seeds.Length)]);
            var verb = Verbs[random.Next(Verbs.Length)];
            var plugin = new FakePlugin { OnCall = request => ReadEverything(request, round) };
            var outcome = CniCall.Serve(plugin, Calls.Environment(verb), () => stdin);
            var what = $"round {round}: {verb} {Encoding.UTF8.GetString(stdin)}";
            Assert.True(outcome.ExitCode is 0 or 1, what);
            var silent = outcome.ExitCode == 0 && verb is not ("ADD" or "VERSION");
            Assert.True(silent == (outcome.Output.Length == 0), what);
            if (!silent)
                using (JsonDocument.Parse(outcome.Output))
                    served++;
        }

        Assert.True(served > Rounds / 2);
    }

    private static void ReadEverything(CniRequest request, int round)
    {
        _ = request.FindPrevResultLeniently();
        if (round % 7 == 0)
            throw new InvalidOperationException("Arg_" + (char)('\ud7ff' + (round % 5)));
        if (round % 5 == 0)
            _ = request.FindPrevResult();
        _ = request.Config.GetString("type");
    }

    private static byte[] Mutate(Random random, byte[] seed)
    {
        var bytes = new List<byte>(seed);
        for (var changes = random.Next(5); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(5))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.InsertRange(at, Tokens[random.Next(Tokens.Length)]);
                    break;
                case 2 when random.Next(4) == 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3 when at < bytes.Count:
                    bytes.RemoveAt(at);
                    break;
                default:
                    var from = random.Next(seed.Length);
                    bytes.InsertRange(at, seed[from..Math.Min(seed.Length, from + random.Next(30))]);
                    break;
            }
        }

        return [.. bytes];
    }
}

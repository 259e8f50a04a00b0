using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plugboard.Firewall.Nftables;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Nftables;

/// <summary>
/// Two empty namespaces: in one the library commits a batch, in the other nft runs the script that the batch prints. What nft lists of both
/// must be equal.
/// </summary>
internal sealed partial class NftOracle : IDisposable
{
    private readonly TestNamespace ours = new();
    private readonly TestNamespace theirs = new();
    private readonly NftablesClient client;

    public NftOracle() => client = NftablesClient.Open(ours.Namespace);

    /// <summary>The client of the namespace that the library changes.</summary>
    public NftablesClient Client => client;

    /// <summary>One after the other, each a batch, a script and a comparison; returns nft's listing after the last.</summary>
    public string Same(params Action<NftablesBatch>[] steps)
    {
        foreach (var step in steps)
        {
            var batch = new NftablesBatch();
            step(batch);
            var script = batch.ToString();
            client.Commit(batch);
            var nft = theirs.TryTool(["nft", "-f", "-"], script);
            Assert.True(nft.ExitCode == 0, nft.Error + script);
            Assert.Equal(List(theirs), List(ours));
            Assert.Equal(Json(theirs), Json(ours));
            Assert.Equal(Opcodes(theirs), Opcodes(ours));
        }

        return List(ours);
    }

    // What the rules are to the kernel.
    // Which registers hold what between two opcodes, and which number a nameless set has, is for each to choose.
    private static string Opcodes(TestNamespace ns) =>
        Registers()
            .Replace(
                string.Join(
                    '\n',
                    ns.Tool("nft --debug=netlink list ruleset").Split('\n').Where(l => l.StartsWith("  [", StringComparison.Ordinal))
                ),
                "$1"
            );

    [GeneratedRegex("(reg|__set)[ 0-9]+")]
    private static partial Regex Registers();

    // How long an element still stays depends on when it is asked.
    private static string List(TestNamespace ns) => Expires().Replace(ns.Tool("nft list ruleset"), "");

    [GeneratedRegex(" expires [0-9dhms]+")]
    private static partial Regex Expires();

    private static string Json(TestNamespace ns)
    {
        var root = JsonNode.Parse(ns.Tool("nft -j list ruleset"))!;
        Strip(root);
        return root.ToString();
    }

    // The kernel's numbers of objects, and which nft it was.
    private static void Strip(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (var each in array)
                Strip(each);
        }
        else if (node is JsonObject here)
        {
            here.Remove("handle");
            here.Remove("metainfo");
            here.Remove("expires");
            foreach (var (_, each) in here)
                Strip(each);
        }
    }

    public void Dispose()
    {
        client.Dispose();
        ours.Dispose();
        theirs.Dispose();
    }
}

using System.Text;
using Plugboard.Documents;
using Plugboard.Installer.FlexVolume.Conversion;

namespace Plugboard.Tests.Unit.Documents;

public sealed class ManifestReaderTests
{
    private static string Show(DocumentNode node) =>
        node.Kind switch
        {
            DocumentKind.Null => "null",
            DocumentKind.Map => $"{{{string.Join(",", node.Items.Select(static item => $"{item.Name}={Show(item)}"))}}}",
            DocumentKind.List => $"[{string.Join(",", node.Items.Select(Show))}]",
            _ => $"<{node.Text}>",
        };

    private static IReadOnlyList<DocumentNode> Read(string text) => YamlDocumentReader.ReadAll(Encoding.UTF8.GetBytes(text));

    private static string Show(string text) => string.Join(" ", Read(text.ReplaceLineEndings("\n")).Select(Show));

    [Theory]
    [InlineData("a: b", "{a=<b>}")]
    [InlineData("a:\n  b: c\n  d:\n  - e\n  - f: g\n    h: i\nj: k", "{a={b=<c>,d=[<e>,{f=<g>,h=<i>}]},j=<k>}")]
    [InlineData("a:\n- b\n- - c\n  - d\n-\n  e: f\nz: y", "{a=[<b>,[<c>,<d>],{e=<f>}],z=<y>}")]
    [InlineData("a: # comment\n  b # comment\n# c\nd: 'e # f' # g", "{a=<b>,d=<e # f>}")]
    [InlineData("a: ~\nb: null\nc:\nd: \"\"\ne: ''", "{a=null,b=null,c=null,d=<>,e=<>}")]
    [InlineData("a: 'it''s'\nb: \"x\\ty\\u0041\\x42\\\\\\\"\"\n\"c d\": e\n'f''g': h", "{a=<it's>,b=<x\ty\u0041B\\\">,c d=<e>,f'g=<h>}")]
    [InlineData("a: {b: c, d: [e, f, \"g,h\"], i: {}, j: [], k}", "{a={b=<c>,d=[<e>,<f>,<g,h>],i={},j=[],k=null}}")]
    [InlineData("a: {\n  b: c, # x\n\n  d: [\n    e\n  ]\n}\nf: g", "{a={b=<c>,d=[<e>]},f=<g>}")]
    [InlineData("{\"a\":\"b\",\"c\":[1,true,null,{\"d\":{}}]}", "{a=<b>,c=[<1>,<true>,null,{d={}}]}")]
    [InlineData("[\"a\", \"\\ud83d\\ude00\"]", "[<a>,<\ud83d\ude00>]")]
    [InlineData("a: one\n  two\n\n  three\nb: c", "{a=<one two\nthree>,b=<c>}")]
    [InlineData("a: \"one\n  two\n\n  three \\\n  four\"\nb: 'x\n  y'", "{a=<one two\nthree four>,b=<x y>}")]
    [InlineData("a: |\n  x: 1\n   y\n\n  # z\nb: c", "{a=<x: 1\n y\n\n# z\n>,b=<c>}")]
    [InlineData("a: |-\n  x\n\nb: |+\n  y\n\nc: |2\n   z\n", "{a=<x>,b=<y\n\n>,c=< z\n>}")]
    [InlineData("a: >\n  one\n  two\n\n  three\n    four\n  five\nb: c", "{a=<one two\nthree\n  four\nfive\n>,b=<c>}")]
    [InlineData("- |\n  x\n- y", "[<x\n>,<y>]")]
    [InlineData("a: http://x:80/y\nb: 10:20\nc: a#b", "{a=<http://x:80/y>,b=<10:20>,c=<a#b>}")]
    [InlineData("\ufeff# x\r\na: b\r\nc:\r\n  - d\r\n", "{a=<b>,c=[<d>]}")]
    [InlineData("---\na: b\n---\n# nothing\n---\nc: d\n...\n---\n- e\n", "{a=<b>} {c=<d>} [<e>]")]
    [InlineData("--- {a: b}\n--- # x\nc: d", "{a=<b>} {c=<d>}")]
    [InlineData("--- text\n---\nmore", "<text> <more>")]
    [InlineData("", "")]
    [InlineData("# nothing\n---\n", "")]
    public void What_manifests_are_written_in_is_read(string text, string shown) => Assert.Equal(shown, Show(text));

    [Theory]
    [InlineData("a: *x", 1)]
    [InlineData("a: b\na: c", 2)]
    [InlineData("a: {b: c, b: d}", 1)]
    [InlineData("a: b\n\tc: d", 2)]
    [InlineData("a:\n  b: c\n d: e", 3)]
    [InlineData("a: 'b", 1)]
    [InlineData("a: {b: c", 2)]
    [InlineData("a: 'b' c", 1)]
    [InlineData("a: \"\\q\"", 1)]
    [InlineData("? [a]\n: b", 1)]
    [InlineData("a: b: c\n  d: e", 1)]
    [InlineData("a: []]", 1)]
    public void What_is_not_read_is_refused_with_its_line(string text, int line) =>
        Assert.Equal(line, Assert.Throws<DocumentException>(() => Show(text)).Line);

    [Fact]
    public void Nothing_is_too_deep_or_too_large()
    {
        Assert.Throws<DocumentException>(static () => Show(new string('[', 100_000)));
        Assert.Throws<DocumentException>(static () => Show(string.Concat(Enumerable.Repeat("- ", 100_000)) + "a"));
        Assert.Throws<DocumentException>(static () =>
            Show(string.Concat(Enumerable.Range(0, 2000).Select(static i => $"{new string(' ', i)}a:\n")))
        );
        Assert.Throws<DocumentException>(static () => Show("a: \"" + string.Concat(Enumerable.Repeat("b\n", 200_000))));
        Assert.Equal(100_000, Read(string.Concat(Enumerable.Range(0, 100_000).Select(static i => $"k{i}: v\n")))[0].Items.Count);
        Assert.Equal(100_000, Read($"[{string.Join(',', Enumerable.Range(0, 100_000))}]")[0].Items.Count);
    }

    [Theory]
    [InlineData("a: \"true\"\nb: true\nc: '5'\nd: 5\ne: null\nf: {}\ng: []\nh: \"x\\ny\"\ni: [{j: k, l: [m, [n]]}, o]\n\"y\": 1\np.q/r: s")]
    public void What_is_written_is_what_was_read(string text)
    {
        var node = Read(text)[0];
        var yaml = new StringBuilder();
        new YamlWriter(yaml).Write("top", node, 0);
        Assert.Equal(
            "top:\n  a: \"true\"\n  b: true\n  c: \"5\"\n  d: 5\n  e: null\n  f: {}\n  g: []\n  h: \"x\\ny\"\n  i:\n    - j: k\n     "
                + " l:\n        - m\n        - - n\n    - o\n  \"y\": 1\n  p.q/r: s\n",
            yaml.ToString()
        );
        Assert.Equal(Show(node), Show(Read(yaml.ToString())[0].Find("top")!));
    }
}

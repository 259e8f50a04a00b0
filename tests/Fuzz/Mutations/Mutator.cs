using System.Text;

namespace Plugboard.Tests.Fuzz.Mutations;

/// <summary>
/// Makes an input of the inputs of a corpus: of a document by its structure (a value of another type, a name in another case, twice or
/// mistyped, a part of another document, a list of thousands), of a text by its lines and words, of either now and then by its bytes. What
/// it makes depends on <paramref name="random"/> and the corpus alone.
/// </summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> corpus, InputForm form)
{
    private const int MostBytes = 256 * 1024;

    public byte[] Next()
    {
        var seed = Pick(corpus);
        var input =
            form != InputForm.Text && Tree.Find(seed) is { } tree
                ? Encoding.UTF8.GetBytes(Print(Change(tree)))
                : Encoding.UTF8.GetBytes(new TextMutation(random, corpus).Change(Encoding.UTF8.GetString(seed)));
        if (random.Next(6) == 0)
            input = ChangeBytes(input);
        return input.Length <= MostBytes ? input : input[..MostBytes];
    }

    private T Pick<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    private Tree Change(Tree tree)
    {
        for (var changes = 1 + random.Next(4); changes > 0; changes--)
        {
            var containers = tree.Containers().Where(static each => each.Values.Count > 0).ToList();
            if (containers.Count == 0)
                return Scalar();
            ChangeOne(Pick(containers));
        }

        return tree;
    }

    private void ChangeOne(Tree container)
    {
        var at = random.Next(container.Values.Count);
        switch (random.Next(12))
        {
            case 0:
                container.Values.RemoveAt(at);
                if (container.Kind == TreeKind.Object)
                    container.Names.RemoveAt(at);
                break;
            case 1:
                Insert(container, container.Values[at].Copy(), at);
                break;
            case 2:
                container.Values[at] = Tree.List(container.Values[at]);
                break;
            case 3:
                var wrapped = Tree.Object();
                wrapped.Add("x", container.Values[at]);
                container.Values[at] = wrapped;
                break;
            case 4 when container.Kind == TreeKind.Object:
                container.Names[at] = Mistype(container.Names[at]);
                break;
            case 5:
                container.Values[at] = Foreign();
                break;
            case 6:
                var other = random.Next(container.Values.Count);
                (container.Values[at], container.Values[other]) = (container.Values[other], container.Values[at]);
                break;
            case 7 when random.Next(20) == 0:
                Grow(container, at);
                break;
            case 8 when random.Next(10) == 0:
                container.Values[at] = Deep(container.Values[at]);
                break;
            default:
                container.Values[at] =
                    container.Values[at].Kind == TreeKind.Scalar && random.Next(3) == 0 ? Nearby(container.Values[at]) : Scalar();
                break;
        }
    }

    private void Insert(Tree container, Tree value, int at)
    {
        container.Values.Insert(at, value);
        if (container.Kind == TreeKind.Object)
            container.Names.Insert(at, random.Next(2) == 0 ? container.Names[at] : Mistype(container.Names[at]));
    }

    // What grows with the square of a list shows. Copies: a later change of what is in the list thousands of times would be one of each.
    private void Grow(Tree container, int at)
    {
        var value = container.Values[at];
        const int MostAdded = 100_000;
        var length = value.ToJson().Length;
        for (var i = Math.Min(random.Next(500, 4000), MostAdded / (length + 1)); i > 0; i--)
        {
            container.Values.Add(value.Kind == TreeKind.Scalar ? Vary(value, i) : value.Copy());
            if (container.Kind == TreeKind.Object)
                container.Names.Add($"n{i}");
        }
    }

    private static Tree Vary(Tree scalar, int number) =>
        Tree.Scalar(scalar.Raw.StartsWith('"') ? $"{scalar.Raw[..^1]}{number}\"" : scalar.Raw);

    private Tree Deep(Tree value)
    {
        for (var depth = Pick([10, 63, 64, 65, 100, 998, 1001, 3000]); depth > 0; depth--)
        {
            if (random.Next(2) == 0)
            {
                value = Tree.List(value);
                continue;
            }

            var map = Tree.Object();
            map.Add("d", value);
            value = map;
        }

        return value;
    }

    private Tree Foreign()
    {
        if (Tree.Find(Pick(corpus)) is not { } document)
            return Scalar();
        var containers = document.Containers().ToList();
        return containers.Count == 0 ? Scalar() : Pick(containers);
    }

    private Tree Scalar() =>
        Tree.Scalar(
            random.Next(40) == 0 ? $"\"{new string(Pick(['x', '9', '/', ':']), random.Next(100, 20_000))}\"" : Pick(HostileValues.Json)
        );

    private Tree Nearby(Tree scalar)
    {
        if (!scalar.Raw.StartsWith('"') || scalar.Raw.Length < 3)
            return Tree.Scalar(Pick(["1", "-1", "0", "\"\""]));
        var text = scalar.Raw[1..^1];
        var at = random.Next(text.Length);
        return Tree.Scalar(
            random.Next(4) switch
            {
                0 => $"\"{text.Remove(at, 1)}\"",
                1 => $"\"{text.Insert(at, Pick(["0", "1", ".", ":", "/", " ", "-", "x", "%"]))}\"",
                2 => $"\"{text}{text}\"",
                _ => $"\"{text.ToUpperInvariant()}\"",
            }
        );
    }

    private string Mistype(string name)
    {
        if (name.Length == 0)
            return "x";
        var at = random.Next(name.Length);
        return random.Next(6) switch
        {
            0 => name.ToUpperInvariant(),
            1 => name.ToLowerInvariant(),
            2 => name.Remove(at, 1),
            3 => name.Insert(at, name[at].ToString()),
            4 => name + "s",
            _ => name.Length > 1 && at > 0 ? name[..(at - 1)] + name[at] + name[at - 1] + name[(at + 1)..] : name + name,
        };
    }

    private string Print(Tree tree)
    {
        var text =
            form == InputForm.Yaml && random.Next(2) == 0 ? new TextMutation(random, corpus).ChangeSometimes(tree.ToYaml()) : tree.ToJson();
        return random.Next(60) switch
        {
            0 => "\ufeff" + text,
            1 => text + " {}",
            2 => text + "\0",
            3 => text + ",",
            4 => text[..random.Next(text.Length + 1)],
            5 => "// x\n" + text,
            6 => text.Replace("\"", "'", StringComparison.Ordinal),
            _ => text,
        };
    }

    private byte[] ChangeBytes(byte[] input)
    {
        var bytes = new List<byte>(input);
        for (var changes = 1 + random.Next(3); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(4))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 30), bytes.Count - at));
                    break;
                default:
                    bytes.InsertRange(at, Pick(HostileValues.Bytes));
                    break;
            }
        }

        return [.. bytes];
    }
}

/// <summary>How the inputs of a target are written.</summary>
internal enum InputForm
{
    Json,
    Yaml,
    Text,
}

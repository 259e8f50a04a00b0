using System.Buffers;
using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Plugboard.Coordinator.Masquerade.Configuration;

/// <summary>Reads a YAML text's first document by its events; nothing of it is made into objects of other types. Source: YAML 1.1, as Go's yaml.v2 reads it.</summary>
internal sealed class YamlText
{
    private const int Deepest = 16;
    private const int MostValues = 100_000;

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("+-.0123456789eE");

    private readonly Parser parser;
    private int count;

    private YamlText(string text) => parser = new Parser(new StringReader(text));

    /// <summary>The value of a text; an empty one is nothing.</summary>
    /// <exception cref="MasqueradeConfigException">It is no YAML, or has aliases, or more values than anybody needs.</exception>
    public static ConfigNode Parse(string text)
    {
        try
        {
            return new YamlText(text).ReadDocument();
        }
        catch (YamlException e)
        {
            throw new MasqueradeConfigException(GoMessage(e));
        }
    }

    // yaml.v2 says the same without the words "While scanning …," before it.
    private static string GoMessage(YamlException e)
    {
        if (e.Message.Contains("scanning an anchor or alias", StringComparison.Ordinal))
            return "yaml: did not find expected alphabetic or numeric character";
        var at = e.Message.LastIndexOf("did not find expected", StringComparison.Ordinal);
        var text = at >= 0 ? e.Message[at..].TrimEnd('.') : e.Message;
        return at >= 0 || e.Start.Line == 0 ? $"yaml: {text}" : string.Create(CultureInfo.InvariantCulture, $"yaml: line {e.Start.Line}: {text}");
    }

    private ConfigNode ReadDocument()
    {
        parser.Consume<StreamStart>();
        if (!parser.TryConsume<DocumentStart>(out _))
            return new ConfigNode.Null();
        var value = Read(0);
        // The rest has to be YAML too.
        while (parser.MoveNext())
        {
        }

        return value;
    }

    private ConfigNode Read(int depth)
    {
        if (depth > Deepest || ++count > MostValues)
            throw new MasqueradeConfigException("yaml: more values, or deeper in one another, than a configuration has");
        if (parser.TryConsume<Scalar>(out var scalar))
            return Plain(scalar);
        if (parser.TryConsume<SequenceStart>(out _))
            return ReadSequence(depth);
        if (parser.TryConsume<MappingStart>(out _))
            return ReadMapping(depth);
        throw new MasqueradeConfigException("yaml: aliases (*name) are not read here: write the value out");
    }

    private ConfigNode.Sequence ReadSequence(int depth)
    {
        var items = new List<ConfigNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
            items.Add(Read(depth + 1));
        return new ConfigNode.Sequence(items);
    }

    private ConfigNode.Mapping ReadMapping(int depth)
    {
        var items = new List<(string Key, ConfigNode Value)>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out var key))
                throw new MasqueradeConfigException("yaml: a key that is no word");
            items.Add((key.Value, Read(depth + 1)));
        }

        return new ConfigNode.Mapping(items);
    }

    private static ConfigNode Plain(Scalar scalar)
    {
        if (scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value == "tag:yaml.org,2002:str"))
            return new ConfigNode.Text(scalar.Value);
        return scalar.Value switch
        {
            "" or "~" or "null" or "Null" or "NULL" => new ConfigNode.Null(),
            "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => new ConfigNode.Flag(Value: true),
            "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => new ConfigNode.Flag(Value: false),
            var text when IsNumber(text) => new ConfigNode.Number(text),
            var text => new ConfigNode.Text(text),
        };
    }

    private static bool IsNumber(string text) =>
        text.AsSpan().IndexOfAnyExcept(NumberCharacters) < 0 && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}

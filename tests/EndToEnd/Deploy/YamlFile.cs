using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>Reads YAML as JSON: what kubectl sends is JSON too.</summary>
internal static class YamlFile
{
    /// <summary>The documents of a file.</summary>
    public static IReadOnlyList<JsonObject> Read(string path) => Parse(File.ReadAllText(path));

    /// <summary>The documents of a text, each a mapping.</summary>
    public static IReadOnlyList<JsonObject> Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(static document => Convert(document.RootNode)!.AsObject())];
    }

    private static JsonNode? Convert(YamlNode node) =>
        node switch
        {
            YamlMappingNode mapping => new JsonObject(
                mapping.Children.Select(static child => KeyValuePair.Create(((YamlScalarNode)child.Key).Value!, Convert(child.Value)))
            ),
            YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(Convert)]),
            YamlScalarNode { Style: ScalarStyle.Plain } scalar => Plain(scalar.Value!),
            YamlScalarNode scalar => JsonValue.Create(scalar.Value),
            _ => throw new FormatException($"{node.Start}: neither a mapping, a list nor a scalar"),
        };

    private static JsonNode? Plain(string text) =>
        text switch
        {
            "" or "null" or "~" => null,
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(
                number
            ),
            _ => JsonValue.Create(text),
        };
}

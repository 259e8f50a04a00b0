using System.Text.Json.Nodes;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>A PersistentVolume of examples/flexvolume, as far as a call of the driver has it: the driver's name and the options.</summary>
internal static class ExampleVolume
{
    /// <summary>Reads a file; the options are members of a JSON object.</summary>
    public static (string Driver, string Members) Read(string name)
    {
        var options = new JsonObject();
        var (driver, inside) = ("", false);
        foreach (var line in File.ReadLines(Path.Combine(PluginDirectory.Root, "examples/flexvolume", name + ".yaml")))
        {
            var words = line.Trim().Split(": ", 2);
            if (line.StartsWith("    driver: ", StringComparison.Ordinal))
                driver = words[1];
            inside = line == "    options:" || (inside && line.StartsWith("      ", StringComparison.Ordinal));
            if (inside && words.Length == 2)
                options[words[0]] = words[1].Trim('"');
        }

        return (driver, options.ToJsonString()[1..^1]);
    }
}

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Plugboard.Installer;

/// <summary>Reports as a table for people or as JSON for programs.</summary>
internal static class Report
{
    private const int DigestShown = 12;

    /// <summary>What a run did.</summary>
    public static string OfRun(IReadOnlyList<FileReport> files, bool json) =>
        json
            ? Json(files)
            : Table(
                ["FILE", "RESULT", "VERSION", "NOTE"],
                files,
                static file => [file.Path, file.Word, file.Facts?.Version ?? "-", file.Note ?? ""]
            );

    /// <summary>How files were found.</summary>
    public static string OfStatus(IReadOnlyList<FileReport> files, bool json) =>
        json
            ? Json(files)
            : Table(
                ["FILE", "STATE", "VERSION", "DIGEST", "SINCE", "KEPT", "NOTE"],
                files,
                static file =>
                    [
                        file.Path,
                        file.Word,
                        file.Facts?.Version ?? "-",
                        Short(file.Facts?.Digest),
                        file.Facts?.Since ?? "-",
                        Kept(file),
                        file.Note ?? "",
                    ]
            );

    private static string Kept(FileReport file) =>
        (file.HasPrevious, file.HasOriginal) switch
        {
            (true, true) => "previous, original",
            (true, _) => "previous",
            (_, true) => "original",
            _ => "-",
        };

    private static string Short(string? digest) =>
        digest switch
        {
            null or "" => "-",
            _ when digest.StartsWith("link:", StringComparison.Ordinal) => "link",
            _ => digest[..Math.Min(DigestShown, digest.Length)],
        };

    private static string Table(string[] titles, IReadOnlyList<FileReport> files, Func<FileReport, string[]> row)
    {
        var rows = new List<string[]> { titles };
        foreach (var file in files)
            rows.Add(row(file));
        var text = new StringBuilder();
        foreach (var cells in rows)
        {
            var line = new StringBuilder();
            for (var i = 0; i < cells.Length; i++)
                line.Append(i == cells.Length - 1 ? cells[i] : cells[i].PadRight(rows.Max(each => each[i].Length) + 2));
            text.Append(line.ToString().TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    private static string Json(IReadOnlyList<FileReport> files)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (
            var json = new Utf8JsonWriter(
                buffer,
                new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
        {
            json.WriteStartObject();
            json.WriteBoolean("good", files.All(static file => file.IsGood));
            json.WriteStartArray("files");
            foreach (var file in files)
                Write(json, file);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static void Write(Utf8JsonWriter json, FileReport file)
    {
        json.WriteStartObject();
        json.WriteString("path", file.Path);
        json.WriteString("state", file.Word);
        json.WriteBoolean("good", file.IsGood);
        if (file.Facts is { } facts)
        {
            json.WriteString(
                "digest",
                facts.Digest.StartsWith("link:", StringComparison.Ordinal) ? facts.Digest : "sha256:" + facts.Digest
            );
            json.WriteNumber("size", facts.Size);
            json.WriteString("since", facts.Since);
            json.WriteString("by", facts.By);
            WriteUnlessNull(json, "version", facts.Version);
            WriteUnlessNull(json, "buildId", facts.BuildId);
        }

        if (file.HasPrevious is { } previous)
            json.WriteBoolean("previous", previous);
        if (file.HasOriginal is { } original)
            json.WriteBoolean("original", original);
        WriteUnlessNull(json, "note", file.Note);
        json.WriteEndObject();
    }

    private static void WriteUnlessNull(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    /// <summary>Milliseconds for a person.</summary>
    public static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
}

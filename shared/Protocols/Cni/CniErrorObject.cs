using System.Text.Json;

namespace Plugboard.Protocols.Cni;

/// <summary>The error object that a failed call prints. Source: CNI specification 1.1.0, section 5.</summary>
public static class CniErrorObject
{
    /// <summary>The object as the reference prints it: indented, without a line end, without <c>cniVersion</c>.</summary>
    public static byte[] Write(CniException error)
    {
        var json = new JsonBuilder();
        json.BeginObject();
        json.Number("code", (int)error.Code);
        json.String("msg", error.Message);
        json.StringUnlessEmpty("details", error.Details);
        json.EndObject();
        return json.ToArray();
    }

    /// <summary>Reads what a failed plugin printed.</summary>
    /// <exception cref="CniException">Code 6: it is no error object.</exception>
    public static CniException Read(ReadOnlySpan<byte> text)
    {
        var value = JsonText.Parse(text, "invalid error object");
        if (value.Kind == JsonValueKind.Null)
            return new CniException(0, "");
        var node = new ConfigNode(value, "");
        var code = node.FindInt("code") ?? 0;
        return code < 0
            ? throw new CniException(CniErrorCode.DecodingFailure, "invalid error object: code is negative")
            : new CniException((CniErrorCode)code, node.GetString("msg"), node.GetString("details"));
    }
}

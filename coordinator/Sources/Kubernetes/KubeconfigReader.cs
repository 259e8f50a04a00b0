using Plugboard.Documents;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// Reads a kubeconfig's current context. What would weaken the connection or start a program is refused, by name. Source: kubernetes.io,
/// kubeconfig (v1).
/// </summary>
internal sealed class KubeconfigReader
{
    private readonly string directory;
    private readonly string path;
    private readonly TimeProvider time;

    private KubeconfigReader(string path, TimeProvider time)
    {
        this.path = path;
        this.time = time;
        directory = Path.GetDirectoryName(path) ?? "";
    }

    /// <summary>The access of its current context.</summary>
    /// <exception cref="DocumentException">The file is invalid, or needs something unsupported.</exception>
    public static ApiAccess Read(ReadOnlySpan<byte> utf8, string path, TimeProvider time) =>
        new KubeconfigReader(path, time).Read(YamlDocumentReader.Read(utf8));

    private ApiAccess Read(DocumentNode document)
    {
        var name = document.AsMap().Find("current-context")?.Text is { Length: > 0 } current
            ? current
            : throw document.Error("current-context is missing");
        var context = Named(document, "contexts", name, "context");
        var cluster = Named(document, "clusters", Text(context, "cluster") ?? throw context.Refused("names no cluster"), "cluster");
        var user = Text(context, "user") is { Length: > 0 } who ? Named(document, "users", who, "user") : null;
        Refuse(cluster, "insecure-skip-tls-verify", "is not supported: give certificate-authority");
        Refuse(cluster, "tls-server-name", "is not supported: name the server as its certificate does");
        Refuse(cluster, "proxy-url", "is not supported");
        foreach (var key in new[] { "exec", "auth-provider", "username", "as" })
            Refuse(user, key, "is not supported: give a token or a client certificate");
        RequireBoth(user);
        return new ApiAccess
        {
            Server = ReadServer(cluster),
            Authorities = Find(cluster, "certificate-authority"),
            Token = FindToken(user),
            Certificate = Find(user, "client-certificate"),
            Key = Find(user, "client-key"),
        };
    }

    private static Uri ReadServer(DocumentNode cluster)
    {
        var text = Text(cluster, "server") ?? throw cluster.Refused("has no server");
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var server)
            || (server.Scheme != Uri.UriSchemeHttps && server.Scheme != Uri.UriSchemeHttp)
        )
            throw cluster.Find("server")!.Refused($"\"{text}\" is not the URL of a server");
        return server.UserInfo.Length == 0
            ? server
            : throw cluster.Find("server")!.Refused("has a name and a password in its URL, which is not supported");
    }

    private static void RequireBoth(DocumentNode? user)
    {
        bool Has(string key) => Text(user!, key) is { Length: > 0 } || Text(user!, $"{key}-data") is { Length: > 0 };
        if (user is not null && Has("client-certificate") != Has("client-key"))
            throw user.Error(
                $"there is a client-{(Has("client-key") ? "key without a client-certificate" : "certificate without a client-key")}"
            );
    }

    private static DocumentNode Named(DocumentNode document, string list, string name, string inner)
    {
        var items = document.Find(list) ?? throw document.Error($"the list \"{list}\" is missing");
        foreach (var item in items.AsList())
        {
            if (Text(item, "name") == name)
                return (item.Find(inner) ?? throw item.Error($"\"{name}\" of {list} has no {inner}")).AsMap();
        }

        throw items.Error($"there is no \"{name}\" in {list}");
    }

    private static string? Text(DocumentNode node, string key) => node.Find(key)?.Text;

    private static void Refuse(DocumentNode? node, string key, string why)
    {
        if (
            node?.Find(key) is { } found
            && found is not { Kind: DocumentKind.Boolean, Text: "false" }
            && found is not { Kind: DocumentKind.Text, Text: "" }
        )
            throw found.Refused(why);
    }

    // The data takes precedence over the file, as in client-go; a token over its file.
    private ApiAccess.Secret? Find(DocumentNode? node, string key)
    {
        if (node?.Find($"{key}-data") is { Text.Length: > 0 } data)
        {
            var bytes = new byte[data.Text.Length];
            return Convert.TryFromBase64String(data.Text, bytes, out var count)
                ? ApiAccess.Secret.OfText($"{path}: {key}-data", bytes[..count])
                : throw data.Refused("is not base64");
        }

        return node is not null && Text(node, key) is { Length: > 0 } file
            ? ApiAccess.Secret.OfFile(Path.Combine(directory, file), time)
            : null;
    }

    private ApiAccess.Secret? FindToken(DocumentNode? user)
    {
        if (user is null)
            return null;
        if (Text(user, "token") is { Length: > 0 } token)
            return ApiAccess.Secret.OfText($"{path}: token", System.Text.Encoding.UTF8.GetBytes(token));
        return Text(user, "tokenFile") is { Length: > 0 } file ? ApiAccess.Secret.OfFile(Path.Combine(directory, file), time) : null;
    }
}

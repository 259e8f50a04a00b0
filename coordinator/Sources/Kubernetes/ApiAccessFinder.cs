using Plugboard.Addresses;
using Plugboard.Documents;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Finds the access to the API: by a kubeconfig, or by a pod's service account.</summary>
/// <param name="options">The operator's options.</param>
/// <param name="variable">The environment.</param>
internal sealed class ApiAccessFinder(KubernetesOptions options, Func<string, string?> variable)
{
    /// <summary>The access.</summary>
    /// <exception cref="ApiException">It is not configured, or invalid.</exception>
    public ApiAccess Find()
    {
        var found = options.Kubeconfig is { } path ? FromKubeconfig(path) : FromServiceAccount();
        return options.ApiServer is null ? found : With(found, options.ApiServer);
    }

    private static ApiAccess With(ApiAccess access, Uri server) =>
        new()
        {
            Server = server,
            // Without TLS no certificate is read.
            Authorities = IsPlain(server) ? null : access.Authorities,
            Token = access.Token,
            Certificate = access.Certificate,
            Key = access.Key,
        };

    private static bool IsPlain(Uri server) => server.Scheme == Uri.UriSchemeHttp;

    private ApiAccess FromKubeconfig(string path)
    {
        try
        {
            return KubeconfigReader.Read(new RefreshedFile(path, options.Time).Read(), path, options.Time);
        }
        catch (DocumentException e)
        {
            throw new ApiException($"{path}: {e.Message}", e);
        }
    }

    private ApiAccess FromServiceAccount()
    {
        // Such a proxy has its own credentials, and any process may listen on a port of this machine: the pod's token is not sent to it,
        // and is not needed.
        if (options.ApiServer is { } plain && IsPlain(plain))
            return new ApiAccess { Server = plain };
        return new ApiAccess
        {
            Server = options.ApiServer ?? InCluster(),
            IsService = options.ApiServer is null,
            Authorities = ServiceAccountFile("ca.crt"),
            Token = ServiceAccountFile("token"),
        };
    }

    private ApiAccess.Secret ServiceAccountFile(string name) =>
        ApiAccess.Secret.OfFile(
            $"{options.ServiceAccountDirectory}/{name}",
            options.Time,
            "a pod has it from its service account; outside of a pod give --kubeconfig-file"
        );

    private Uri InCluster()
    {
        var host = variable("KUBERNETES_SERVICE_HOST");
        var port = variable("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
            throw new ApiException(
                "the address of the Kubernetes API is not known: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which a pod "
                    + "has, are not set; give --kube-api-url or --kubeconfig-file"
            );
        var name = IPAddr.TryParse(host, out var address) && address.Is6 ? $"[{host}]" : host;
        return Uri.TryCreate($"https://{name}:{port}", UriKind.Absolute, out var server)
            ? server
            : throw new ApiException($"KUBERNETES_SERVICE_HOST={host} and KUBERNETES_SERVICE_PORT={port} are not the address of a server");
    }
}

using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration.Documents;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Finds how the API is reached: by a kubeconfig, or as a pod does by its service account.</summary>
/// <param name="options">What the operator said.</param>
/// <param name="variable">The environment.</param>
internal sealed class ApiAccessFinder(KubernetesOptions options, Func<string, string?> variable)
{
    /// <summary>How the API is reached.</summary>
    /// <exception cref="ApiException">It is not said, or wrongly.</exception>
    public ApiAccess Find()
    {
        var found = options.Kubeconfig is { } path ? FromKubeconfig(path) : FromServiceAccount();
        return options.ApiServer is null ? found : With(found, options.ApiServer);
    }

    private static ApiAccess With(ApiAccess access, Uri server) =>
        new() { Server = server, Authorities = access.Authorities, Token = access.Token, Certificate = access.Certificate, Key = access.Key };

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

    private ApiAccess FromServiceAccount() => new()
    {
        Server = options.ApiServer ?? InCluster(),
        IsService = options.ApiServer is null,
        Authorities = ApiAccess.Secret.OfFile($"{options.ServiceAccountDirectory}/ca.crt", options.Time),
        Token = ApiAccess.Secret.OfFile($"{options.ServiceAccountDirectory}/token", options.Time),
    };

    private Uri InCluster()
    {
        var host = variable("KUBERNETES_SERVICE_HOST");
        var port = variable("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
            throw new ApiException("where the Kubernetes API is, is not known: give --kube-api-url or --kubeconfig-file (KUBERNETES_SERVICE_HOST and _PORT are not set)");
        var name = IPAddr.TryParse(host, out var address) && address.Is6 ? $"[{host}]" : host;
        return Uri.TryCreate($"https://{name}:{port}", UriKind.Absolute, out var server)
            ? server
            : throw new ApiException($"KUBERNETES_SERVICE_HOST={host} and KUBERNETES_SERVICE_PORT={port} name no server");
    }
}

using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Etcd;

/// <summary>An etcd that is configured otherwise than the coordinator expects.</summary>
public sealed class OtherServerTests
{
    [KernelFact]
    public async Task An_etcd_without_the_json_gateway_is_named_with_the_flag_that_enables_it()
    {
        using var server = new EtcdServer(arguments: ["--enable-grpc-gateway=false"]);
        server.Start();
        await using var node = new EtcdNode(server, "one", "192.168.0.1");
        await node.Until(now =>
            now.SourceError
            == "etcd: http://127.0.0.1:2379: HTTP status 404: it has no JSON gateway: etcd 3.4 and later serve it with "
                + "--enable-grpc-gateway, or enable-grpc-gateway: true in the configuration file"
        );
    }

    [KernelFact]
    public async Task An_etcd_without_TLS_is_told_from_one_that_refuses_a_certificate()
    {
        using var server = new EtcdServer();
        server.Start();
        await using var node = new EtcdNode(
            server,
            "one",
            "192.168.0.1",
            static options => options with { Endpoints = [new Uri("https://127.0.0.1:2379")] }
        );
        await node.Until(now => now.SourceError?.Contains("is it http:// instead of https://?", StringComparison.Ordinal) ?? false);
    }
}

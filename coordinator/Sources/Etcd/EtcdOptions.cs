using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>etcd's address, and this node's lease there; the defaults are flanneld's.</summary>
internal sealed record EtcdOptions
{
    /// <summary>This node's name in the store; etcd does not have it.</summary>
    public required string NodeName { get; init; }

    /// <summary>Servers of one cluster, <c>http</c> or <c>https</c>, tried one after another.</summary>
    public ValueArray<Uri> Endpoints { get; init; } = [new Uri("http://127.0.0.1:2379")];

    /// <summary>The prefix of all keys, without a slash at the end.</summary>
    public string Prefix { get; init; } = "/coreos.com/network";

    /// <summary>PEM file of the authorities of the servers' certificates; null: the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file of the client certificate; null: none.</summary>
    public string? CertFile { get; init; }

    /// <summary>PEM file of its key.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The user name; null: no login.</summary>
    public string? Username { get; init; }

    /// <summary>The user's password.</summary>
    public HiddenText Password { get; init; } = "";

    /// <summary>Whether password and token may go over plain <c>http</c> to another machine.</summary>
    public bool ExposesPassword { get; init; }

    /// <summary>The endpoint that would receive the password in clear text; null if there is no such endpoint.</summary>
    public Uri? FindExposing() =>
        Username is null || ExposesPassword
            ? null
            : Endpoints.FirstOrDefault(static endpoint => endpoint.Scheme == Uri.UriSchemeHttp && !endpoint.IsLoopback);

    /// <summary>How long a lease lasts without renewal.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long before its end it is renewed; never more often than each quarter of the lease's time.</summary>
    public TimeSpan RenewMargin { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>The networks that this node had before, by subnet.env; taken again if they are free.</summary>
    public ValueArray<IPPrefix> PreviousSubnets { get; init; } = [];

    /// <summary>The limit for a server's answer.</summary>
    public TimeSpan RequestTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a server's answer takes before the wait for it is reported.</summary>
    public TimeSpan SlowTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The interval of complete listings without a known loss.</summary>
    public TimeSpan AuditInterval { get; init; } = TimeSpan.FromMinutes(5);
}

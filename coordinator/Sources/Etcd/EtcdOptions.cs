using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>Where etcd is and how this node has its lease there; the defaults are flanneld's.</summary>
internal sealed record EtcdOptions
{
    /// <summary>This node's name on the store; etcd knows none.</summary>
    public required string NodeName { get; init; }

    /// <summary>Servers of one cluster, <c>http</c> or <c>https</c>, tried in turn.</summary>
    public ValueArray<Uri> Endpoints { get; init; } = [new Uri("http://127.0.0.1:2379")];

    /// <summary>What all keys begin with, without a slash at the end.</summary>
    public string Prefix { get; init; } = "/coreos.com/network";

    /// <summary>PEM file of the authorities that servers' certificates are from; null: the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file of this side's certificate; null: none is shown.</summary>
    public string? CertFile { get; init; }

    /// <summary>PEM file of its key.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Who it is to etcd; null: nobody.</summary>
    public string? Username { get; init; }

    /// <summary>The user's password.</summary>
    public HiddenText Password { get; init; } = "";

    /// <summary>Whether password and token may go over plain <c>http</c> to another machine.</summary>
    public bool ExposesPassword { get; init; }

    /// <summary>The endpoint at which everybody on the way would read the password; null: there is none.</summary>
    public Uri? FindExposing() =>
        Username is null || ExposesPassword
            ? null
            : Endpoints.FirstOrDefault(static endpoint => endpoint.Scheme == Uri.UriSchemeHttp && !endpoint.IsLoopback);

    /// <summary>How long a lease lasts that nobody renews.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long before its end it is renewed; never more often than each quarter of the lease's time.</summary>
    public TimeSpan RenewMargin { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>The networks that this node had before, as subnet.env tells; taken again where they are free.</summary>
    public ValueArray<IPPrefix> PreviousSubnets { get; init; } = [];

    /// <summary>How long a server may take for an answer.</summary>
    public TimeSpan RequestTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long everything is listed anew though nothing was missed that is known of.</summary>
    public TimeSpan AuditInterval { get; init; } = TimeSpan.FromMinutes(5);
}

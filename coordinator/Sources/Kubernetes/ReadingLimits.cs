namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>The limits for reading from an API: a server that sends more is broken, or not an API server.</summary>
internal sealed record ReadingLimits
{
    /// <summary>One object, in bytes: etcd stores none of two million.</summary>
    public int Object { get; init; } = 4 * 1024 * 1024;

    /// <summary>One page of a list, in bytes, unpacked: 500 Nodes with many images have thirty million.</summary>
    public long Page { get; init; } = 256L * 1024 * 1024;

    /// <summary>The pages of one list.</summary>
    public int Pages { get; init; } = 1000;

    /// <summary>The Nodes of one list.</summary>
    public int Nodes { get; init; } = 100_000;
}

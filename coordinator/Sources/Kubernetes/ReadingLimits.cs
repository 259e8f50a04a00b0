namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>What is read of an API at most: what sends more is broken, or no API.</summary>
internal sealed record ReadingLimits
{
    /// <summary>One object, in bytes: etcd takes none of two million.</summary>
    public int Object { get; init; } = 4 * 1024 * 1024;

    /// <summary>One page of a list, in bytes, unpacked: 500 Nodes with many images have thirty million.</summary>
    public long Page { get; init; } = 256L * 1024 * 1024;

    /// <summary>The pages of one list.</summary>
    public int Pages { get; init; } = 1000;

    /// <summary>The Nodes of one list.</summary>
    public int Nodes { get; init; } = 100_000;
}

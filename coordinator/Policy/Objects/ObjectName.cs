namespace Plugboard.Coordinator.Policy.Objects;

/// <summary>The name of a namespaced object.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name there.</param>
internal readonly record struct ObjectName(string Namespace, string Name)
{
    /// <summary>By namespace, then by name; the order of bytes.</summary>
    public static IComparer<ObjectName> Order { get; } = Comparer<ObjectName>.Create(Compare);

    private static int Compare(ObjectName one, ObjectName other) =>
        string.CompareOrdinal(one.Namespace, other.Namespace) is not 0 and var order ? order : string.CompareOrdinal(one.Name, other.Name);

    /// <summary>As kubectl writes it: <c>web/frontend</c>.</summary>
    public override string ToString() => $"{Namespace}/{Name}";
}

using System.Collections;
using System.Runtime.CompilerServices;

namespace Plugboard.Linux;

/// <summary>
/// An array that never changes and equals another with equal elements in the same order, so that records which hold it can be compared.
/// </summary>
/// <typeparam name="T">The elements' type; compared by its own equality.</typeparam>
[CollectionBuilder(typeof(ValueArray), nameof(ValueArray.Create))]
public readonly struct ValueArray<T> : IEquatable<ValueArray<T>>, IReadOnlyList<T>
{
    private readonly T[]? items;

    internal ValueArray(T[] items) => this.items = items;

    private T[] Items => items ?? [];

    /// <inheritdoc/>
    public int Count => Items.Length;

    /// <inheritdoc/>
    public T this[int index] => Items[index];

    /// <summary>The elements without a copy.</summary>
    public ReadOnlySpan<T> AsSpan() => Items;

    /// <inheritdoc/>
    public bool Equals(ValueArray<T> other) => Items.AsSpan().SequenceEqual(other.Items, EqualityComparer<T>.Default);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ValueArray<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var item in Items)
            hash.Add(item);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)Items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => Items.GetEnumerator();

    /// <summary>The elements, comma-separated.</summary>
    public override string ToString() => string.Join(", ", Items);

    /// <summary>Equal elements in the same order.</summary>
    public static bool operator ==(ValueArray<T> left, ValueArray<T> right) => left.Equals(right);

    /// <summary>Other elements, or another order.</summary>
    public static bool operator !=(ValueArray<T> left, ValueArray<T> right) => !left.Equals(right);
}

/// <summary>Makes a <see cref="ValueArray{T}"/>.</summary>
public static class ValueArray
{
    /// <summary>Of the given elements, copied.</summary>
    public static ValueArray<T> Create<T>(ReadOnlySpan<T> items) => new(items.ToArray());

    /// <summary>Of what a sequence yields.</summary>
    public static ValueArray<T> ToValueArray<T>(this IEnumerable<T> items) => new(items.ToArray());
}

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Takes what a follower reads; called by one task at a time. An object is gone if a complete list omits it or a watch reports
/// its deletion, and in no other case.</summary>
/// <typeparam name="T">What is read of an object.</typeparam>
internal interface IObjectSink<in T>
{
    /// <summary>A list begins; what an earlier one gave that did not end is dropped.</summary>
    void BeginList();

    /// <summary>An object of the list.</summary>
    void TakeListed(T item);

    /// <summary>The list is complete: other objects are gone.</summary>
    void EndList();

    /// <summary>An object that came, changed or went.</summary>
    void Take(T item, bool isGone);

    /// <summary>The server answered: what is known is not older than this moment, or than the bookmark before it.</summary>
    void Hear() { }

    /// <summary>Why the objects cannot be read; null: they can.</summary>
    void SetError(ApiException? failure);
}

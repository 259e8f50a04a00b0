using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// A plugin's verbs. An instance serves one call; an ADD whose result cannot be written is undone. The caller has validated environment,
/// config header and version, and has refused a CNI_NETNS that is the plugin's own namespace. A failure is any exception; where its CNI
/// meaning is known, a <see cref="CniException"/>.
/// </summary>
public abstract class CniPlugin
{
    /// <summary>The executable's name, as <c>type</c> in configs.</summary>
    public abstract string Name { get; }

    /// <summary>Connects the container; a failure leaves the machine as it was.</summary>
    public abstract CniResult Add(CniRequest request);

    /// <summary>Releases whatever can be released; succeeds for what is gone.</summary>
    public abstract void Del(CniRequest request);

    /// <summary>
    /// Takes back what this instance's successful <see cref="Add"/> has made, for a caller whose own ADD fails after it, and nothing that
    /// the container had before: the request is the ADD's. By default as <see cref="Del"/>, for a plugin whose ADD succeeds only where
    /// there was nothing.
    /// </summary>
    public virtual void Undo(CniRequest request) => Del(request.WithVerb(CniVerb.Del));

    /// <summary>Throws what is not as ADD left it.</summary>
    public abstract void Check(CniRequest request);

    /// <summary>
    /// Releases what belongs to no attachment in <paramref name="valid"/>, which is null where the runtime did not say: then nothing.
    /// </summary>
    public abstract void Gc(CniRequest request, IReadOnlySet<Attachment>? valid);

    /// <summary>Throws code 50 or 51 where an ADD could not be serviced.</summary>
    public abstract void Status(CniRequest request);

    /// <summary>
    /// What is wrong with a config, in the order of its keys: a sentence each that starts with the key's path. Empty: nothing.
    /// </summary>
    public abstract IReadOnlyList<string> Validate(CniRequest request);

    /// <summary>The CNI meaning of an exception that only this plugin's libraries know; null where it has none.</summary>
    public virtual CniException? Translate(Exception exception) => null;
}

using System.Text.Json;
using Plugboard.Hosting;
using Plugboard.Protocols.Cni;

namespace Plugboard.Flannel;

/// <summary>The call that the delegate gets: this one, with the delegate's config.</summary>
internal sealed class DelegateCall(CniRequest request, DelegateConfig config)
{
    /// <summary>
    /// The same with the call's <c>prevResult</c>, which is the ADD's for all other verbs, in the version of the delegate's config.
    /// Without, where it has none to give.
    /// </summary>
    public DelegateCall WithPrevResult()
    {
        if (request.Config.Find("prevResult") is not { } previous)
            return this;
        if (request.CniVersion == config.CniVersion)
            return new DelegateCall(request, config.With("prevResult", previous.Value));
        // The network's version was raised since ADD.
        return request.FindPrevResultLeniently() is { } result && FindWritten(result) is { } written
            ? new DelegateCall(request, config.With("prevResult", written))
            : this;
    }

    private JsonValue? FindWritten(CniResult result)
    {
        try
        {
            return JsonValue.Parse(CniResultWriter.Write(result, config.CniVersion), "prevResult");
        }
        catch (CniException)
        {
            return null;
        }
    }

    /// <summary>The same in the call's own version, which allows its verb where an older one would not.</summary>
    public DelegateCall InVersionOfCall() => new(request, config.With("cniVersion", JsonValue.Of(request.CniVersion)));

    /// <summary>The same with what the runtime says of valid attachments.</summary>
    public DelegateCall WithAttachments()
    {
        var delegated = config;
        foreach (var key in (ReadOnlySpan<string>)["cni.dev/valid-attachments", "cni.dev/attachments"])
        {
            if (request.Config.Find(key) is { Value.Kind: JsonValueKind.Array } list)
                delegated = delegated.With(key, list.Value);
        }

        return new DelegateCall(request, delegated);
    }

    /// <summary>Finds the delegate's executable.</summary>
    /// <exception cref="CniException">Code 7 or 4: it was not found.</exception>
    public PluginDelegate Find()
    {
        var input = config.Without(AttachmentState.IfNameKey).Without(AttachmentState.FailedKey).ToBytes();
        var parsed = NetworkConfig.Parse(input);
        var call = request with { StdinBytes = input, Config = parsed.Root, NetworkName = parsed.Name, CniVersion = config.CniVersion };
        return PluginDelegate.Find(call, config.Type);
    }
}

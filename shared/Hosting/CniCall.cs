using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting;

/// <summary>
/// One call from its environment and standard input to what it prints, for a plugin that is a process and for one that is called in
/// process.
/// </summary>
internal static class CniCall
{
    /// <summary>Serves a call. Whatever happens, the outcome is one JSON document or none, and an exit code.</summary>
    public static CniOutcome Serve(CniPlugin plugin, Func<string, string?> variable, Func<byte[]> readInput)
    {
        try
        {
            var environment = CniEnvironment.Parse(variable);
            if (environment.Verb == CniVerb.Version)
                return new CniOutcome(CniVersions.VersionDocument.ToArray(), 0);
            var callers = Callers.Of(environment, variable(Callers.Variable));
            Callers.RequireNoCircle(callers, plugin.Name);
            var request = Read(environment, readInput) with { Callers = [.. callers, plugin.Name] };
            var result = Invoke(plugin, request);
            return result is null
                ? new CniOutcome([], 0)
                : new CniOutcome(WriteOrUndo(plugin, request, result), 0) { Undo = () => Undo(plugin, request) };
        }
        catch (Exception e)
        {
            var failure = CniFailure.Describe(e, plugin);
            if (failure.Advice.Length > 0)
                StandardError.WriteLine($"{plugin.Name}: {failure.Message}: {failure.Advice}");
            return new CniOutcome(CniErrorObject.Write(failure), 1);
        }
    }

    /// <summary>
    /// The call of a plugin of this very build, judged as its own process would judge it. The result is null for all verbs but ADD.
    /// </summary>
    /// <exception cref="CniException">It failed.</exception>
    public static CniResult? ServeInProcess(CniPlugin plugin, CniRequest request)
    {
        try
        {
            _ = CniEnvironment.For(request, request.Verb);
            CniVersions.Require(request.Verb, request.CniVersion);
            var result = Invoke(plugin, request);
            // Before 1.0.0 a result says less than it knows: what a process would have printed and its caller read.
            return result is null || CniVersions.Compare(request.CniVersion, "1.0.0") >= 0
                ? result
                : CniResultReader.Read(WriteOrUndo(plugin, request, result), request.CniVersion);
        }
        catch (Exception e)
        {
            throw CniFailure.Describe(e, plugin);
        }
    }

    /// <summary>Takes back what a plugin's ADD in this process has made.</summary>
    /// <exception cref="CniException">It failed.</exception>
    public static void UndoInProcess(CniPlugin plugin, CniRequest request)
    {
        try
        {
            plugin.Undo(request);
        }
        catch (Exception e)
        {
            throw CniFailure.Describe(e, plugin);
        }
    }

    private static CniRequest Read(CniEnvironment environment, Func<byte[]> readInput)
    {
        var input = ReadAll(readInput);
        var config = NetworkConfig.Parse(input);
        if (environment.Verb is not { } verb)
            throw new CniException(
                CniErrorCode.InvalidEnvironment,
                $"unknown CNI_COMMAND: {environment.Command}",
                "CNI_COMMAND is ADD, DEL, CHECK, GC, STATUS or VERSION"
            );
        var request = CniRequest.From(environment, verb, config, input);
        CniVersions.Require(verb, request.CniVersion);
        if (verb == CniVerb.Add)
            config.RequireStorableName();
        return request;
    }

    private static byte[] ReadAll(Func<byte[]> readInput)
    {
        try
        {
            return readInput();
        }
        catch (UnusableFileException e)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"the network config on standard input is larger than {FileDescriptor.UsualLimit >> 20} MiB",
                "correct what the runtime passes: a network config has some kilobytes",
                e
            );
        }
        catch (ErrnoException e)
        {
            throw new CniException(
                CniErrorCode.IOFailure,
                $"error reading from stdin: {e.Message}",
                "the network config is read from standard input",
                e
            );
        }
    }

    private static CniResult? Invoke(CniPlugin plugin, CniRequest request)
    {
        switch (request.Verb)
        {
            case CniVerb.Add:
                RefuseOwnNamespace(request);
                return plugin.Add(request);
            case CniVerb.Del:
                plugin.Del(WithoutOwnNamespace(request));
                return null;
            case CniVerb.Check:
                plugin.Check(request);
                return null;
            case CniVerb.Gc:
                plugin.Gc(request, request.FindValidAttachments());
                return null;
            default:
                plugin.Status(request);
                return null;
        }
    }

    // Before any change: the reference checks after it. An invalid path is for the plugin to refuse.
    private static void RefuseOwnNamespace(CniRequest request)
    {
        if (!IsInOwnNamespace(request))
            return;
        throw new CniException(
            CniErrorCode.InvalidNetNs,
            "plugin's netns and netns from CNI_NETNS should not be the same",
            $"{request.NetNs} is this plugin's own namespace; set CNI_NETNS_OVERRIDE=1 if that is intended"
        );
    }

    // A stale /proc/PID/ns/net may have become the host's own: nothing in it may be touched, but the pod is gone and the rest must be
    // released.
    private static CniRequest WithoutOwnNamespace(CniRequest request)
    {
        if (!IsInOwnNamespace(request))
            return request;
        StandardError.WriteLine($"{request.NetNs} is this plugin's own namespace: the container's counts as gone");
        return request with { NetNs = "" };
    }

    private static bool IsInOwnNamespace(CniRequest request) => request.NetNs.Length > 0 && !request.NetNsOverride && IsOwn(request.NetNs);

    private static bool IsOwn(string path)
    {
        try
        {
            return NetworkNamespace.IsOwn(path);
        }
        catch (ErrnoException)
        {
            return false;
        }
    }

    // A failed ADD leaves no changes behind, and an ADD whose result cannot be expressed in the version has failed.
    private static byte[] WriteOrUndo(CniPlugin plugin, CniRequest request, CniResult result)
    {
        try
        {
            return CniResultWriter.Write(result, request.CniVersion);
        }
        catch (CniException)
        {
            Undo(plugin, request);
            throw;
        }
    }

    private static void Undo(CniPlugin plugin, CniRequest request)
    {
        try
        {
            plugin.Undo(request);
        }
        catch (Exception e)
        {
            StandardError.WriteLine($"{plugin.Name}: undoing ADD: {CniFailure.Describe(e, plugin).Message}");
        }
    }
}

/// <summary>What a call says on standard output and how it exits: one JSON document or nothing, and 0 or 1.</summary>
/// <param name="Output">The bytes for standard output.</param>
/// <param name="ExitCode">0 or 1.</param>
internal readonly record struct CniOutcome(byte[] Output, int ExitCode)
{
    /// <summary>Undoes the call if its result cannot be delivered; null if there is nothing to undo.</summary>
    public Action? Undo { get; init; }
}

using System.Collections;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting;

/// <summary>
/// Another plugin that serves a call for this one, such as the one <c>ipam.type</c> names. The executable found on CNI_PATH is run, on the
/// calling thread's network namespace; where it is of this very build, the code is already here and is called instead. Source: CNI
/// specification 1.1.0, section 4.
/// </summary>
public sealed class PluginDelegate
{
    private const int LongestOutput = 4 << 20;
    private const int LongestError = 64 << 10;
    private const int LongestQuote = 2048;

    private readonly CniRequest request;
    private readonly string type;

    private PluginDelegate(CniRequest request, string type, string path, CniPlugin? inProcess)
    {
        this.request = request;
        this.type = type;
        InProcess = inProcess;
        Path = path;
    }

    /// <summary>The executable.</summary>
    public string Path { get; }

    /// <summary>The plugin that is called in this process; null: the executable is.</summary>
    public CniPlugin? InProcess { get; }

    /// <summary>True if it is called in this process.</summary>
    public bool IsInProcess => InProcess is not null;

    /// <summary>Finds the executable: the first regular file of that name in the directories of CNI_PATH, links followed.</summary>
    /// <param name="request">The call to serve: its environment and standard input are passed on.</param>
    /// <param name="type">The plugin's name.</param>
    /// <param name="sameBuild">The same plugin's code in this executable, if both are of one build.</param>
    /// <exception cref="CniException">Code 7: the name is invalid, or that of a plugin that waits for this call. Code 4: CNI_PATH does not
    /// have it.</exception>
    public static PluginDelegate Find(CniRequest request, string type, Func<CniPlugin>? sameBuild = null)
    {
        Callers.RequireNoCircle(request.Callers, type);
        var directories = PluginPath.Directories(type, request.Path);
        ErrnoException? refusal = null;
        foreach (var directory in directories)
        {
            if (directory.Length == 0)
                continue;
            var path = directory.EndsWith('/') ? directory + type : directory + "/" + type;
            if (IsRegularFile(path, ref refusal))
                return new PluginDelegate(request, type, path, sameBuild is not null && IsSameBuild(path) ? sameBuild() : null);
        }

        throw PluginPath.NotFound(type, directories, refusal?.Message);
    }

    /// <summary>ADD.</summary>
    /// <exception cref="CniException">The delegate's own error, or what went wrong with calling it.</exception>
    public CniResult Add() =>
        InProcess is not null ? CniCall.ServeInProcess(InProcess, request.WithVerb(CniVerb.Add))! : ReadResult(Execute(CniVerb.Add));

    /// <summary>
    /// Takes back what <see cref="Add"/> has made or, where it failed, may have made: in this process exactly that, by another executable
    /// all that the attachment has, which only its DEL can do.
    /// </summary>
    /// <exception cref="CniException">The delegate's own error, or what went wrong with calling it.</exception>
    public void Undo()
    {
        if (InProcess is null)
            Del();
        else
            CniCall.UndoInProcess(InProcess, request.WithVerb(CniVerb.Add));
    }

    /// <summary>DEL.</summary>
    /// <exception cref="CniException">The delegate's own error, or what went wrong with calling it.</exception>
    public void Del() => Call(CniVerb.Del);

    /// <summary>CHECK.</summary>
    /// <exception cref="CniException">The delegate's own error, or what went wrong with calling it.</exception>
    public void Check() => Call(CniVerb.Check);

    /// <summary>GC.</summary>
    /// <exception cref="CniException">The delegate's own error, or what went wrong with calling it.</exception>
    public void Gc() => Call(CniVerb.Gc);

    /// <summary>STATUS.</summary>
    /// <exception cref="CniException">The delegate's own error, or what went wrong with calling it.</exception>
    public void Status() => Call(CniVerb.Status);

    private void Call(CniVerb verb)
    {
        if (InProcess is not null)
            CniCall.ServeInProcess(InProcess, request.WithVerb(verb));
        else
            Execute(verb);
    }

    private CniResult ReadResult(byte[] output)
    {
        try
        {
            return CniResultReader.Read(output, request.CniVersion);
        }
        catch (CniException e)
        {
            var said = output.Length == 0 ? "nothing" : GoText.Quote(Encoding.UTF8.GetString(output));
            throw new CniException(
                CniErrorCode.IOFailure,
                e.Message,
                $"{type} is {Path}; it succeeded and printed {said}, which is no result of ADD",
                e
            );
        }
    }

    private byte[] Execute(CniVerb verb)
    {
        var result = Run(verb);
        if (!result.Succeeded)
            throw Failure(result);
        if (result.Error.Length > 0)
            StandardError.Write(result.Error);
        return result.Output;
    }

    // How long it takes is its own affair, as for the reference: the runtime has a deadline for the whole call, and ends the delegate with
    // this process.
    private CommandResult Run(CniVerb verb)
    {
        try
        {
            return new Command(Path)
            {
                Environment = EnvironmentFor(verb),
                Input = request.StdinBytes,
                OutputLimit = LongestOutput,
                ErrorLimit = LongestError,
            }.Run();
        }
        catch (ErrnoException e) when (e.Subject == Path)
        {
            throw new CniException(
                CniErrorCode.IOFailure,
                $"cannot execute {Path}: {ErrnoException.Describe(e.Errno)}",
                Advice(e.Errno),
                e
            );
        }
    }

    private string Advice(Errno errno) =>
        errno switch
        {
            Errno.ENOEXEC => $"it is neither a program for this machine nor a script that begins with #!: install {type} again",
            Errno.EACCES => "it is not executable (chmod 755), its filesystem is mounted noexec, or a security module refuses it",
            Errno.ENOENT => "the interpreter after its #!, or the loader that it was linked for, is missing on this node",
            Errno.E2BIG => "the environment of this call is too long: CNI_ARGS, CNI_PATH and the runtime's own variables",
            Errno.ETXTBSY => "another process has it open for writing: the call can be repeated when it is installed",
            _ => $"install {type} again",
        };

    // The library's own sentences, so that a runtime's message does not depend on the delegate's caller.
    private CniException Failure(CommandResult result)
    {
        var details = $"{type} is {Path}";
        if (result.WroteTooMuch)
            return new CniException(
                CniErrorCode.IOFailure,
                $"{type} was killed: it printed more than {LongestOutput >> 20} MiB, and a result has some kilobytes",
                details
            );
        if (result.Output.Length > 0)
        {
            try
            {
                return CniErrorObject.Read(result.Output);
            }
            catch (CniException e)
            {
                var said = Encoding.UTF8.GetString(result.Output);
                return new CniException(
                    CniErrorCode.Internal,
                    $"netplugin failed but error parsing its diagnostic message {GoText.Quote(said, LongestQuote)}: {e.Message}",
                    details,
                    e
                );
            }
        }

        return new CniException(
            CniErrorCode.Internal,
            result.Error.Length > 0
                ? $"netplugin failed: {GoText.Quote(result.ErrorText, LongestQuote)}"
                : $"netplugin failed with no error message: {HowItEnded(result)}",
            details
        );
    }

    private static string HowItEnded(CommandResult result) =>
        result.Signal switch
        {
            null => $"exit status {result.ExitCode}",
            9 => "signal: killed",
            11 => "signal: segmentation fault",
            15 => "signal: terminated",
            var other => $"signal {other}",
        };

    // This process's own variables, except those that describe the call.
    private List<string> EnvironmentFor(CniVerb verb)
    {
        var variables = new List<string>();
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            if (entry is { Key: string name, Value: string value } && !IsOfTheCall(name))
                variables.Add(name + "=" + value);
        }

        variables.Add("CNI_COMMAND=" + CniEnvironment.NameOf(verb));
        variables.Add("CNI_CONTAINERID=" + request.ContainerId);
        variables.Add("CNI_NETNS=" + request.NetNs);
        variables.Add("CNI_IFNAME=" + request.IfName);
        variables.Add("CNI_ARGS=" + request.Args);
        variables.Add("CNI_PATH=" + request.Path);
        if (request.NetNsOverride)
            variables.Add("CNI_NETNS_OVERRIDE=1");
        if (request.Callers.Count > 0)
            variables.Add(Callers.ToVariable(request));
        return variables;
    }

    private static bool IsOfTheCall(string name) =>
        name
            is "CNI_COMMAND"
                or "CNI_CONTAINERID"
                or "CNI_NETNS"
                or "CNI_IFNAME"
                or "CNI_ARGS"
                or "CNI_PATH"
                or "CNI_NETNS_OVERRIDE"
                or Callers.Variable;

    private static bool IsRegularFile(string path, ref ErrnoException? refusal)
    {
        try
        {
            return FileDescriptor.FindStatus(path) is { IsRegular: true };
        }
        catch (ErrnoException e)
        {
            // As for the reference: a directory that cannot be searched does not have it. Another may.
            refusal ??= e;
            return false;
        }
    }

    // What cannot be read is executed and then says itself what is wrong.
    private static bool IsSameBuild(string path)
    {
        try
        {
            return BuildId.FindOwn() is { } own && BuildId.Find(path) is { } other && own.AsSpan().SequenceEqual(other);
        }
        catch (ErrnoException)
        {
            return false;
        }
    }
}

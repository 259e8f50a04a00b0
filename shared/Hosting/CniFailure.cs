using System.Globalization;
using System.Text.Json;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting;

/// <summary>The CNI meaning of any exception: the one place where failures become error objects.</summary>
internal static class CniFailure
{
    private const int MostSentences = 10;

    /// <summary>What to report for <paramref name="exception"/>. Never throws.</summary>
    public static CniException Describe(Exception exception, CniPlugin plugin)
    {
        if (exception is CniException known)
            return known;
        try
        {
            return plugin.Translate(exception) ?? DescribeOurs(exception, plugin) ?? Unforeseen(exception);
        }
        catch (Exception e)
        {
            return Unforeseen(e);
        }
    }

    private static CniException? DescribeOurs(Exception exception, CniPlugin plugin) =>
        exception switch
        {
            NetworkNamespaceException e => Describe(e),
            FileLockTimeoutException e => new CniException(
                CniErrorCode.TryAgainLater,
                e.Message,
                "the call can be repeated; if the holder does not end, find out what it waits for",
                e
            ),
            SysctlException e => new CniException(CniErrorCode.IOFailure, e.Message, e.Advice, e),
            ErrnoException e => Describe(e),
            AggregateException e => Describe(e, plugin),
            JsonException e => new CniException(
                CniErrorCode.DecodingFailure,
                $"invalid JSON at line {(e.LineNumber ?? 0) + 1}, column {(e.BytePositionInLine ?? 0) + 1}",
                "correct the JSON text",
                e
            ),
            OutOfMemoryException e => new CniException(
                CniErrorCode.Internal,
                "out of memory",
                "the plugin's input or the kernel's answer is too large",
                e
            ),
            _ => null,
        };

    // With code 3 the runtime cleans up nothing: only if nothing exists at the path.
    private static CniException Describe(NetworkNamespaceException exception)
    {
        var gone = IsGone(exception.Path);
        return new CniException(
            gone ? CniErrorCode.UnknownContainer : CniErrorCode.InvalidNetNs,
            exception.Message,
            gone ? "the container's network namespace does not exist (any more)" : "CNI_NETNS must be the path of a network namespace",
            exception
        );
    }

    private static bool IsGone(string path)
    {
        try
        {
            return FileDescriptor.FindStatus(path) is null;
        }
        catch (ErrnoException)
        {
            return false;
        }
    }

    private static CniException Describe(ErrnoException e) =>
        e.Errno switch
        {
            Errno.ENOSPC or Errno.EDQUOT when !IsOfLinks(e) => DescribeShortage(e),
            Errno.EFBIG => DescribeLimit(e),
            Errno.EROFS => new CniException(
                CniErrorCode.IOFailure,
                e.Message,
                "the filesystem is read-only: mount it writable or configure another directory",
                e
            ),
            Errno.EACCES => new CniException(
                CniErrorCode.IOFailure,
                e.Message,
                "the plugin runs as root on the node: check modes, mount options and security modules",
                e
            ),
            Errno.ENOTDIR or Errno.ENAMETOOLONG or Errno.ELOOP or Errno.EISDIR => new CniException(
                CniErrorCode.IOFailure,
                e.Message,
                "correct the path in the network config, or what is in its way",
                e
            ),
            Errno.EIO => new CniException(
                CniErrorCode.IOFailure,
                e.Message,
                "the disk or the server that holds this path failed: check it (dmesg has a disk's errors)",
                e
            ),
            Errno.EBUSY or Errno.EAGAIN => new CniException(CniErrorCode.TryAgainLater, e.Message, "the call can be repeated", e),
            Errno.ENFILE or Errno.EMFILE or Errno.ENOMEM or Errno.ENOBUFS => new CniException(
                CniErrorCode.TryAgainLater,
                e.Message,
                "the node has no memory or no open files left for this: the call can be repeated when it has",
                e
            ),
            _ when e is UnusableFileException => new CniException(
                CniErrorCode.IOFailure,
                e.Message,
                "the plugin reads regular files only",
                e
            ),
            _ when IsOfLinks(e) => DescribeLink(e),
            Errno.ENOENT or Errno.ENXIO or Errno.ENODEV => new CniException(
                CniErrorCode.IOFailure,
                e.Message,
                "it is missing on this node: make it, or correct the path in the network config",
                e
            ),
            Errno.EPERM => new CniException(CniErrorCode.IOFailure, e.Message, NeedsRights, e),
            Errno.ENOSYS => new CniException(
                CniErrorCode.UnsupportedField,
                e.Message,
                "this kernel does not have the system call, or a seccomp profile around the runtime hides it: allow it there",
                e
            ),
            _ => Unknown(e),
        };

    private static CniException DescribeShortage(ErrnoException e) =>
        new(CniErrorCode.IOFailure, e.Message, SpaceShortage.Remedy(e.Errno, e.Subject), e);

    private static CniException DescribeLimit(ErrnoException e) =>
        new(
            CniErrorCode.IOFailure,
            e.Message,
            OwnProcess.FindFileSizeLimit() is { } limit
                ? string.Create(CultureInfo.InvariantCulture, $"the runtime gives its plugins a limit of {limit} bytes for a file ")
                    + "(RLIMIT_FSIZE): raise it, as with LimitFSIZE= in the unit of the runtime, or ulimit -f"
                : "the filesystem has no room for a file of that size",
            e
        );

    private const string NeedsRights =
        "the plugin runs as root in the host's user namespace, with CAP_NET_ADMIN and CAP_SYS_ADMIN: a security module, a "
        + "seccomp profile or a container around the runtime takes them away";

    private static CniException Unknown(ErrnoException e) =>
        new(
            CniErrorCode.Internal,
            e.Message,
            "the cause is not known: please report it with this message, the network config and the kernel's version",
            e
        );

    // Messages of rtnetlink(7) have such names.
    private static bool IsOfLinks(ErrnoException e) => e.Call.StartsWith("RTM_", StringComparison.Ordinal);

    // Checked values are valid: the kernel's error means a value that this link does not take, or a kind of link that the kernel does not
    // have.
    private static CniException DescribeLink(ErrnoException e) =>
        e.Errno switch
        {
            Errno.EINVAL or Errno.ERANGE or Errno.EADDRNOTAVAIL or Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EAFNOSUPPORT =>
                new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    e.Message,
                    "the kernel does not take this value from the network config or the result of the IPAM plugin: correct it",
                    e
                ),
            Errno.EOPNOTSUPP or Errno.EPROTONOSUPPORT => new CniException(
                CniErrorCode.UnsupportedField,
                e.Message,
                "this kernel does not have it: load or build the module, or remove the key from the network config",
                e
            ),
            Errno.EEXIST => new CniException(
                CniErrorCode.TryAgainLater,
                e.Message,
                "it is there already: DEL removes what an earlier call made, then the call can be repeated",
                e
            ),
            Errno.ENODEV or Errno.ENOENT or Errno.ESRCH => new CniException(
                CniErrorCode.TryAgainLater,
                e.Message,
                "the kernel does not have it (any more); what removed it is unknown: the call can be repeated",
                e
            ),
            Errno.EPERM => new CniException(CniErrorCode.IOFailure, e.Message, NeedsRights, e),
            _ => Unknown(e),
        };

    // Del gathers its failures: the first one's code, and every sentence.
    private static CniException? Describe(AggregateException exception, CniPlugin plugin)
    {
        if (exception.InnerExceptions.Count == 0)
            return null;
        var first = Describe(exception.InnerExceptions[0], plugin);
        var message = first.Message;
        for (var i = 1; i < Math.Min(exception.InnerExceptions.Count, MostSentences); i++)
            message += "; " + Describe(exception.InnerExceptions[i], plugin).Message;
        if (exception.InnerExceptions.Count > MostSentences)
            message += $"; and {exception.InnerExceptions.Count - MostSentences} more";
        return new CniException(first.Code, message, first.Details, exception);
    }

    // In a native executable a framework's message is a resource's key, such as Arg_NullReferenceException: it helps no one.
    private static CniException Unforeseen(Exception exception)
    {
        var name = exception.GetType().Name;
        var message = exception.Message;
        var word = message.AsSpan(0, message.AsSpan().IndexOfAny(' ', ',') is >= 0 and var end ? end : message.Length);
        return new CniException(
            CniErrorCode.Internal,
            word.Contains('_') || word.Length == message.Length ? $"unexpected {name}" : message,
            $"{name} was not foreseen: please report it with the network config",
            exception
        );
    }
}

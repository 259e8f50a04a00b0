namespace Plugboard.Linux.Mounts;

/// <summary>A mount that the kernel refused, with what the filesystem itself said about it.</summary>
public sealed class MountException : ErrnoException
{
    internal MountException(string call, string subject, Errno errno, string kernelText)
        : base(call, subject, errno, $"{call} {subject}: {Describe(errno)}{(kernelText.Length == 0 ? "" : $": {kernelText}")}") =>
        KernelText = kernelText;

    /// <summary>
    /// The filesystem's own lines, such as <c>tmpfs: Bad value for 'size'</c>, joined by <c>; </c>; empty if it said nothing.
    /// </summary>
    public string KernelText { get; }
}

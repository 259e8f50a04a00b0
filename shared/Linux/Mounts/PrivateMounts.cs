using Plugboard.Linux.LibC;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Linux.Mounts;

/// <summary>
/// Runs work in a private mount namespace that ends with it: a copy of this process's. It runs on its own thread, which never leaves the
/// namespace; descriptors belong to the process, so the work can return what it opens.
/// </summary>
internal static class PrivateMounts
{
    /// <summary>Runs the work and returns its result; its exception is thrown here as it was.</summary>
    public static T Run<T>(Func<T> work) => NamespaceThread.RunAfter(Enter, work);

    private static void Enter()
    {
        if (unshare(CLONE_NEWNS) < 0)
            throw ErrnoException.Last("unshare", "mounts");
        // In the copies the mounts still show which mounts are on top of them.
        if (Mount.Classic("none", "/", null, MS_REC | MS_PRIVATE, null) < 0)
            throw ErrnoException.Last("mount", "/");
    }
}

using System.Runtime.ExceptionServices;

namespace Plugboard.Linux.Namespaces;

/// <summary>
/// Runs work in a network namespace on a fresh thread that never comes back, so no thread of the pool is ever in the wrong one.
/// </summary>
public static class NamespaceThread
{
    /// <summary>Runs <paramref name="work"/> inside and returns its result; its exception is thrown here as it was.</summary>
    public static T Run<T>(NetworkNamespace ns, Func<T> work) => RunAfter(ns.SetNs, work);

    /// <summary>Runs <paramref name="work"/> in a namespace of its own, which ends with it unless the work has kept it.</summary>
    /// <exception cref="ErrnoException">EPERM: no namespace can be made.</exception>
    public static T RunInNew<T>(Func<T> work) =>
        RunAfter(
            static () =>
            {
                if (unshare(CLONE_NEWNET) < 0)
                    throw ErrnoException.Last("unshare", "a network namespace");
            },
            work
        );

    /// <summary>
    /// Runs <paramref name="work"/> on a thread that has first moved where it never comes back from; the exception of either is thrown here
    /// as it was.
    /// </summary>
    internal static T RunAfter<T>(Action move, Func<T> work)
    {
        var result = default(T);
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                move();
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }

    /// <summary>Runs <paramref name="work"/> inside; its exception is thrown here as it was.</summary>
    public static void Run(NetworkNamespace ns, Action work) =>
        Run(
            ns,
            () =>
            {
                work();
                return true;
            }
        );

    /// <summary>An await could resume on another thread, in another namespace: refused by the compiler.</summary>
    [Obsolete("nothing async inside a namespace: an await resumes on another thread", error: true)]
    public static void Run(NetworkNamespace ns, Func<Task> work) => throw new NotSupportedException();
}

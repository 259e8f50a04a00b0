using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Linux.Mounts;

/// <summary>A mount table of its own with a directory on a tmpfs of its own.</summary>
public abstract class MountTestBase : IDisposable
{
    private readonly TestMachine machine = new();

    protected MountTestBase()
    {
        Place = Directory.CreateTempSubdirectory("plugboard-mounts-").FullName;
        machine.Tool($"mount -t tmpfs place {Place}");
    }

    protected string Place { get; }

    protected TestMachine Machine => machine;

    protected void Inside(Action work) => machine.Run(work);

    protected T Inside<T>(Func<T> work) => machine.Run(work);

    /// <summary>A directory that is made where it is missing.</summary>
    protected string Make(string name) => Inside(() => Directory.CreateDirectory($"{Place}/{name}").FullName);

    protected void Bind(string source, string target, MountAttributes attributes = MountAttributes.None, MountApi api = MountApi.Any) =>
        Inside(() =>
        {
            using var from = FileDescriptor.OpenPath(source);
            using var to = FileDescriptor.OpenPath(target);
            new Mounting(api).Bind(from, to, attributes);
        });

    protected void Mount(FilesystemMount what, string target, MountApi api = MountApi.Any) =>
        Inside(() =>
        {
            using var to = FileDescriptor.OpenPath(target);
            new Mounting(api).Filesystem(what, to);
        });

    /// <summary>
    /// Takes all mounts away. What made them has closed its descriptors, of which a child of another test may have copies for a moment.
    /// </summary>
    /// <returns>How many there were.</returns>
    protected int Peel(string target)
    {
        var layers = Layers(target);
        return Eventually.NotBusy(() => layers - Layers(target) + Inside(() => Unmounting.PeelAll(target)));
    }

    private int Layers(string target) => Inside(() => MountTable.ReadAt(target).Entries.Count);

    protected MountEntry? Top(string target) => Inside(() => MountTable.ReadAt(target).FindTop(target));

    /// <summary>What findmnt(8) says of the mount on top.</summary>
    protected string FindMnt(string target, string column) => machine.Tool($"findmnt -n -o {column} {target}").Trim();

    public virtual void Dispose()
    {
        machine.TryTool(["umount", "-R", Place]);
        machine.Dispose();
        Directory.Delete(Place);
        GC.SuppressFinalize(this);
    }
}

using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>
/// An executable to install. Of one program under several names a directory may have a single file without a name, by several links, as our
/// images have it: then each link's name belongs into its content.
/// </summary>
public sealed class InstallSource : IDisposable
{
    private readonly FileDescriptor file;

    // Where the content has no name and must have one, with NULs up to its end; empty for most executables.
    private readonly long nameOffset;
    private readonly byte[] name;

    private InstallSource(FileDescriptor file)
    {
        this.file = file;
        (nameOffset, name) = FindMissingName(file);
    }

    /// <summary>Its path.</summary>
    public string Path => file.Path;

    internal long Size => file.Status().Size;

    internal string? FindBuildId() => Inspection.FindBuildId(file);

    /// <summary>Reads bytes of its content from a place on; fewer than asked for only at its end.</summary>
    internal int ReadAt(Span<byte> piece, long offset)
    {
        var read = file.ReadAt(piece, offset);
        for (var i = 0; i < name.Length; i++)
        {
            var place = nameOffset + i - offset;
            if (place >= 0 && place < read)
                piece[(int)place] = name[i];
        }

        return read;
    }

    // shared/Hosting/Native/name.c
    private static (long Offset, byte[] Name) FindMissingName(FileDescriptor file)
    {
        var own = Encoding.UTF8.GetBytes(System.IO.Path.GetFileName(file.Path));
        if (ElfSections.Find(file, ".plugboard.name"u8) is not (var offset, NameSize) || own.Length >= NameSize)
            return (0, []);
        Span<byte> present = stackalloc byte[NameSize];
        if (file.ReadAt(present, offset) < NameSize || present.ContainsAnyExcept((byte)0))
            return (0, []);
        Array.Resize(ref own, NameSize);
        return (offset, own);
    }

    private const int NameSize = 16;

    private static FileDescriptor? Find(string path)
    {
        try
        {
            return FileDescriptor.FindForReading(path);
        }
        catch (UnusableFileException e)
        {
            throw new InstallException($"{path} is not an executable but {e.Kind}", "take another copy of it", e);
        }
    }

    /// <summary>Opens it and looks whether this machine could execute it.</summary>
    /// <exception cref="InstallException">It is missing, no executable, or for another machine.</exception>
    public static InstallSource Open(string path)
    {
        var opened =
            Find(path)
            ?? throw new InstallException(
                $"{path} does not exist",
                "give the directory of the executables with --from, or fewer of them with --plugins"
            );
        try
        {
            if (ElfFile.Find(opened) is not { IsExecutable: true } header)
                throw new InstallException(
                    $"{path} is not an executable",
                    "take another copy of it; this one is damaged or another kind of file"
                );
            if (header.Machine != ElfFile.OwnMachine)
            {
                throw new InstallException(
                    $"{path} is for {ElfFile.NameOf(header.Machine)} but this machine is {ElfFile.NameOf(ElfFile.OwnMachine)}",
                    $"take the build, or the image, for {ElfFile.NameOf(ElfFile.OwnMachine)}"
                );
            }

            return new InstallSource(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}

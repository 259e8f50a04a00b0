using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>An executable to install.</summary>
public sealed class InstallSource : IDisposable
{
    private InstallSource(FileDescriptor file) => File = file;

    /// <summary>Its path.</summary>
    public string Path => File.Path;

    internal FileDescriptor File { get; }

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
        var file =
            Find(path)
            ?? throw new InstallException(
                $"{path} does not exist",
                "give the directory of the executables with --from, or fewer of them with --plugins"
            );
        try
        {
            if (ElfFile.Find(file) is not { IsExecutable: true } header)
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

            return new InstallSource(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => File.Dispose();
}

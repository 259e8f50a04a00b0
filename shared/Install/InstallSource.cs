using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>An executable that is to be placed.</summary>
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
            throw new InstallException($"{path} is no executable but {e.Kind}", "take another copy of it", e);
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
                "name the directory of the executables with --from, or fewer of them with --plugins"
            );
        try
        {
            if (ElfHeader.Find(file) is not { IsExecutable: true } header)
                throw new InstallException($"{path} is no executable", "take another copy of it; this one is damaged or something else");
            if (header.Machine != ElfHeader.OwnMachine)
            {
                throw new InstallException(
                    $"{path} is for {ElfHeader.NameOf(header.Machine)} and this machine is {ElfHeader.NameOf(ElfHeader.OwnMachine)}",
                    $"take the build, or the image, for {ElfHeader.NameOf(ElfHeader.OwnMachine)}"
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

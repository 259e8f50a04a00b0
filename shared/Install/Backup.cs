using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>Keeps what is about to be replaced, and lets nothing be lost where a replacing was killed half-way.</summary>
internal static class Backup
{
    /// <summary>Gives a file a second name; a copy where the filesystem has none. A name that is taken becomes free first.</summary>
    public static void Duplicate(FileDirectory from, string name, FileDirectory to, string newName)
    {
        to.Remove(newName);
        if (from.TryLink(name, to, newName))
            return;
        using var file =
            from.FindRegular(name)
            ?? throw new InstallException(
                $"{from.Path}/{name} is a symbolic link, and its filesystem does not support a second name for it",
                "remove the link"
            );
        using var copy = to.CreateNew(newName, Inspection.ExecutableMode);
        _ = FileContent.Copy(file.ReadAt, copy);
        var status = file.Status();
        copy.SetOwner(status.User, status.Group);
        copy.SetMode(status.Mode);
        copy.Sync();
    }

    /// <summary>As <see cref="Duplicate"/>, in place of what has the name, in one step.</summary>
    public static void Replace(InstallDirectory place, InstallTarget target, FileDirectory home, string name)
    {
        var temporary = StateNames.Temporary(target.Key);
        Duplicate(home, target.File, place.State, temporary);
        place.State.Rename(temporary, place.State, name);
        // rename(2) of two names of one file does nothing.
        place.State.Remove(temporary);
    }

    /// <summary>
    /// What a killed run left: the second name of what it was replacing becomes the previous one where the replacing was done, and goes
    /// where it was not. Everything else that was on its way is removed.
    /// </summary>
    public static void Recover(InstallDirectory place)
    {
        foreach (var name in place.State.ReadNames())
        {
            if (StateNames.IsLeftover(name))
                place.State.Remove(name);
            else if (StateNames.FindKeyOfGone(name) is not null)
                RemoveDirectory(place.State, name);
            else if (StateNames.FindKeyOfBackup(name) is { } key)
                EndBackup(place, StateNames.TargetOf(key), name);
        }
    }

    /// <summary>Removes a directory with the files in it.</summary>
    public static void RemoveDirectory(FileDirectory parent, string name)
    {
        using (var directory = parent.FindDirectory(name))
        {
            foreach (var each in directory?.ReadNames() ?? [])
                directory!.Remove(each);
        }

        _ = parent.TryRemoveEmpty(name);
    }

    private static void EndBackup(InstallDirectory place, InstallTarget target, string keep)
    {
        using var home = place.FindHome(target);
        // The same file, or the same content where it had to be copied: nothing was replaced.
        if (
            home is not null
            && Inspection.FindFacts(home, target.File, null)?.Digest == Inspection.FindFacts(place.State, keep, null)?.Digest
        )
            place.State.Remove(keep);
        else
            place.State.Rename(keep, place.State, StateNames.Previous(target.Key));
    }
}

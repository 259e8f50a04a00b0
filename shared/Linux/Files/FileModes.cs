namespace Plugboard.Linux.Files;

/// <summary>Modes of what root keeps below /run, as mkdir(2) and open(2) take them.</summary>
public static class FileModes
{
    /// <summary>0755: every user can read it, root can change it.</summary>
    public const uint Directory = 0b111_101_101;

    /// <summary>0600: root only. A process that cannot open a file cannot lock it either.</summary>
    public const uint RootsOwn = 0b110_000_000;
}

namespace Plugboard.Linux.Mounts;

/// <summary>Which calls a mount is made by.</summary>
public enum MountApi
{
    /// <summary>By descriptor where the kernel can, else mount(2).</summary>
    Any,

    /// <summary>fsopen(2), open_tree(2), mount_setattr(2) and move_mount(2) only: Linux 5.12.</summary>
    ByDescriptor,

    /// <summary>mount(2) only.</summary>
    Classic,
}

using System.Runtime.InteropServices;

namespace Plugboard.Hosting;

/// <summary>
/// The plugin that this executable is, where one program is compiled once and published under several names: the build writes the name into
/// each. Source: Native/name.c.
/// </summary>
public static unsafe partial class ExecutableName
{
    /// <summary>
    /// The name, such as <c>macvlan</c>. A file without one, which an image has by several links and an installer gives its name, is called
    /// by the link that was executed.
    /// </summary>
    public static string Own =>
        Marshal.PtrToStringUTF8((nint)Find()) is { Length: > 0 } name ? name : Path.GetFileName(Environment.GetCommandLineArgs()[0]);

    [LibraryImport("libc", EntryPoint = "plugboard_executable_name")]
    private static partial byte* Find();
}

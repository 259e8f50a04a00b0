namespace Plugboard.Linux;

/// <summary>The running kernel's release, for the few features without another test. Source: uname(2), proc_sys_kernel(5).</summary>
public static class KernelRelease
{
    private static string? release;

    /// <summary>True if the kernel is of this release or a later one; false too where it does not say.</summary>
    /// <param name="major">As the 6 of 6.12.</param>
    /// <param name="minor">As the 12 of 6.12.</param>
    public static bool IsAtLeast(int major, int minor) =>
        (release ??= Sysctl.Find("kernel/osrelease")) is { } own && IsAtLeast(own, major, minor);

    internal static bool IsAtLeast(string text, int major, int minor)
    {
        var at = 0;
        var first = ReadNumber(text, ref at);
        at++;
        var second = ReadNumber(text, ref at);
        return first > major || (first == major && second >= minor);
    }

    private static int ReadNumber(string text, ref int at)
    {
        var number = 0;
        for (; at < text.Length && char.IsAsciiDigit(text[at]) && number < 100_000; at++)
            number = 10 * number + (text[at] - '0');
        return number;
    }
}

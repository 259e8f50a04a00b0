namespace Plugboard.Testing;

/// <summary>The C compilers, one for each architecture that is built for.</summary>
public static class Compiler
{
    public const string X64 = "x86_64-linux-gnu-gcc";
    public const string Arm64 = "aarch64-linux-gnu-gcc";

    /// <summary>The one that the machine lacks, null if none.</summary>
    public static string? Missing => Array.Find([X64, Arm64], static name => !File.Exists("/usr/bin/" + name));

    /// <summary>Compiles a C program without writing anything.</summary>
    public static (int ExitCode, string Output) Check(string compiler, string program) =>
        HostTool.Run(compiler, ["-fsyntax-only", "-x", "c", "-"], program);
}

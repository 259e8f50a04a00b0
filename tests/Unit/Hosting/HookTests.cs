using System.Runtime.CompilerServices;
using Plugboard.Testing;

namespace Plugboard.Tests.Unit.Hosting;

/// <summary>Functions that the link step answers instead of the runtime (docs/decisions/0010).</summary>
public sealed class HookTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("plugboard-hooks-").FullName;

    private static string Script([CallerFilePath] string own = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(own)!, "../../../shared/Hosting/Native/check-hooks.sh"));

    [Fact]
    public void A_hook_that_is_called_passes() => Assert.Equal((0, ""), Check("called", "strlen"));

    [Theory]
    [InlineData("PalStartFinalizerThread")]
    [InlineData("defined")]
    public void A_hook_that_nothing_calls_ends_the_build_and_is_named(string name)
    {
        var (exitCode, output) = Check("called", name);
        Assert.Equal(1, exitCode);
        Assert.Equal(
            $"check-hooks.sh: error : nothing that is linked calls {name}: its hook in shared/Hosting/Native has no effect\n",
            output
        );
    }

    private (int ExitCode, string Output) Check(params string[] names)
    {
        var source = "void called(void); int defined(void); int defined(void) { called(); return 0; }";
        var (exitCode, output) = HostTool.Run("gcc", ["-c", "-x", "c", "-o", $"{directory}/runtime.o", "-"], source);
        Assert.True(exitCode == 0, output);
        (exitCode, output) = HostTool.Run("ar", ["rcs", $"{directory}/runtime.a", $"{directory}/runtime.o"]);
        Assert.True(exitCode == 0, output);
        return HostTool.Run(Script(), ["gcc", .. names, "--", $"{directory}/runtime.a"]);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(directory, recursive: true);
}

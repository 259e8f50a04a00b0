using Xunit;

namespace Plugboard.Testing;

/// <summary>
/// A theory that asks the compilers of both architectures: skipped with the reason where one is missing. <c>./build.sh test</c> installs
/// them.
/// </summary>
public sealed class CrossCompilerTheoryAttribute : TheoryAttribute
{
    public CrossCompilerTheoryAttribute() =>
        Skip = Compiler.Missing is { } missing ? $"{missing} is not installed: ./build.sh test installs it" : null;
}

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>
/// A test that needs kubectl, which Debian 12 has only in a version without components; skipped with the reason if absent.
/// </summary>
public sealed class KubectlTheoryAttribute : TheoryAttribute
{
    public KubectlTheoryAttribute() =>
        Skip = File.Exists("/usr/bin/kubectl") || File.Exists("/usr/local/bin/kubectl") ? null : "there is no kubectl";
}

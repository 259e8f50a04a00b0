namespace Plugboard.Tests.Kernel.Ipam;

/// <summary>A test beside the reference's host-local: skipped where it is not installed, but failed when <c>CI=true</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ReferenceFactAttribute : FactAttribute
{
    public ReferenceFactAttribute()
    {
        if (ReferencePlugin.Path is null && Environment.GetEnvironmentVariable("CI") != "true")
            Skip = "the reference's host-local is not installed";
    }
}

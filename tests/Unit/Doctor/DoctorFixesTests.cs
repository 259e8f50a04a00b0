using Plugboard.Doctor;
using Plugboard.Doctor.Checks;
using Plugboard.Doctor.Fixing;
using Plugboard.Doctor.Nodes;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Doctor;

public sealed class DoctorFixesTests
{
    private sealed class Switch(Func<bool> apply, Action undo) : Fix("turn the switch")
    {
        public bool IsFinished { get; private set; }

        public override bool Apply() => apply();

        public override void Undo() => undo();

        public override void Finish() => IsFinished = true;
    }

    private sealed class SwitchCheck(Func<bool> isBroken, Fix fix) : ICheck
    {
        public string Name => "the switch";

        public IEnumerable<Finding> Examine(Node node)
        {
            if (isBroken())
                yield return new Finding("switch", Severity.Warning, "off", "dark", "turn it") { Fix = fix };
        }
    }

    private sealed class BlindCheck : ICheck
    {
        public string Name => "the blind";

        public IEnumerable<Finding> Examine(Node node)
        {
            yield return new Finding("seen", Severity.Error, "a", "b", "c");
            throw new ErrnoException("open", "/somewhere", Errno.EPERM);
        }
    }

    private sealed class PassingCheck : ICheck
    {
        private int looks;

        public string Name => "the passing";

        public IEnumerable<Finding> Examine(Node node)
        {
            yield return new Finding("stays", Severity.Notice, "a", "b", "c") { MayPass = true };
            if (looks++ == 0)
                yield return new Finding("passes", Severity.Error, "a", "b", "c") { MayPass = true };
        }
    }

    private static NodeDoctor With(ICheck check) => new(new DoctorOptions { SecondLook = TimeSpan.Zero }, TimeProvider.System, [check]);

    [Fact]
    public void What_helps_is_finished()
    {
        var off = true;
        var fix = new Switch(() => !(off = false), static () => Assert.Fail("nothing must be undone"));
        var doctor = With(new SwitchCheck(() => off, fix));
        Assert.Equal(FixState.Helped, Assert.Single(new DoctorFixes(doctor, static _ => { }).Apply(doctor.Examine())).State);
        Assert.True(fix.IsFinished);
    }

    [Fact]
    public void What_does_not_help_is_undone_and_said_so()
    {
        var turned = 0;
        var fix = new Switch(() => ++turned == 1, () => turned--);
        var doctor = With(new SwitchCheck(static () => true, fix));
        var said = new List<string>();
        Assert.Equal(FixState.Undone, Assert.Single(new DoctorFixes(doctor, said.Add).Apply(doctor.Examine())).State);
        Assert.Equal(0, turned);
        Assert.False(fix.IsFinished);
        Assert.Equal(["will turn the switch [switch]", "will undo: turn the switch [switch], as it did not help"], said);
    }

    [Fact]
    public void What_is_not_safe_any_more_is_left()
    {
        var doctor = With(new SwitchCheck(static () => true, new Switch(static () => false, static () => Assert.Fail("nothing was done"))));
        Assert.Equal(FixState.NotSafeAnyMore, Assert.Single(new DoctorFixes(doctor, static _ => { }).Apply(doctor.Examine())).State);
    }

    [Fact]
    public void What_fails_is_reported()
    {
        var doctor = With(
            new SwitchCheck(
                static () => true,
                new Switch(static () => throw new ErrnoException("open", "/x", Errno.EROFS), static () => Assert.Fail("nothing was done"))
            )
        );
        var outcome = Assert.Single(new DoctorFixes(doctor, static _ => { }).Apply(doctor.Examine()));
        Assert.Equal(FixState.Failed, outcome.State);
        Assert.Contains("/x", outcome.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_that_cannot_look_says_so_beside_what_it_saw() =>
        Assert.Equal(["seen", FindingIds.CheckNotRun], With(new BlindCheck()).Examine().Findings.Select(static finding => finding.Id));

    [Fact]
    public void What_is_gone_in_the_second_examination_is_not_reported() =>
        Assert.Equal(["stays"], With(new PassingCheck()).Examine().Findings.Select(static finding => finding.Id));
}

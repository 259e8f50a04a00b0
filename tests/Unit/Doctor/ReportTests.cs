using System.Text.Json;
using Plugboard.Doctor;

namespace Plugboard.Tests.Unit.Doctor;

public sealed class ReportTests
{
    private static readonly DoctorReport One = new(
        [new Finding("ip-forward-off", Severity.Error, "it is 0", "nothing is forwarded", "set it") { Subject = "net/ipv4/ip_forward" }],
        TimeSpan.FromMilliseconds(12)
    );

    private static readonly DoctorReport None = new([], TimeSpan.FromMilliseconds(3));

    [Fact]
    public void The_table_has_what_why_and_what_to_do()
    {
        Assert.Equal(
            "error    ip-forward-off  it is 0\n         why   nothing is forwarded\n         do    set it\n1 finding (12 ms)\n",
            ReportTable.Render(One)
        );
        Assert.Equal("no findings (3 ms)\n", ReportTable.Render(None));
    }

    [Fact]
    public void The_json_has_the_same()
    {
        var json = JsonSerializer.Deserialize<JsonElement>(
            ReportJson.Render(One, [new FixOutcome(One.Findings[0], FixState.Failed, "refused")])
        );
        Assert.False(json.GetProperty("healthy").GetBoolean());
        Assert.Equal("ip-forward-off", json.GetProperty("findings")[0].GetProperty("id").GetString());
        Assert.Equal("set it", json.GetProperty("findings")[0].GetProperty("remedy").GetString());
        Assert.Equal("failed", json.GetProperty("fixes")[0].GetProperty("state").GetString());
        Assert.True(JsonSerializer.Deserialize<JsonElement>(ReportJson.Render(None)).GetProperty("healthy").GetBoolean());
    }

    [Fact]
    public void Notices_alone_are_healthy() =>
        Assert.True(new DoctorReport([One.Findings[0] with { Severity = Severity.Notice }], TimeSpan.Zero).IsHealthy);
}

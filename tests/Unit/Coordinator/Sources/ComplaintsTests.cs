using Plugboard.Coordinator.Sources;

namespace Plugboard.Tests.Unit.Coordinator.Sources;

public sealed class ComplaintsTests
{
    [Fact]
    public void A_line_is_logged_once()
    {
        var lines = new List<string>();
        var complaints = new Complaints(lines.Add);
        foreach (var line in (string[])["a", "b", "a"])
            complaints.Add(line);
        Assert.Equal(["a", "b"], lines);
    }

    [Theory]
    [InlineData("a\nb\"", "\"a\\nb\\\"\"")]
    [InlineData("12345", "\"1234…\"")]
    [InlineData("123\U0001f600", "\"123…\"")]
    [InlineData("ö\u0007", "\"ö\\u0007\"")]
    public void What_others_wrote_is_one_short_line(string text, string shown) => Assert.Equal(shown, Complaints.Quote(text, 4));
}

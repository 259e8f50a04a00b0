using System.Text;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class JsonMembersTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(1000)]
    public void Names_are_in_order_and_of_duplicates_the_last_counts_however_many_there_are(int count)
    {
        var random = new Random(count);
        var names = Enumerable.Range(0, count).Select(_ => $"n{random.Next(count / 2)}").ToList();
        var json = $"{{{string.Join(',', names.Select(static (name, number) => $"\"{name}\":{number}"))}}}";
        var members = JsonMembers.From(JsonValue.Parse(Encoding.UTF8.GetBytes(json), "test"));
        Assert.Equal(names.Distinct().Order(StringComparer.Ordinal), members.Select(static member => member.Name));
        Assert.All(members, member => Assert.Equal($"{names.LastIndexOf(member.Name)}", member.Value.Text));
    }
}

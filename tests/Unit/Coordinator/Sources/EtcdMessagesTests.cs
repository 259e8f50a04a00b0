using System.Text.Json;
using Plugboard.Coordinator.Sources.Etcd;

namespace Plugboard.Tests.Unit.Coordinator.Sources;

public sealed class EtcdMessagesTests
{
    private static EtcdList Events(string json) => EtcdMessages.ReadEvents(JsonSerializer.Deserialize<JsonElement>(json));

    [Fact]
    public void A_watch_has_delivered_no_more_than_its_changes_whatever_the_store_has_reached()
    {
        var told = Events(
            """{"header":{"revision":"90"},"events":[{"kv":{"key":"YQ==","mod_revision":"7"}},{"type":"DELETE","kv":"""
                + """{"key":"Yg==","mod_revision":"8"}}]}"""
        );
        Assert.Equal(8, told.Revision);
        Assert.Equal([new EtcdEntry("a", "", 7, 0), new EtcdEntry("b", null, 8, 0)], told.Entries);
        Assert.Equal(0, Events("""{"header":{"revision":"90"},"created":true}""").Revision);
    }
}

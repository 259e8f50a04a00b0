using System.Diagnostics;
using System.Text;

namespace Plugboard.Benchmarks;

/// <summary>
/// A client of etcd that only watches the leases, beside the coordinator. Until it receives a change the time is etcd's; what is left is
/// the coordinator's and the kernel's.
/// </summary>
internal sealed class LeaseWatch : IDisposable
{
    private readonly HttpClient client;
    private readonly HttpResponseMessage response;
    private readonly Stream stream;
    private readonly Thread reading;
    private readonly AutoResetEvent told = new(false);
    private long last;

    /// <summary>Watches all keys from a first one on, and waits until etcd does.</summary>
    /// <param name="client">A client with a connection of its own.</param>
    /// <param name="first">The first key, in base64.</param>
    public LeaseWatch(HttpClient client, string first)
    {
        this.client = client;
        var content = new StringContent($"{{\"create_request\":{{\"key\":\"{first}\",\"range_end\":\"AA==\"}}}}", Encoding.UTF8);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://127.0.0.1:2379/v3/watch") { Content = content };
        response = client.Send(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        stream = response.Content.ReadAsStream();
        stream.ReadExactly(new byte[1]);
        reading = new Thread(Read) { IsBackground = true };
        reading.Start();
    }

    private void Read()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (stream.Read(buffer) > 0)
            {
                Volatile.Write(ref last, Stopwatch.GetTimestamp());
                told.Set();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            told.Set();
        }
    }

    /// <summary>The milliseconds from a moment until it was told of a change.</summary>
    /// <param name="began">The moment, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    /// <param name="patience">How long to wait for it.</param>
    public double Since(long began, TimeSpan patience)
    {
        while (Volatile.Read(ref last) < began)
        {
            if (!told.WaitOne(patience))
                throw new InvalidOperationException($"etcd told nothing within {patience}");
        }

        return Stopwatch.GetElapsedTime(began, Volatile.Read(ref last)).TotalMilliseconds;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stream.Dispose();
        reading.Join();
        response.Dispose();
        client.Dispose();
        told.Dispose();
    }
}

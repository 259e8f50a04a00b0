using System.Net;
using System.Text;
using Plugboard.Coordinator.Engine;

namespace Plugboard.Coordinator.Operators;

/// <summary>Answers <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c>.</summary>
/// <param name="engine">Whose state it tells.</param>
/// <param name="clock">The clock.</param>
internal sealed class StatusServer(CoordinatorEngine engine, TimeProvider clock) : IDisposable
{
    private readonly HttpListener listener = new();

    /// <summary>Starts to answer; each request on a thread of the pool.</summary>
    /// <param name="address">An address of this node, or <c>0.0.0.0</c> for all.</param>
    /// <param name="port">1 to 65,535.</param>
    /// <exception cref="HttpListenerException">The port is taken, or the address is not this node's.</exception>
    public void Start(string address, int port)
    {
        var host = address is "0.0.0.0" or "::" ? "*" : address.Contains(':') ? $"[{address}]" : address;
        listener.Prefixes.Add($"http://{host}:{port}/");
        listener.Start();
        _ = Task.Run(AnswerAsync);
    }

    private async Task AnswerAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                Answer(await listener.GetContextAsync().ConfigureAwait(false));
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
            {
                // Whoever asked is gone, or the server ends.
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        var (code, text, type) = context.Request.Url?.AbsolutePath switch
        {
            "/healthz" => (200, "ok\n", "text/plain"),
            "/readyz" => Ready(),
            "/metrics" => (200, MetricsText.Render(engine.Status, clock.GetUtcNow()), "text/plain; version=0.0.4"),
            _ => (404, "there are /healthz, /readyz and /metrics\n", "text/plain"),
        };
        var bytes = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = code;
        context.Response.ContentType = type;
        context.Response.ContentLength64 = bytes.Length;
        context.Response.OutputStream.Write(bytes);
        context.Response.Close();
    }

    private (int Code, string Text, string Type) Ready() =>
        engine.Status.FirstLack is { } lack ? (503, lack + "\n", "text/plain") : (200, "ok\n", "text/plain");

    /// <inheritdoc/>
    public void Dispose() => listener.Close();
}

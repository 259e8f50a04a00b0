namespace Plugboard.Coordinator.Sources.Tls;

/// <summary>A certificate, a key or a list of authorities that cannot be used: with the file and what is wrong.</summary>
internal sealed class TlsFileException(string message, Exception? inner = null) : Exception(message, inner);

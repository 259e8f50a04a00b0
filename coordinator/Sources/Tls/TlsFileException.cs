namespace Plugboard.Coordinator.Sources.Tls;

/// <summary>An invalid certificate, key or list of authorities: with the file and the reason.</summary>
internal sealed class TlsFileException(string message, Exception? inner = null) : Exception(message, inner);

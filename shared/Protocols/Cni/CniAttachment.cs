namespace Plugboard.Protocols.Cni;

/// <summary>A container's interface on a network, as <c>cni.dev/valid-attachments</c> lists it.</summary>
public readonly record struct CniAttachment(string ContainerId, string IfName);

using System.Text.Json.Nodes;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>A container of a DaemonSet, with the pod that it is in.</summary>
/// <param name="Pod">The pod's spec.</param>
/// <param name="Spec">The container's own.</param>
/// <param name="ConfigMaps">Those that come with it.</param>
internal sealed record ContainerSpec(JsonObject Pod, JsonObject Spec, IReadOnlyList<JsonObject> ConfigMaps)
{
    public string Name => (string)Spec["name"]!;

    /// <summary>The executable's path in the image.</summary>
    public string Path => (string)Assert.Single(Spec["command"]!.AsArray())!;

    public string Executable => System.IO.Path.GetFileName(Path);

    public IReadOnlyList<string> Arguments => [.. Spec["args"]!.AsArray().Select(static argument => (string)argument!)];

    public string Verb => Arguments[0];

    /// <summary>The flags by name; without a value it is <c>true</c>.</summary>
    public IReadOnlyDictionary<string, string> Flags =>
        Arguments
            .Skip(1)
            .Select(static word => word.Split('=', 2))
            .ToDictionary(static words => words[0], static words => words.Length == 2 ? words[1] : "true", StringComparer.Ordinal);

    public IReadOnlyList<string> Capabilities =>
        [.. Spec["securityContext"]!["capabilities"]!["add"]!.AsArray().Select(static name => (string)name!)];

    /// <summary>Where what is mounted.</summary>
    public IReadOnlyDictionary<string, JsonObject> Mounts =>
        Spec["volumeMounts"]!
            .AsArray()
            .ToDictionary(
                static mount => (string)mount!["mountPath"]!,
                mount => Assert.Single(Volumes, volume => (string)volume["name"]! == (string)mount!["name"]!),
                StringComparer.Ordinal
            );

    /// <summary>Whether a mount is for reading.</summary>
    public bool IsReadOnly(string path) =>
        (bool?)Spec["volumeMounts"]!.AsArray().Single(mount => (string)mount!["mountPath"]! == path)!["readOnly"] == true;

    public IEnumerable<JsonObject> Volumes => Pod["volumes"]!.AsArray().Select(static volume => volume!.AsObject());

    /// <summary>All containers of the DaemonSets among some objects; those that run first come first.</summary>
    public static IReadOnlyList<ContainerSpec> Of(IReadOnlyList<JsonObject> objects) =>
        [
            .. from item in objects
            where (string)item["kind"]! == "DaemonSet"
            from container in OfPod(item["spec"]!["template"]!["spec"]!.AsObject())
            select container with
            {
                ConfigMaps = [.. objects.Where(static item => (string)item["kind"]! == "ConfigMap")],
            },
        ];

    /// <summary>All containers of a pod; those that run first come first.</summary>
    public static IEnumerable<ContainerSpec> OfPod(JsonObject pod) =>
        ((JsonArray?)pod["initContainers"] ?? [])
            .Concat(pod["containers"]!.AsArray())
            .Select(container => new ContainerSpec(pod, container!.AsObject(), []));

    /// <summary>podman's options for the same container on a folder that stands for the host.</summary>
    /// <param name="host">The folder.</param>
    /// <param name="configs">Where the files of a ConfigMap are, by what the volume says of it.</param>
    public string[] PodmanOptions(string host, Func<JsonObject, string> configs)
    {
        var security = Spec["securityContext"]!;
        Assert.Equal("ALL", (string)Assert.Single(security["capabilities"]!["drop"]!.AsArray())!);
        var options = new List<string> { "--network=host", "--cap-drop=all", "--user=" + security["runAsUser"], "--entrypoint", Path };
        options.AddRange(Capabilities.Select(static name => "--cap-add=" + name));
        if ((bool)security["readOnlyRootFilesystem"]!)
            options.AddRange(["--read-only", "--read-only-tmpfs=false"]);
        if (!(bool)security["allowPrivilegeEscalation"]!)
            options.Add("--security-opt=no-new-privileges");
        foreach (var (path, volume) in Mounts)
        {
            var source = volume["hostPath"] is { } directory ? host + (string)directory["path"]! : configs(volume["configMap"]!.AsObject());
            // DirectoryOrCreate.
            Directory.CreateDirectory(source);
            options.Add($"--volume={source}:{path}:{(IsReadOnly(path) ? "ro" : "rw")}");
        }

        foreach (var variable in (JsonArray?)Spec["env"] ?? [])
            options.Add($"--env={variable!["name"]}=node1");
        return [.. options];
    }
}

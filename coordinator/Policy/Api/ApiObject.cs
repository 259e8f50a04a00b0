namespace Plugboard.Coordinator.Policy.Api;

/// <summary>An object of the API as policy sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">The object; of a refused one what is in force if no valid version of it is known; null: nothing.</param>
/// <param name="Refusal">Why it is not obeyed as it is; null: it is.</param>
/// <param name="Uid">Its uid: another one when it was made again under its name.</param>
internal readonly record struct ApiObject<TKey, TValue>(TKey Name, TValue? Value, string? Refusal, string Uid)
    where TValue : class;

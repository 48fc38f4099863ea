using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.Seq2Seq.Persistence;

/// <summary>How the readable entries of a model file are written: indented, enums by name, text as it is.</summary>
internal static class ModelJson
{
    private static readonly JsonSerializerOptions _options = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    };

    public static void Write<T>(Stream stream, T value) => JsonSerializer.Serialize(stream, value, _options);

    /// <exception cref="InvalidDataException">The content is no JSON of that type.</exception>
    public static T Read<T>(Stream stream)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(stream, _options)
                ?? throw new InvalidDataException($"The content is null where a {typeof(T).Name} is expected.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The content is no {typeof(T).Name}: {e.Message}", e);
        }
    }
}

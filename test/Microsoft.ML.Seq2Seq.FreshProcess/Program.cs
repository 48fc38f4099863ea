using System.Globalization;
using System.Text.Json;
using Microsoft.ML;

// Usage: FreshProcess MODEL.zip OUTPUT_COLUMN. Reads a JSON array of sources from standard input, writes one of
// [text, score] pairs. Only ML.NET's own types are named here.
// Or: FreshProcess train CHECKPOINT_FOLDER. Trains and writes what came out; nothing of it is loaded for the first use.
Console.OutputEncoding = System.Text.Encoding.UTF8;
if (args[0] == "train")
{
    Console.Write(FreshProcess.Training.Run(args[1]));
    return;
}
using var input = Console.OpenStandardInput();
var rows = JsonSerializer.Deserialize<string[]>(input)!.Select(text => new Row { Source = text });
var ml = new MLContext();
var model = ml.Model.Load(args[0], out _);
var scored = model.Transform(ml.Data.LoadFromEnumerable(rows));
var texts = Microsoft.ML.Data.ColumnCursorExtensions.GetColumn<string>(scored, scored.Schema[args[1]]);
var scores = Microsoft.ML.Data.ColumnCursorExtensions.GetColumn<float>(scored, scored.Schema["Score"]);
Console.Write(JsonSerializer.Serialize(texts.Zip(scores, (text, score) => new[] { text, score.ToString("r", CultureInfo.InvariantCulture) })));

internal sealed class Row
{
    public string Source { get; set; } = "";
}

using System.CommandLine;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq;

namespace Samples.Commands;

/// <summary>Reads lines from standard input and writes one line for each.</summary>
internal static class PredictCommand
{
    /// <summary>Lines predicted together: enough to fill batches of similar length, few enough that output flows.</summary>
    private const int ChunkSize = 512;

    /// <summary>A line of input.</summary>
    internal sealed class Line
    {
        public string Source { get; set; } = "";
    }

    /// <summary>What the model makes of it.</summary>
    internal sealed class Prediction
    {
        [ColumnName("PredictedTarget")]
        public string Text { get; set; } = "";
    }

    public static Command Create()
    {
        Option<FileInfo> file = CommandParts.ExistingFile("--model", "A model that 'translate' or the main job has saved", "M.zip");
        Option<int> beam = CommandParts.Number("--beam", "Prefixes that the search keeps; 1 is greedy (default: as saved with the model)", 1, 1024);
        Command command = new("predict", "Reads lines of UTF-8 from standard input and writes what the model makes of each, one line for one.")
        { file, beam };
        command.Runs((parse, cancellation) =>
        {
            using Seq2SeqTransformer model = Load(parse.GetRequiredValue(file).FullName);
            using Seq2SeqTransformer? other = parse.Given(beam) is { } size ? model.WithDecoding(TranslateCommand.Search(model.Decoding, size)) : null;
            using Stream input = Console.OpenStandardInput();
            using StreamWriter output = new(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
            // Whoever types wants each answer at once.
            Run(other ?? model, TextLines.Read(input, "Standard input"), output, Console.IsInputRedirected ? ChunkSize : 1, cancellation);
            return CommandParts.Success;
        });
        return command;
    }

    internal static void Run(ITransformer model, IEnumerable<string> lines, TextWriter output, int chunkSize, CancellationToken cancellation)
    {
        MLContext mlContext = new();
        foreach (Line[] chunk in lines.Select(line => new Line { Source = line }).Chunk(chunkSize))
        {
            cancellation.ThrowIfCancellationRequested();
            IDataView scored = model.Transform(mlContext.Data.LoadFromEnumerable(chunk));
            foreach (Prediction prediction in mlContext.Data.CreateEnumerable<Prediction>(scored, reuseRowObject: true))
                output.WriteLine(prediction.Text.ReplaceLineEndings(" "));
            output.Flush();
        }
    }

    /// <summary>A model that one of the commands has saved.</summary>
    /// <exception cref="InvalidDataException">The file is something else.</exception>
    internal static Seq2SeqTransformer Load(string path)
    {
        ITransformer model;
        try
        {
            model = new MLContext().Model.Load(path, out _);
        }
        catch (Exception error) when (CommandParts.IsTheUsers(error))
        {
            throw new InvalidDataException($"{path} is no model: {CommandParts.Explain(error)}", error);
        }
        return model as Seq2SeqTransformer
            ?? throw new InvalidDataException($"{path} holds no sequence-to-sequence model, or one among other stages.");
    }
}

using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text;
using Samples.Commands;

// Text of every language leaves as UTF-8, on Windows too.
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

RootCommand root = DatesCommand.Create();
root.Add(TranslateCommand.Create());
root.Add(CompareCommand.Create());
root.Add(TuneCommand.Create());
root.Add(PredictCommand.Create());
root.Add(InspectCommand.Create());
ParseResult parse = root.Parse(args);
// Standard output belongs to results: what is wrong goes to the error stream, and the help to whoever asks for it.
if (parse.Action is ParseErrorAction wrong)
    wrong.ShowHelp = false;
return await parse.InvokeAsync(new InvocationConfiguration
{
    EnableDefaultExceptionHandler = false,
    // How long a command may take to end in good order after Ctrl+C: a training step, and saving the best model.
    ProcessTerminationTimeout = TimeSpan.FromMinutes(1),
});

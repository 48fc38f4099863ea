using System.CommandLine;
using System.Text;
using Samples.Commands;

// Text of every language leaves as UTF-8, on Windows too.
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

RootCommand root = DatesCommand.Create();
root.Add(TranslateCommand.Create());
root.Add(PredictCommand.Create());
return await root.Parse(args).InvokeAsync(new InvocationConfiguration
{
    EnableDefaultExceptionHandler = false,
    // How long a command may take to end in good order after Ctrl+C: a training step, and saving the best model.
    ProcessTerminationTimeout = TimeSpan.FromMinutes(1),
});

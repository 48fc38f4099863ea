using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using Spectre.Console;

namespace Samples.Commands;

/// <summary>What the commands share: exit codes, checked options, the form in which errors reach the user.</summary>
internal static class CommandParts
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>Something is wrong with the arguments or the files, or the result is below the bar.</summary>
    public const int Failure = 1;

    /// <summary>Stopped by Ctrl+C: 128 + SIGINT, as shells have it.</summary>
    public const int Canceled = 130;

    /// <summary>Runs the command on another thread, so that Ctrl+C reaches it through the token, and turns the errors that
    /// a user can cause into one line each. Any other is a fault of the program and keeps its stack trace.</summary>
    public static void Runs(this Command command, Func<ParseResult, CancellationToken, int> action)
        => command.SetAction((parse, cancellation) => Task.Run(() =>
        {
            try
            {
                return action(parse, cancellation);
            }
            catch (OperationCanceledException)
            {
                parse.InvocationConfiguration.Error.WriteLine("Stopped.");
                return Canceled;
            }
            catch (Exception error) when (IsTheUsers(error))
            {
                parse.InvocationConfiguration.Error.WriteLine($"Error: {Explain(error)}");
                return Failure;
            }
        }, CancellationToken.None));

    /// <summary>Where the command writes: the terminal, or the writer that a test has put in its place.</summary>
    public static IAnsiConsole Screen(this ParseResult parse)
    {
        TextWriter output = parse.InvocationConfiguration.Output;
        IAnsiConsole console = output == Console.Out
            ? AnsiConsole.Console
            : AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        // A file or pipe has no width; this one holds the tables without breaking their cells.
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = 240;
        return console;
    }

    /// <summary>A file that must exist.</summary>
    public static Option<FileInfo> ExistingFile(string name, string description, string helpName = "FILE")
    {
        Option<FileInfo> option = new(name) { Description = description, Required = true, HelpName = helpName };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !File.Exists(result.Tokens[0].Value))
                result.AddError($"{name}: there is no file '{result.Tokens[0].Value}'.");
        });
        return option;
    }

    /// <summary>A file to write, in a folder that must exist: a wrong one is found before the training.</summary>
    public static Option<FileInfo> OutputFile(string name, string description, string helpName = "OUT.zip")
    {
        Option<FileInfo> option = new(name) { Description = description, HelpName = helpName };
        option.Validators.Add(result =>
        {
            string path = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (path.Length > 0 && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
                result.AddError($"{name}: there is no folder '{Path.GetDirectoryName(Path.GetFullPath(path))}'.");
            else if (Directory.Exists(path))
                result.AddError($"{name}: '{path}' is a folder.");
        });
        return option;
    }

    /// <summary>A number with a smallest and a largest value.</summary>
    public static Option<T> Number<T>(string name, string description, T minimum, T maximum, T? defaultValue = null)
        where T : struct, INumber<T>
    {
        Option<T> option = new(name) { Description = description, HelpName = "N" };
        if (defaultValue is { } value)
            option.DefaultValueFactory = _ => value;
        // Numbers are read alike in every country, and a word in place of one gets the same message as one out of range.
        option.CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out T number)
                && number >= minimum && number <= maximum)
                return number;
            result.AddError(string.Create(CultureInfo.InvariantCulture,
                $"{name} is {text}; allowed: a number from {minimum} to {maximum}."));
            return default;
        };
        return option;
    }

    /// <summary>The value, or null where the user gave none.</summary>
    public static T? Given<T>(this ParseResult parse, Option<T> option)
        where T : struct
        => parse.GetResult(option) is null ? null : parse.GetValue(option);

    /// <summary>Whether arguments, files or the machine are to blame.</summary>
    public static bool IsTheUsers(Exception error)
        => Cause(error) is ArgumentException or IOException or UnauthorizedAccessException or FormatException
            or InvalidDataException or InvalidOperationException or DllNotFoundException;

    /// <summary>The message in one line, without the parameter's name and value, which ArgumentException adds.</summary>
    public static string Explain(Exception error)
    {
        string message = Cause(error).Message.Split('\n')[0].TrimEnd();
        int parameter = message.LastIndexOf(" (Parameter '", StringComparison.Ordinal);
        return parameter < 0 ? message : message[..parameter];
    }

    /// <summary>ML.NET makes the loaders of models by reflection, which wraps what they throw.</summary>
    private static Exception Cause(Exception error)
        => error is TargetInvocationException or InvalidOperationException && error.InnerException is { } inner ? Cause(inner) : error;
}

using Microsoft.ML.Seq2Seq;
using Spectre.Console;

namespace Samples.Display;

/// <summary>Shows a training run: live on a terminal, as plain lines in a file or pipe.</summary>
internal static class TrainingDisplay
{
    /// <summary>Trains and shows.</summary>
    /// <param name="train">Gets the observer to put into <see cref="TrainingOptions.Progress"/>.</param>
    public static T Show<T>(IAnsiConsole console, Func<IProgress<TrainingProgress>, T> train)
    {
        Capabilities capabilities = console.Profile.Capabilities;
        if (capabilities.Ansi && capabilities.Interactive && console.Profile.Out.IsTerminal)
            return console.Live(new Text("Learning the vocabulary …")).Start(context => train(new LiveTraining(context)));
        return train(new PlainTraining(console.Profile.Out.Writer));
    }

    /// <summary>Such as 1:05 or 2:03:04.</summary>
    public static string Clock(TimeSpan time)
        => time.TotalHours >= 1 ? time.ToString(@"h\:mm\:ss", null) : time.ToString(@"m\:ss", null);
}

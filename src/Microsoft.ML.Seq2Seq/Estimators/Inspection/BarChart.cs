using System.Globalization;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>A small bar chart as SVG to stand inside an HTML document; colours come from the document's styles.</summary>
internal static class BarChart
{
    private const int Width = 480, Height = 150, Left = 4, Right = 4, Top = 18, Bottom = 20;

    /// <param name="name">What it shows: for those who don't see it.</param>
    /// <param name="bars">Value, text below or null, and text for the pointer and, if wanted, above.</param>
    /// <param name="showValues">Whether each bar has its text above it.</param>
    public static string Draw(string name, IReadOnlyList<Bar> bars, bool showValues = false)
    {
        double most = bars.Select(bar => bar.Value).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        double step = (double)(Width - Left - Right) / Math.Max(1, bars.Count), room = Height - Top - Bottom;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{HtmlText.Escape(name)}\">");
        for (int i = 0; i < bars.Count; i++)
        {
            var bar = bars[i];
            double height = most > 0 && bar.Value > 0 ? Math.Max(1, room * bar.Value / most) : 0;
            double x = Left + (i * step), middle = x + (step / 2);
            svg.Append(CultureInfo.InvariantCulture, $"<g><title>{HtmlText.Escape(bar.Tip)}</title>");
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"hover\" x=\"{x:F1}\" y=\"{Top}\" width=\"{step:F1}\" height=\"{room}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"bar\" x=\"{x + 1:F1}\" y=\"{Top + room - height:F1}\" width=\"{step - 2:F1}\" height=\"{height:F1}\" rx=\"1.5\"/></g>");
            if (showValues)
                Label(middle, Top + room - height - 4, HtmlText.Number(bar.Value));
            if (bar.Label is { } label)
                Label(middle, Height - 6, label);
        }
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Left}\" y1=\"{Top + room}\" x2=\"{Width - Right}\" y2=\"{Top + room}\"/></svg>");
        return svg.ToString();

        void Label(double x, double y, string text)
        {
            // Labels of the outermost bars must not reach beyond the picture.
            double half = text.Length * 3;
            svg.Append(CultureInfo.InvariantCulture,
                $"<text x=\"{Math.Clamp(x, half, Width - half):F1}\" y=\"{y:F1}\" text-anchor=\"middle\">{HtmlText.Escape(text)}</text>");
        }
    }
}

/// <param name="Label">Text below it; null for none.</param>
/// <param name="Tip">Text for the pointer.</param>
internal sealed record Bar(double Value, string? Label, string Tip);

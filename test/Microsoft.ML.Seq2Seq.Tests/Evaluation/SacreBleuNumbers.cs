using System.Text.Json;

namespace Microsoft.ML.Seq2Seq.Tests.Evaluation;

/// <summary>
/// Sentences of our own that are hard to score, and what sacreBLEU 2.6.0 says of them.
/// </summary>
/// <remarks>
/// The numbers come from sacreBLEU's Python interface, run on Debian's python3 with python3-regex 0.1.20221031 (Unicode 15)
/// and python3-portalocker, -tabulate, -colorama, -lxml. For each set, <c>scores</c> holds
/// <c>metric.corpus_score(hypotheses, references).score</c> for the metrics in the order of
/// <see cref="SacreBleuTests.Metrics"/>, whose names are the Python constructors; on the command line that is
/// <c>sacrebleu references… -i hypotheses -m bleu|chrf|ter -w 7</c> with the options of the same names. <c>bleu</c> holds
/// the precisions, brevity penalty and both lengths of <c>BLEU()</c>, <c>signature</c> its signature, and
/// <c>sentences</c> <c>metric.sentence_score(hypothesis, references).score</c> of every row for
/// <c>BLEU(effective_order=True)</c>, <c>CHRF(word_order=2)</c> and <c>TER()</c>. A row is a hypothesis and its references;
/// null is a reference that the row lacks. The rows of "long" are made by <see cref="LongRow"/>.
/// </remarks>
internal static class SacreBleuNumbers
{
    public static IReadOnlyList<ScoredSet> Sets { get; } = Read();

    private static List<ScoredSet> Read()
    {
        var options = new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
        List<ScoredSet> sets = JsonSerializer.Deserialize<List<ScoredSet>>(Json, options)!;
        string whole = LongRow(0);
        string tail = string.Concat(whole.Skip(200));
        return [.. sets.Select(set => set.Name == "long"
            ? set with { Rows = [[LongRow(3), whole], [LongRow(5) + " end", tail]] }
            : set)];
    }

    /// <summary>600 words of 101 kinds, every seventh moved on.</summary>
    private static string LongRow(int shift)
        => string.Join(' ', Enumerable.Range(0, 600).Select(i => $"w{((i * i * 31) + i + (i % 7 == 0 ? shift : 0)) % 101}"));

    private const string Json = """
[
  {"name": "plain",
   "rows": [
    ["The ferry leaves the harbour at half past nine.", "The ferry departs from the harbour at half past nine."],
    ["Two children are building a castle out of wet sand.", "Two children build a castle of wet sand."],
    ["Der alte Uhrmacher repariert die Turmuhr.", "Der alte Uhrmacher bringt die Turmuhr wieder in Gang."],
    ["She has read every book on the shelf twice, except the last.", "She read every book on the shelf twice except for the last one."],
    ["Nobody knows who painted the door blue", "Nobody knows who painted the door blue."],
    ["It rained, it rained, it rained and it rained.", "It rained and rained."],
    ["A dog is sleeping under the table.", "A dog is sleeping under the table."]],
   "scores": [53.1736327, 53.7190747, 48.7544741, 49.8040189, 53.1736327, 53.7190747, 76.5882352, 76.5882352, 53.1736327, 53.7190747, 53.1736327, 53.1736327, 53.1736327, 54.0613379, 55.3174758, 53.1736327, 53.1736327, 69.8960692, 43.4294906, 74.9811906, 74.762879, 74.9811906, 74.762879, 78.6875057, 77.542747, 74.9811148, 74.7623957, 36.2068966, 36.2068966, 32.3076923, 32.3076923, 29.3103448, 29.3103448, 29.3103448, 36.2068966, 29.3103448, 36.2068966, 29.3103448, 29.3103448, 32.3076923, 32.3076923, 29.3103448, 29.3103448],
   "bleu": [79.7101449, 61.2903226, 43.6363636, 37.5, 1.0, 69, 65], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [63.9816674, 31.7023314, 20.9587125, 51.4240161, 86.68779, 11.2084668, 100.0],
    [71.8960982, 72.7681836, 55.7306738, 71.2147398, 95.2932748, 66.0277427, 100.0],
    [20.0, 37.5, 55.5555556, 38.4615385, 14.2857143, 125.0, 0.0]]},
  {"name": "marks",
   "rows": [
    ["\"Stop!\", he cried - but it was too late...", "He cried \"Stop!\" -- but it was too late …"],
    ["&quot;Salt &amp; pepper&quot; costs &lt;5 euros", "\"Salt & pepper\" costs <5 euros"],
    ["The price rose by 3.5% to 1,250.75 in 2019.", "In 2019 the price rose by 3,5 % to 1.250,75."],
    ["well-known state-of-the-art 3-4 A-5 5-A", "well known state-of-the-art 3-4 A - 5 5 - A"],
    ["a<skipped>b hyphen-\nated line\nbreak", "ab hyphenated line break"],
    ["$100, €200, £300; 50°C ± 2 × 3 ≠ 7", "$ 100, € 200, £ 300; 50 °C ±2 ×3 ≠7"],
    ["«Oui», dit-il ; „ja“, sagte sie; ‘no’, we said", "« Oui », dit-il; „Ja“ , sagte sie ; 'no', we said"],
    ["e.g. http://example.org/a_b?c=d&e=f#g (see [1], {2})", "eg http://example.org/a_b?c=d&e=f#g (see [1] or {2})"],
    ["don't isn't O'Brien's rock'n'roll", "do n't is n't O'Brien 's rock 'n' roll"],
    ["  spaced \t out\u00a0with\u3000odd\u2003blanks \u001c", "spaced out with odd blanks"],
    [".5 and ,5 and 5. and 5,", ".5 , 5. and ,5"],
    ["^_^ `code` ~home~ \\path\\ |pipe|", "^ _ ^ ` code ` ~ home ~ \\ path \\ | pipe |"]],
   "scores": [58.7099924, 62.4167666, 11.8675355, 13.9942827, 65.2885317, 67.8664886, 77.613119, 79.1604224, 50.5650258, 53.7511233, 58.7099924, 58.7099924, 58.7099924, 59.0249072, 59.4858254, 58.7099924, 58.7099924, 69.4628378, 51.6677668, 79.6653259, 69.0217561, 81.7157681, 71.563128, 60.113571, 54.3164162, 79.6646679, 68.9383158, 74.7572816, 77.6699029, 35.3741497, 35.3741497, 64.0, 64.0, 33.8709677, 74.7572816, 33.8709677, 77.6699029, 69.0, 69.0, 39.4557823, 39.4557823, 37.9032258, 37.9032258],
   "bleu": [75.3424658, 64.9253731, 54.9180328, 45.4545455, 0.9931741, 146, 147], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [39.3755531, 100.0, 19.0816546, 30.9305078, 100.0, 12.0110554, 30.6440139, 80.3643153, 0.0, 100.0, 27.9015939, 100.0],
    [64.3903422, 37.8162788, 53.6017007, 73.5400583, 64.1283834, 77.719693, 69.5072233, 76.0907888, 75.0, 100.0, 58.3122191, 79.5747423],
    [50.0, 66.6666667, 60.0, 80.0, 75.0, 100.0, 75.0, 50.0, 100.0, 0.0, 80.0, 100.0]]},
  {"name": "chinese",
   "rows": [
    ["我们明天去北京，你呢？", "我们明天要去北京。你呢？"],
    ["他在2024年3月5日买了3本书（共99.5元）。", "2024年3月5日，他买了三本书（共 99.5 元）。"],
    ["今日はいい天気ですね。", "今日は天気がいいですね。"],
    ["カタカナとひらがなとｶﾀｶﾅ", "ひらがなとカタカナとｶﾀｶﾅ"],
    ["안녕하세요, 세계!", "안녕하세요 세계 여러분!"],
    ["“引号”与《书名》——破折号……", "\"引号\"和《书名》--破折号..."],
    ["𠀀𠀁 rare 𪛖 ideographs", "𠀀 𠀁 rare ideographs 𪛗"],
    ["AI模型GPT在Windows上运行", "AI 模型在 Windows 上运行"],
    ["※①㈱〒→←★", "※ ① ㈱ 〒 → ★"]],
   "scores": [3.2859728, 3.2859728, 5.230786, 5.230786, 10.1037561, 10.1037561, 63.666078, 63.666078, 46.9447754, 46.9447754, 0.0, 1.6527568, 5.5263256, 7.6422625, 12.2486459, 3.2859728, 1.6527568, 5.3659712, 0.0, 53.8769595, 43.0756846, 53.8769595, 43.0756846, 41.9630977, 34.0939046, 53.8769453, 42.9483594, 96.0, 96.0, 90.625, 35.8974359, 88.0, 88.0, 36.5079365, 96.0, 88.4615385, 96.0, 88.0, 88.0, 90.625, 35.8974359, 88.4615385, 36.5079365],
   "bleu": [33.3333333, 8.3333333, 6.25, 6.25, 0.3219583, 15, 32], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [0.0, 0.0, 0.0, 0.0, 21.0224104, 0.0, 14.7940157, 0.0, 0.0],
    [28.8204155, 58.7873007, 28.5733292, 50.2647353, 34.9243001, 17.0090066, 60.8190248, 64.9302539, 50.5010612],
    [100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 80.0, 100.0, 100.0]]},
  {"name": "short",
   "rows": [
    ["yes", "yes"],
    ["no", "yes"],
    ["a b", "a b"],
    ["a b c", "a b"],
    ["a", "a b c"],
    ["2026-03-03", "2026-03-03"],
    ["x y z", "x z y"],
    ["h ə l oʊ", "h ɛ l oʊ"]],
   "scores": [58.3582412, 58.3582412, 29.3449085, 29.3449085, 29.3449085, 29.3449085, 71.3812295, 71.3812295, 58.3582412, 58.3582412, 58.3582412, 58.3582412, 58.3582412, 63.3044854, 68.1712308, 58.3582412, 58.3582412, 66.9812327, 0.0, 80.0449759, 73.9711086, 80.0449759, 73.9711086, 65.565654, 63.1097069, 80.0093737, 73.9410129, 35.2941176, 35.2941176, 28.5714286, 28.5714286, 35.2941176, 35.2941176, 28.5714286, 35.2941176, 28.5714286, 35.2941176, 35.2941176, 35.2941176, 28.5714286, 28.5714286, 28.5714286, 28.5714286],
   "bleu": [85.0, 58.3333333, 42.8571429, 66.6666667, 0.9512294, 20, 21], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [100.0, 0.0, 100.0, 55.0321208, 13.5335283, 100.0, 39.6850263, 35.3553391],
    [100.0, 0.0, 100.0, 87.5, 38.4615385, 100.0, 40.0, 38.8095238],
    [0.0, 100.0, 0.0, 50.0, 66.6666667, 0.0, 33.3333333, 25.0]]},
  {"name": "oneword",
   "rows": [
    ["yes", "yes"],
    ["no", "no"]],
   "scores": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 100.0, 100.0, 100.0, 100.0, 0.0, 0.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 50.0, 50.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
   "bleu": [100.0, 0.0, 0.0, 0.0, 1.0, 2, 2], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [100.0, 100.0],
    [100.0, 100.0],
    [0.0, 0.0]]},
  {"name": "empty",
   "rows": [
    ["", "Something was expected here."],
    ["Nothing was expected here.", ""],
    ["", ""],
    ["   \t", "  "],
    ["The last row is an ordinary one.", "The last row is a quite ordinary one."]],
   "scores": [30.4243221, 30.4243221, 31.325873, 31.325873, 30.4243221, 30.4243221, 42.1441736, 42.1441736, 30.4243221, 30.4243221, 30.4243221, 30.4243221, 30.4243221, 37.5079998, 44.3675656, 30.4243221, 30.4243221, 45.8098359, 19.8524743, 44.4263232, 45.8750973, 44.4263232, 45.8750973, 48.3199695, 48.774026, 44.4262442, 45.8374388, 83.3333333, 83.3333333, 85.7142857, 85.7142857, 83.3333333, 83.3333333, 83.3333333, 83.3333333, 83.3333333, 83.3333333, 83.3333333, 83.3333333, 85.7142857, 85.7142857, 83.3333333, 83.3333333],
   "bleu": [53.8461538, 45.4545455, 33.3333333, 14.2857143, 0.9259611, 13, 14], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [0.0, 0.0, 0.0, 0.0, 44.1248451],
    [0.0, 0.0, 0.0, 0.0, 73.7522687],
    [100.0, 100.0, 0.0, 0.0, 25.0]]},
  {"name": "nothing",
   "rows": [
    ["", ""],
    [" ", ""]],
   "scores": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
   "bleu": [0.0, 0.0, 0.0, 0.0, 1.0, 0, 0], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [0.0, 0.0],
    [0.0, 0.0],
    [0.0, 0.0]]},
  {"name": "silent",
   "rows": [
    ["", "a reference"],
    ["", "and another one"]],
   "scores": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0],
   "bleu": [0.0, 0.0, 0.0, 0.0, 0.0, 0, 5], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [0.0, 0.0],
    [0.0, 0.0],
    [100.0, 100.0]]},
  {"name": "strangers",
   "rows": [
    ["alpha beta gamma delta", "one two three four"],
    ["12345", "qwxyz"]],
   "scores": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.2582965, 4.2582965, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.8929785, 3.6697339, 4.8929785, 3.6697339, 5.6022409, 4.2016807, 4.8929351, 3.6697013, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0],
   "bleu": [0.0, 0.0, 0.0, 0.0, 1.0, 5, 5], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [0.0, 0.0],
    [4.8003192, 0.0],
    [100.0, 100.0]]},
  {"name": "several",
   "rows": [
    ["The cat sits on the mat.", "The cat is sitting on the mat.", "There is a cat on the mat.", "On the mat sits the cat."],
    ["He bought bread, milk and a newspaper.", "He bought bread and milk.", "Bread, milk and a newspaper is what he bought.", "He got himself bread, some milk and the newspaper of the day."],
    ["one two three four five six", "one two three four", "three four five six seven eight", "one two three four five six seven eight"],
    ["the the the the", "the", "the the", "a the b the c the"],
    ["", "", "nothing", "not a thing"],
    ["It is a guide to action", "It is a guide to action that ensures that it works", "It is the guiding principle", "It is the practical guide for the army"]],
   "scores": [71.8112347, 75.0105884, 62.1038129, 67.0515821, 71.8112347, 75.0105884, 79.876747, 79.876747, 71.8112347, 75.0105884, 71.8112347, 71.8112347, 71.8112347, 73.2770723, 75.1855218, 71.8112347, 71.8112347, 88.8454755, 55.0068012, 63.8789814, 62.5880066, 67.8089461, 68.6905723, 65.8945329, 64.4315665, 63.8773273, 62.5813066, 41.5841584, 41.5841584, 35.7798165, 35.7798165, 38.6138614, 38.6138614, 38.6138614, 41.5841584, 38.6138614, 41.5841584, 38.6138614, 38.6138614, 38.5321101, 38.5321101, 38.6138614, 38.6138614],
   "bleu": [96.875, 81.4814815, 63.6363636, 52.9411765, 1.0, 32, 31], "signature": "nrefs:3|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [50.8132748, 51.1625642, 100.0, 35.3553391, 0.0, 100.0],
    [56.8814269, 66.039917, 89.7692655, 74.1256662, 0.0, 49.5258017],
    [30.0, 46.1538462, 33.3333333, 66.6666667, 0.0, 50.0]]},
  {"name": "varying",
   "rows": [
    ["A short walk through the old town.", "A short walk in the old town.", null, "We walk through the old town."],
    ["The museum opens at ten.", "The museum opens at 10.", null, null],
    ["Bring warm clothes and good shoes.", "Take warm clothes and good shoes with you.", "Bring good shoes and warm clothes.", "Warm clothes and good shoes, please."]],
   "scores": [70.4914176, 70.4914176, 67.7510331, 67.7510331, 69.5932543, 69.5932543, 90.9662953, 90.9662953, 69.5932543, 69.5932543, 70.4914176, 70.4914176, 70.4914176, 72.6346649, 75.2689604, 70.4914176, 70.4914176, 86.0662966, 48.9266423, 80.4287884, 78.7288687, 80.4287884, 78.7288687, 85.9258407, 82.8515873, 80.4283549, 78.7273219, 27.5229358, 33.0275229, 18.6046512, 18.6046512, 22.0183486, 22.0183486, 22.0183486, 27.5229358, 22.0183486, 33.0275229, 22.0183486, 22.0183486, 18.6046512, 18.6046512, 22.0183486, 22.0183486],
   "bleu": [95.2380952, 77.7777778, 66.6666667, 50.0, 1.0, 21, 21], "signature": "nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [84.0896415, 53.7284966, 66.8740305],
    [86.028793, 79.0517294, 72.2841372],
    [15.3846154, 20.0, 45.0]]},
  {"name": "letters",
   "rows": [
    ["İSTANBUL'da ISPARTA'ya", "istanbul'da ısparta'ya"],
    ["ΟΔΥΣΣΕΥΣ ΚΑΙ ΣΙΣΥΦΟΣ, Σ.", "Οδυσσεύς και Σίσυφος, σ."],
    ["STRASSE Straße ẞ", "strasse straße ß"],
    ["Привет, МИР! Ёлка", "привет, Мир! елка"],
    ["😀😀👍🏽 👩\u200d👩\u200d👧 flags 🇩🇪🇫🇷", "😀👍 👩\u200d👩\u200d👧 flags 🇩🇪 🇫🇷"],
    ["cafe\u0301 naïve re\u0301sume\u0301", "café nai\u0308ve résumé"],
    ["مرحبا، كيف حالك؟", "مرحبا كيف حالك ؟"],
    ["नमस्ते दुनिया। कैसे हो?", "नमस्ते, दुनिया! कैसे हैं?"],
    ["สวัสดีชาวโลก", "สวัสดีโลก"],
    ["½ Ⅷ ٣ x² 10⁻³", "1/2 VIII 3 x^2 10^-3"],
    ["Ǆ ǅ Ꭰ 𐐀", "ǆ ǆ ꭰ 𐐨"]],
   "scores": [3.6326209, 24.9281974, 4.7151311, 23.6226662, 29.1256697, 43.6978958, 39.2619768, 68.017535, 15.7102286, 33.8946014, 0.0, 1.9319353, 4.3199386, 6.9653909, 11.9471868, 3.6326209, 1.9319353, 7.0651593, 3.4446219, 33.3510632, 28.2215536, 60.0607153, 55.1411301, 35.457899, 29.8008733, 33.351059, 28.2178546, 60.5263158, 89.4736842, 58.8235294, 58.8235294, 57.8947368, 57.8947368, 63.6363636, 60.5263158, 63.6363636, 89.4736842, 86.8421053, 86.8421053, 80.3921569, 80.3921569, 88.6363636, 88.6363636],
   "bleu": [24.3902439, 3.3333333, 2.5, 2.2727273, 0.7835641, 41, 51], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [0.0, 9.6524349, 0.0, 12.7033187, 24.8804695, 0.0, 19.7161188, 9.4237166, 0.0, 0.0, 0.0],
    [7.387218, 6.547619, 14.9581668, 37.1545122, 72.8794393, 16.6702244, 56.9356933, 42.081911, 49.1766285, 3.487816, 0.0],
    [100.0, 50.0, 0.0, 33.3333333, 60.0, 100.0, 75.0, 75.0, 100.0, 100.0, 0.0]]},
  {"name": "moves",
   "rows": [
    ["yesterday we met in the park", "we met in the park yesterday"],
    ["b c d a e f", "a b c d e f"],
    ["f e d c b a", "a b c d e f"],
    ["in the morning the train to Oslo was late again", "again the train to Oslo was late in the morning"],
    ["a b a b a b c", "c a b a b a b"],
    ["x a b c y d e f z", "d e f a b c"],
    ["One two three. Four five six. Seven eight nine.", "Seven eight nine. One two three. Four five six."]],
   "scores": [61.1274191, 61.1274191, 57.3873821, 57.3873821, 61.1274191, 61.1274191, 85.3155188, 85.3155188, 61.1274191, 61.1274191, 61.1274191, 61.1274191, 61.1274191, 62.1988099, 63.6847507, 61.1274191, 61.1274191, 79.8367503, 46.9313706, 83.0750866, 83.5208454, 83.0750866, 83.5208454, 83.690878, 83.981209, 83.0749576, 83.5182242, 30.0, 30.0, 28.3018868, 28.3018868, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 28.3018868, 28.3018868, 30.0, 30.0],
   "bleu": [94.6428571, 67.3469388, 54.7619048, 40.0, 1.0, 56, 53], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [79.5270729, 39.7635364, 12.7033187, 67.5600077, 84.0896415, 29.847459, 83.445229],
    [87.7625408, 43.125, 25.0, 86.2857453, 79.7916667, 46.0429598, 93.5505399],
    [16.6666667, 16.6666667, 83.3333333, 20.0, 14.2857143, 66.6666667, 11.1111111]]},
  {"name": "possessives",
   "rows": [
    ["This house is John's.", "This house is John's.", null],
    ["It's Mary's, not ours!", "It is Mary's, not theirs.", "It's Mary's,\tnot ours!"],
    ["the boys' 5.-7. and 1,a,b", "the boys' 5.-7. and 1,a,b", null],
    ["\"Who's?\" said the judge's\tclerk", "\"Who's?\" said the judge's\tclerk", "Who is it? the judge's, clerk's"]],
   "scores": [100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 95.8951997, 96.9213998, 100.0, 100.0, 0.0, 0.0, 16.6666667, 16.6666667, 0.0, 0.0, 22.6415094, 0.0, 22.6415094, 0.0, 0.0, 0.0, 16.6666667, 16.6666667, 22.6415094, 22.6415094],
   "bleu": [100.0, 100.0, 100.0, 100.0, 1.0, 31, 31], "signature": "nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [100.0, 100.0, 100.0, 100.0],
    [100.0, 100.0, 100.0, 100.0],
    [0.0, 0.0, 0.0, 0.0]]},
  {"name": "ties",
   "rows": [
    ["aaca", "baab", "bc"],
    ["hello world", "hello world", null]],
   "scores": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 85.7892809, 85.7892809, 0.0, 0.0, 0.0, 0.0, 0.0, 90.3602004, 90.3602004, 81.6496581, 81.6496581, 81.6496581, 0.0, 95.9702944, 87.9017857, 95.9702944, 87.9017857, 96.2935462, 88.5819736, 89.4246032, 87.9017857, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333, 33.3333333],
   "bleu": [66.6666667, 100.0, 0.0, 0.0, 1.0, 3, 3], "signature": "nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [0.0, 100.0],
    [16.6666667, 100.0],
    [100.0, 0.0]]},
  {"name": "long",
   "rows": [
    ],
   "scores": [62.9507831, 62.9507831, 62.9507831, 62.9507831, 62.9507831, 62.9507831, 89.333222, 89.333222, 62.9507831, 62.9507831, 62.9507831, 62.9507831, 62.9507831, 62.9833534, 63.032087, 62.9507831, 62.9507831, 80.0885205, 43.0754706, 86.6781995, 85.8759756, 86.6781995, 85.8759756, 91.8119063, 89.7262551, 86.6781995, 85.8759742, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028, 35.6832028],
   "bleu": [89.4254788, 71.7264387, 57.1428571, 42.8451883, 1.0, 1201, 1149], "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
   "sentences": [
    [63.3235676, 62.5736712],
    [84.4267679, 87.4311728],
    [14.3333333, 59.0163934]]}
]
""";
}

/// <param name="Rows">Hypothesis first, then the references.</param>
/// <param name="Scores">In the order of <see cref="SacreBleuTests.Metrics"/>.</param>
/// <param name="Bleu">Precisions, brevity penalty, length of the output and of the references.</param>
/// <param name="Sentences">Of every row: BLEU with effective order, chrF2++, TER.</param>
internal sealed record ScoredSet(
    string Name, string?[][] Rows, double[] Scores, double[] Bleu, string Signature, double[][] Sentences)
{
    public string Hypothesis(int row) => Rows[row][0]!;

    public string?[] References(int row) => Rows[row][1..];
}

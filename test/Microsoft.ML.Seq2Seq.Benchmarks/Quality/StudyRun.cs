namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>One training run in a folder of its own: the model, its curve and its cost.</summary>
internal sealed class StudyRun : IDisposable
{
    private readonly EpochWeights _weights;
    private readonly CurveLog _log;

    private StudyRun(MLContext context, Seq2SeqTransformer model, EpochWeights weights, CurveLog log)
    {
        Context = context;
        Model = model;
        _weights = weights;
        _log = log;
    }

    public MLContext Context { get; }

    /// <summary>As the recipe chose it on the validation rows.</summary>
    public Seq2SeqTransformer Model { get; }

    public IReadOnlyList<CurvePoint> Curve => _log.Points;

    /// <summary>Trains, or goes on with what the folder has.</summary>
    /// <exception cref="OperationCanceledException">Stopped by the user.</exception>
    public static StudyRun Train(StudySettings settings, Seq2SeqTrainerOptions recipe, PairRow[] training, PairRow[] validation)
    {
        var context = new MLContext(settings.Seed);
        string checkpoints = Path.Combine(settings.Folder, "checkpoints");
        Directory.CreateDirectory(settings.Folder);
        var weights = new EpochWeights(checkpoints, Path.Combine(settings.Folder, "epochs"));
        var log = new CurveLog(Path.Combine(settings.Folder, "curve.jsonl"), weights);
        recipe.Training.CheckpointDirectory = checkpoints;
        recipe.Training.Progress = log;
        recipe.Training.CancellationToken = settings.Cancellation;
        recipe.ValidationSet = context.Data.LoadFromEnumerable(validation);
        Seq2SeqTransformer model;
        try
        {
            model = Fit(context, recipe, context.Data.LoadFromEnumerable(training));
        }
        finally
        {
            log.Stop();
        }
        settings.Cancellation.ThrowIfCancellationRequested();
        weights.Keep();
        return new StudyRun(context, model, weights, log);
    }

    private static Seq2SeqTransformer Fit(MLContext context, Seq2SeqTrainerOptions recipe, IDataView rows) => recipe switch
    {
        TransformerTrainer.Options options => context.Seq2Seq.Trainers.Transformer(options).Fit(rows),
        RecurrentTrainer.Options options => context.Seq2Seq.Trainers.Recurrent(options).Fit(rows),
        _ => throw new ArgumentException($"No trainer for {recipe.GetType()}.", nameof(recipe)),
    };

    /// <summary>Decodes rows with the model and compares.</summary>
    public Seq2SeqMetrics Score(PairRow[] rows, EvaluationOptions evaluation) => Score(Model, rows, evaluation);

    /// <summary>The first validation whose weights score this BLEU on the validation rows.</summary>
    /// <returns>Null where none does.</returns>
    public (CurvePoint Point, double Bleu)? FirstToReach(double bleu, PairRow[] validation, EvaluationOptions evaluation)
    {
        foreach (var point in Curve.Where(point => _weights.Has(point.Step)))
        {
            using var model = _weights.At(point.Step, Context, Model);
            double score = Score(model, validation, evaluation).Bleu;
            if (score >= bleu)
                return (point, score);
        }
        return null;
    }

    public void Dispose() => Model.Dispose();

    private Seq2SeqMetrics Score(Seq2SeqTransformer model, PairRow[] rows, EvaluationOptions evaluation) =>
        Context.Seq2Seq.Evaluate(model.Transform(Context.Data.LoadFromEnumerable(rows)), options: evaluation);
}

namespace Microsoft.ML.Seq2Seq;

/// <summary>What a recurrent layer computes at each position.</summary>
public enum RecurrentCell
{
    /// <summary>Long short-term memory (Hochreiter and Schmidhuber 1997), with forget gate.</summary>
    Lstm,

    /// <summary>Gated recurrent unit (Cho et al. 2014): three quarters of the weights.</summary>
    Gru,
}

/// <summary>How well a recurrent decoder's state h fits the encoder's output s at a source position.</summary>
public enum RecurrentAttention
{
    /// <summary>vᵀ tanh(Wh + Us) (Bahdanau et al. 2015), a small network for each pair of positions.</summary>
    Bahdanau,

    /// <summary>hᵀWs (Luong et al. 2015, 'general'), one matrix product for all pairs.</summary>
    Luong,
}

using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>What a piece of a SentencePiece model is; the numbers are the file's.</summary>
internal enum SentencePieceType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>What Microsoft.ML.Tokenizers doesn't tell of a SentencePiece model: the types of its pieces, and how text is
/// normalised for it. The file is a protocol buffer, <c>sentencepiece_model.proto</c>.</summary>
internal sealed class SentencePieceFile
{
    private const ulong Unigram = 1, BytePairs = 2;

    public List<(string Piece, SentencePieceType Type)> Pieces { get; } = [];

    public bool ByteFallback { get; private set; }

    /// <summary>Replacements of characters, as SentencePiece compiles them; may be empty.</summary>
    public byte[] CharacterMap { get; private set; } = [];

    public bool AddDummyPrefix { get; private set; } = true;

    public bool RemoveExtraWhitespaces { get; private set; } = true;

    public bool EscapeWhitespaces { get; private set; } = true;

    public byte[] Content { get; private init; } = [];

    /// <summary>The same model without byte fallback: of messages that come twice, the last value of a field counts.</summary>
    public byte[] ContentWithoutBytes => [.. Content, 0x12, 3, 0x98, 0x02, 0]; // trainer_spec, 3 bytes: byte_fallback, false

    /// <exception cref="InvalidDataException">It is no such file, or of a kind that can't be read.</exception>
    public static SentencePieceFile Read(byte[] content)
    {
        var file = new SentencePieceFile { Content = content };
        bool isTrained = false, isNormalized = false;
        var fields = new ProtocolBuffer(content);
        while (fields.Next())
        {
            isTrained |= fields.Field == 2;
            isNormalized |= fields.Field == 3;
            if (fields.Field == 1)
                file.AddPiece(fields.Bytes);
            else if (fields.Field == 2)
                file.ReadTraining(fields.Bytes);
            else if (fields.Field == 3)
                file.ReadNormalization(fields.Bytes);
        }
        if (file.Pieces.Count == 0 || !isTrained || !isNormalized)
            throw new InvalidDataException("it is neither JSON nor a SentencePiece model");
        if (!file.Pieces.Exists(piece => piece.Type == SentencePieceType.Unknown))
            throw new InvalidDataException("the SentencePiece model has no unknown token");
        return file;
    }

    private void AddPiece(ReadOnlySpan<byte> content)
    {
        string piece = "";
        var type = SentencePieceType.Normal;
        var fields = new ProtocolBuffer(content);
        while (fields.Next())
        {
            if (fields.Field == 1)
                piece = Encoding.UTF8.GetString(fields.Bytes);
            else if (fields.Field == 3)
                type = (SentencePieceType)fields.Number;
        }
        if (piece.Length == 0 || !Enum.IsDefined(type))
            throw new InvalidDataException($"piece {Pieces.Count} of the SentencePiece model is \"{piece}\", of type {(int)type}");
        Pieces.Add((piece, type));
    }

    private void ReadTraining(ReadOnlySpan<byte> content)
    {
        ulong kind = Unigram;
        var fields = new ProtocolBuffer(content);
        while (fields.Next())
        {
            if (fields.Field == 3)
                kind = fields.Number;
            else if (fields.Field == 24 && fields.Number != 0)
                throw new InvalidDataException("the SentencePiece model has spaces as suffixes (treat_whitespace_as_suffix)");
            else if (fields.Field == 35)
                ByteFallback = fields.Number != 0;
        }
        if (kind is not (Unigram or BytePairs))
            throw new InvalidDataException("the SentencePiece model is of words or characters; allowed: unigram and BPE");
    }

    private void ReadNormalization(ReadOnlySpan<byte> content)
    {
        var fields = new ProtocolBuffer(content);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 2: CharacterMap = fields.Bytes.ToArray(); break;
                case 3: AddDummyPrefix = fields.Number != 0; break;
                case 4: RemoveExtraWhitespaces = fields.Number != 0; break;
                case 5: EscapeWhitespaces = fields.Number != 0; break;
            }
        }
    }

    /// <summary>The fields of a message, one after another.</summary>
    private ref struct ProtocolBuffer(ReadOnlySpan<byte> content)
    {
        private ReadOnlySpan<byte> _rest = content;

        public int Field { get; private set; }

        /// <summary>Value of a numeric field.</summary>
        public ulong Number { get; private set; }

        /// <summary>Value of a field of text, bytes or another message.</summary>
        public ReadOnlySpan<byte> Bytes { get; private set; }

        public bool Next()
        {
            if (_rest.IsEmpty)
                return false;
            ulong tag = Variable();
            Field = (int)(tag >> 3);
            Number = 0;
            Bytes = default;
            switch (tag & 7)
            {
                case 0: Number = Variable(); break;
                case 1: Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8)); break;
                case 2: Bytes = Take(Variable()); break;
                case 5: Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4)); break;
                default: throw Damaged();
            }
            return Field > 0 ? true : throw Damaged();
        }

        private ulong Variable()
        {
            ulong value = 0;
            for (int shift = 0; shift < 64; shift += 7)
            {
                byte next = Take(1)[0];
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                    return value;
            }
            throw Damaged();
        }

        private ReadOnlySpan<byte> Take(ulong count)
        {
            if (count > (ulong)_rest.Length)
                throw Damaged();
            var taken = _rest[..(int)count];
            _rest = _rest[(int)count..];
            return taken;
        }

        private static InvalidDataException Damaged() => new("it is neither JSON nor a SentencePiece model");
    }
}

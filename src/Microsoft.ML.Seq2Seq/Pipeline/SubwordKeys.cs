using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>
/// Token ids as the keys of a column. ML.NET's keys begin at 1, and 0 is a missing value. Key 1 is
/// <see cref="SpecialTokens.Unknown"/> and the rest of the vocabulary follows, so that key = id - 2: padding, begin and
/// end, which no text has, take no place in what later stages count or index.
/// </summary>
/// <remarks>The column has <c>KeyValues</c>, and beside them the vocabulary itself as JSON: whatever keeps a column's
/// annotations keeps the way back to text.</remarks>
internal sealed class SubwordKeys(SubwordTokenizer tokenizer)
{
    private const string KeyValuesKind = "KeyValues", TokenizerKind = "SubwordTokenizer";
    private const int FirstId = SpecialTokens.Unknown;

    private readonly Lazy<ReadOnlyMemory<char>[]> _texts = new(() =>
        [.. Enumerable.Range(FirstId, tokenizer.VocabularySize - FirstId).Select(id => tokenizer.Token(id).AsMemory())]);

    private readonly Lazy<string> _json = new(() =>
    {
        using var stream = new MemoryStream();
        tokenizer.Save(stream);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    });

    public SubwordTokenizer Tokenizer => tokenizer;

    private int Count => tokenizer.VocabularySize - FirstId;

    /// <summary>What a column of such keys is called in complaints about others.</summary>
    public static string Expected => "Vector<Key<UInt32>> made by LearnSubwords";

    /// <summary>A column of such keys before the vocabulary is known.</summary>
    public static SchemaShape.Column Shape(string name) => SchemaColumns.Create(
        name, NumberDataViewType.UInt32, SchemaShape.Column.VectorKind.VariableVector, isKey: true, new SchemaShape(
        [
            SchemaColumns.Create(KeyValuesKind, TextDataViewType.Instance, SchemaShape.Column.VectorKind.Vector),
            SchemaColumns.Create(TokenizerKind, TextDataViewType.Instance),
        ]));

    /// <summary>Whether a column will hold such keys.</summary>
    public static bool Has(SchemaShape.Column column) =>
        column.IsKey && column.Kind != SchemaShape.Column.VectorKind.Scalar && column.ItemType == NumberDataViewType.UInt32
        && column.Annotations.Any(annotation => annotation.Name == TokenizerKind);

    /// <summary>The keys that a column holds; null where it holds something else.</summary>
    /// <exception cref="InvalidDataException">The column's vocabulary is damaged, or isn't that of its keys.</exception>
    public static SubwordKeys? Of(DataViewSchema.Column column)
    {
        if (!Has(column))
            return null;
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(JsonOf(column)));
        var keys = new SubwordKeys(SubwordTokenizer.Load(stream));
        return CountOf(column) == (ulong)keys.Count
            ? keys
            : throw new InvalidDataException($"Column '{column.Name}' has {CountOf(column)} keys, and its vocabulary {keys.Count}.");
    }

    /// <summary>Whether a column holds such keys.</summary>
    public static bool Has(DataViewSchema.Column column) =>
        column.Type is VectorDataViewType { ItemType: KeyDataViewType { RawType: var raw } } && raw == typeof(uint)
        && column.Annotations.Schema.GetColumnOrNull(TokenizerKind) is { Type: TextDataViewType };

    /// <exception cref="ArgumentOutOfRangeException">There will be no such column, or it will hold something else.</exception>
    public static void Check(IExceptionContext context, SchemaShape schema, string parameter, string role, string name)
    {
        var column = SchemaColumns.Find(context, schema, parameter, role, name);
        if (!Has(column))
            throw SchemaColumns.WrongType(context, parameter, role, name, Expected, SchemaColumns.Describe(column));
    }

    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it holds something else.</exception>
    public static DataViewSchema.Column Find(IExceptionContext context, DataViewSchema schema, string role, string name)
    {
        var column = SchemaColumns.Find(context, schema, nameof(schema), role, name);
        return Has(column) ? column : throw SchemaColumns.WrongType(context, nameof(schema), role, name, Expected, $"{column.Type}");
    }

    /// <summary>Whether ids mean the same.</summary>
    public bool IsSameVocabulary(SubwordKeys other) => _json.Value == other._json.Value;

    /// <summary>Whether a column holds keys that mean the same. Cheaper than to read its vocabulary.</summary>
    public bool IsVocabularyOf(DataViewSchema.Column column) =>
        Has(column) && CountOf(column) == (ulong)Count && JsonOf(column) == _json.Value;

    /// <summary>A column of keys.</summary>
    public AddedColumn<TResult> Column<TResult>(string name, Func<TResult, int[]> ids)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(KeyValuesKind, new VectorDataViewType(TextDataViewType.Instance, Count), (ref VBuffer<ReadOnlyMemory<char>> texts) =>
        {
            var editor = VBufferEditor.Create(ref texts, Count);
            _texts.Value.CopyTo(editor.Values);
            texts = editor.Commit();
        });
        builder.Add(TokenizerKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> json) => json = _json.Value.AsMemory());
        var type = new VectorDataViewType(new KeyDataViewType(typeof(uint), Count));
        return new AddedColumn<TResult, VBuffer<uint>>(name, type, (TResult result, ref VBuffer<uint> keys) =>
        {
            int[] row = ids(result);
            var editor = VBufferEditor.Create(ref keys, row.Length);
            for (int i = 0; i < row.Length; i++)
                editor.Values[i] = row[i] < FirstId ? 0 : (uint)(row[i] - FirstId + 1);
            keys = editor.Commit();
        }, builder.ToAnnotations());
    }

    /// <summary>Reads a row's keys as ids; missing ones are left out.</summary>
    public static Func<int[]> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        var get = row.GetGetter<VBuffer<uint>>(column);
        VBuffer<uint> keys = default;
        return () =>
        {
            get(ref keys);
            var ids = new List<int>(keys.Length);
            foreach (uint key in keys.GetValues()) // of a sparse vector, those that are not missing
            {
                if (key != 0)
                    ids.Add(checked((int)key) + FirstId - 1);
            }
            return [.. ids];
        };
    }

    private static ulong CountOf(DataViewSchema.Column column) => ((KeyDataViewType)((VectorDataViewType)column.Type).ItemType).Count;

    private static string JsonOf(DataViewSchema.Column column)
    {
        ReadOnlyMemory<char> json = default;
        column.Annotations.GetValue(TokenizerKind, ref json);
        return json.ToString();
    }
}

using System.IO.Compression;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>Small SentencePiece models, trained on eight sentences of our own by SentencePiece 0.1.97, and what its own encoder
/// makes of texts: pieces, with &lt;unk&gt; for what is unknown.</summary>
internal static class SentencePieceModels
{
    /// <summary>BPE with byte fallback that changes nothing in a text.</summary>
    public static byte[] BytePairs => Inflate(
        "eNpd0j+IHGUYx/HL3uU8Xy/nERQOsbjCwkJwZ9533nkHFnX+ElAhoIKFhWdu4y3GS0j2JIpFFJEgFlaSzhQWlpYWAXc3jVhZWgYrS0tL3+eZHQPfrX7PM+88" +
        "7zufd82eOT85O/3olWc34u9gZHbN5uTWuto0F8zW5OXH5dNmezK+PR6vG9tDI2EjZcOy4djI2PBs5GwENgo2SjYqNmo2GjZaNjo0Enok9EjokdAjoUdCj4Qe" +
        "CT0SeiT0SOiR0COhR0KPhB4JPVJ6pPRI6ZHSI6VHSo+UHik9Unqk9EjpkdIjpUdKj5QeKT0sPSw9LD0sPSw9LD0sPSw9LD0sPSw9LD0sPSw9LD0sPRw9HD0c" +
        "PRw9HD0cPRw9HD0cPRw9HD0cPRw9HD0cPRw9Mnpk9MjokdEjo0dGj4weGT0yemT0yOiR0SOjR0aPjB4ZPTw9PD08PTw9PD08PTw9PD08PTw9PD08PTw9PD08" +
        "PTw9cnrk9MjpkdMjp0dOj5weOT1yeuT0yOmR0yOnR06PnB45PQI9Aj0CPQI9Aj0CPQI9Aj0CPQI9Aj0CPQI9Aj0CPQI9CnoU9CjoUdCjoEdBj4IeBT0KehT0" +
        "KOhR0KOgR0GPgh4FPUp6lPQo6VHSo6RHSY+SHiU9SnqU9CjpUdKjpEdJj5IeJT0qelT0qOhR0aOiR0WPih4VPSp6VPSo6FHRo6JHRY+KHhU9anrU9KjpUdOj" +
        "pkdNj5oeNT1qetT0qOlR06OmR02Pmh41PRp6NPRo6NHQo6FHQ4+GHg09Gno09Gjo0dCjoUdDj4YeDT1aerT0aOnR0qOlR0uPlh4tPVp6tPRo6dHSo6VHS4+W" +
        "Hi09Onp09Ojo0dGjo0dHj44eHT06enT06OjR0aOjR0ePjh7dY48nzehoLsUdiSfTGO/8ap4yW399/4X2F+aC2ZZCn722WD87loULeedU4v2hfxSLxVDcisUj" +
        "XTS9KbOW6/6VWOwv14Ov6P6HS1k2l2XjYdl12XBpjNk8000u65rpaYzva5zJkW5ovP6hHEjj2dUY7w5DLsXiu6GQ8feWZtecl/Ey6P5wjCPd4qehPNbZP/9f" +
        "6vxflmbPPCFD+wMt9HBHD3+I+bf+cPLWH32cxfhnf075wkf94WTTv/W9hw8+iPmf4WxvxuLfoXhLuFbr4lostlbyynQqk3b6PJNRu6v1Cftp+yv5uPnN/kzP" +
        "DA+P1f9gKPtXn9cxsRT+ldkx5+TwL2iSbV7UJBf6kiZ5Z6xJvt1pkrFB00lME01ncm2a5P4bTWJxSZNc6hua5F9wWZPc0dua5Ore1STe72n6TO5bUxrTsSbB" +
        "OtEkUtc0yfff0CRg85VwK8PtPv4Y4+d9fCB/Fl06julLTTamrzT5mL7W9Lr8kzR9HNM3mj6J6dvVxf2D0eHvo3finFfvjjbujc49t2d2ZsfT0/ls/unFjcON" +
        "/wAIdr6u");

    public static (string Text, string Pieces)[] BytePairsExpected =>
    [
        ("the cat sat on the mat", "▁the ▁cat ▁s at ▁on ▁the ▁ m at"),
        ("der Hund läuft über die Straßen", "▁der ▁Hund ▁l ä uf t ▁üb er ▁die ▁S traß en"),
        ("a", "▁a"),
        (" a", "▁ ▁a"),
        ("a ", "▁a ▁"),
        ("  two  spaces ", "▁ ▁ ▁t <0x77> o ▁ ▁s <0x70> a c e s ▁"),
        ("a \tb", "▁a ▁ <0x09> b"),
        ("Ａ ﬁ", "▁ <0xEF> <0xBC> <0xA1> ▁ <0xEF> <0xAC> <0x81>"),
        ("日本 ☃", "▁ <0xE6> <0x97> <0xA5> <0xE6> <0x9C> <0xAC> ▁ <0xE2> <0x98> <0x83>"),
        ("2026 x 3", "▁ 2 0 2 6 ▁ <0x78> ▁ 3"),
        ("xyz", "▁ <0x78> <0x79> z"),
        ("🙂!", "▁ <0xF0> <0x9F> <0x99> <0x82> <0x21>"),
        (" ", "▁ ▁"),
    ];

    /// <summary>BPE that maps Ａ to A, ﬁ to fi, tab and U+3000 to a space, removes extra spaces, and has the user-defined symbol &lt;sep&gt; and a padding token.</summary>
    public static byte[] NormalizedBytePairs => Inflate(
        "eNpV1Al0E1UUxvHXaarpWKDUhYJVK4KiItSCWDVCQYTKolVAUREamimNlLQ2SUFESV2rKIILIi5URURFxR21QJK64I573SvgEY8bKiri+r93MnLMOb+T7868" +
        "edssdlc7JxCPzBy6r+FXaNl5dnYgmqmy7S62LzBwdymNG4Kh/9VRpyFT++xc2wrGpEhIrHWIiQ32XrZv85JmPZ6kxz2k0HPlycy5kDRMyjURia3e8SBF0iui" +
        "FJ3ayGmUvlKZ49UU+alMx9U6fnFKmsWkWYnXrF4GTNm2nR3XQSq1jRMhVmkMy5QaNNbPkAlpjNcQW7xOKigWeYV0vzTFjuVI99JRqzeNoA6xyitD2vea/0rt" +
        "f22K/dtTOnUnlNTJBduXkze6k5OrNrkxTOxw5ykr7HQnJ4Nu0+va26aTt3tzG0+x0ysmyHalM0UdhS8tl1CQ/Wnbb2fJSHmapPd8TbL7+2iSYQo1yUSLNMnq" +
        "izXVkvpoipP6aZKb1V+TTLxEk9yBwZrklpVpkg0NaJJ9LtckmzNS01xShaZS0jhNsrJKTbKsiZpk6ZM1yeqmpGVvdB+r3LiCGHJjG7FWm5aQ6jQNkhuvaQgp" +
        "pmksaY6mWaR5mprkqUgX9Ci0ikdNmr1+/rBdWe7z32KZDiu710q/nRePOo3TQk5NOOKEChb4jY+tLzYmt4u8IiaRKLJMoqcxq/2Wac4xcjqRy4m7OG/Je0OW" +
        "pnnohq7ojnzsjQLI3WzbYZke/O+HnvLyYX/0wgEowkE4EAe7UzCHoDf6og8Ow6E4HP1wJI7AUeiPgRiAo1GCQSjFMRiMYzEEx6EMJ+B4nIgAhmEohqMcJ2EE" +
        "TsZIjMYonIIKjMUYjMc4nIZTcToqMQFnYBIm4iycibMxGefiHJyHKZiGqQiiCtWYDgchzEANwqjFTJyPWahDPSK4AA2IohFxxDAbTbgQc3AR5uJizMN8XIJm" +
        "ufG4DJfiClyOq3AlrkYLFuAaXIdrcT0WYjEW4UbcgJtxE27BEtyKpbgNy3AHbsdy3CnPFlpxD+7GvViB+7AS92MVHsQDeAir8QgexqNYg8fxGJ7EE3gaT+EZ" +
        "rMVzeBbr5PnEBqyXD7V8+NEuXyG8gOfxEl7Ey9iIV/EKXsdreBNv4C1swjt4G+/hXXyA9/EhOvAxPsKn+ASf4zN8gU5swWZ8ia34Cj+UZZmv+d+Gb6RNa5b5" +
        "jv9v5Ry+x4/Yjp/xE37BDvyGX/E7duIP7MJf+BP/4G9994abmrAp9TfG65wBsWjTv9uzSbU=");

    public static (string Text, string Pieces)[] NormalizedBytePairsExpected =>
    [
        ("the cat sat on the mat", "▁the ▁cat ▁s at ▁on ▁the ▁ m at"),
        ("der Hund läuft über die Straßen", "▁d er ▁Hund ▁l ä uf t ▁ üb er ▁die ▁S tr aß en"),
        ("a", "▁a"),
        ("  two  spaces ", "▁t <unk> o ▁s <unk> a c e s"),
        ("a \tb", "▁a ▁ b"),
        (" Ａ ﬁ", "▁ <unk> ▁ f i"),
        ("日本 ☃", "▁ <unk> ▁ <unk>"),
        ("2026 x 3", "▁ 2 0 2 6 ▁ <unk> ▁ 3"),
        ("the\u3000 cat", "▁the ▁cat"),
        ("xyz▁q", "▁ <unk> z ▁ <unk>"),
        ("the <sep> cat", "▁the ▁ <sep> ▁cat"),
        ("the<sep>cat<sep>", "▁the <sep> c at <sep>"),
        ("a\t<sep>  b", "▁a ▁ <sep> ▁ b"),
        (" ", ""),
    ];

    /// <summary>Unigram with the same map.</summary>
    public static byte[] Unigram => Inflate(
        "eNpN0wlUFVUcx/HLAwpuiILnX2KmtmplLkjmQigtRr1ow63A5cmbh0/hYW8hIynQSFQyW7TMBTIkKsy0UkqzZ7RjmytqixmVnXajLMrqOzOAzTmfM7//vXfu" +
        "3HPnjo7X0akh36w0UVw9HDpOR6YG2qtI3UVHpQ46WcboCEPmZKuw1jryyPIykZXRYbM1KAlD+llphrS2pFjJLwXNY63kk3VfTwgz2Sk8k+sKStOa7LA+TUdR" +
        "umRRXU5Yx2oH7eMmTelod0ufumkdRaGU5My0pvJKecPcjqnchXmyylkS1vH6VMqMkM8t3vEl1mzEMZtKrGcCoo8v6JjKL1srF1ojQj6p6FppjUiWEQPsNN1O" +
        "dDfWnIzb7GjPkPn/Il9GmYW9HsPrk6YUym46ljIQ9BtGUCqctCRoTUtW0O9qrDLkhLPzmYA3KIcnV1o76gp5ZP3sJR1zBySpaam1gGJDMuYtsxZYLG0NK+z1" +
        "e2Rt72qr0SmpxTVWGixp7WloZxrWmQo6U5GdeKm5aTu21NifwCdHnbVWNHxyrH6DNdYl3o3b7Y2okvLdu6zGfJm4x05Z0n+vnTKlrT3lyc59dvLI6v12ypDC" +
        "ZjvlSvoBOxVK94N2CklLe3LL5kO7rNe5DSsmxvWI6DtyvFKloyscqmdtjI4LBQz/VLfh8foMd+LiGBXF+eyrVGwX86Cq0tJeDlWapFR9jEOVRSuzuzSWjifo" +
        "d5A12Rwah66IRwK6oTsSYZ75ba0OdQb305Fk/gI4Ez1xFnqhD3rjbHsJ6lycg/NxHvrhAlyI/rgYF+ESDMAgDMQQDMZQJONSpOAyDMMIDMcojMTlSMVopCEd" +
        "Y3AlrsDVuArXYCyuRQacuA6ZuB434gbcjJuQhVvAfqtxmIgJuBWTkI3bMBk5mIopcGEacjEdBtzIgwdezMAszEQB8lEIH27HbATgRwhB3IEi3Ik5uAvFKMFc" +
        "3IO7UWZ+eMzHPJTjXizAfViICizGItyPSjyAJXgQS/EwHsIyPIJHsRwr8BhW4nGsxipUYY15tlCNJ7EW61CDp1CLp1GHZ/EM1qMeG/AcNuJ5vIBNeAkvYgs2" +
        "42U0YCtewavm+cRr2I4dCKMRr+NNvIG38RbexTtownt4HzvxIT7Ax/gIu7ELe7EH+7EPB9CMQziIT/EJPsdn+AKH8SWO4Cu04Bv8NDxCfcv9KL4zx1RHqB+4" +
        "f2/24Uf8gp/xK47hN7TiOH7Hn/gDf6ENJ/A3/sU/1r+XrjxelRzjD+UbA4OBov8AHktpUg==");

    public static (string Text, string Pieces)[] UnigramExpected =>
    [
        ("the cat sat on the mat", "▁ t h e ▁cat ▁s at ▁o n ▁ t h e ▁ m at"),
        ("der Hund läuft über die Straßen", "▁d e r ▁Hund ▁l ä uf t ▁ ü b e r ▁d i e ▁Straße n"),
        ("a", "▁a"),
        ("  two  spaces ", "▁ t <unk> o ▁s <unk> a c e s"),
        ("a \tb", "▁a ▁ b"),
        (" Ａ ﬁ", "▁ <unk> ▁ f i"),
        ("日本 ☃", "▁ <unk> ▁ <unk>"),
        ("2026 x 3", "▁ 2 0 2 6 ▁ <unk> ▁ 3"),
        ("the\u3000 cat", "▁ t h e ▁cat"),
        ("xyz▁q", "▁ <unk> z ▁ <unk>"),
        (" ", ""),
    ];

    /// <summary>The same with byte fallback.</summary>
    public static byte[] UnigramWithBytes => Inflate(
        "eNpd0wmYTXUcxvEzd8aYORkxPf+KNqU9ac5+Tk04a0raJMnWZO4wjKvmzgiZGm2ESMrSRoUk0oIkZaRSQqVSoUKLepSltK/vPXcmPa/n+T739/+dc89zfRxy" +
        "S7lZaW1qaCch4c/RCbmFnFuabjzlykVyXuk5h46Hy/mlJSNLShoX+U0LhRcqLzRe6LwweGHywuKFzQuHFy4vPF74vAh4EfIiooXCHgp7KOyhsIfCHgp7KOyh" +
        "sIfCHgp7KOyhsIfCHgp7KOyhsIfKHip7qOyhsofKHip7qOyhsofKHip7qOyhsofKHip7qOyhsofGHhp7aOyhsYfGHhp7aOyhsYfGHhp7aOyhsYfGHhp7aOyh" +
        "sYfOHjp76Oyhs4fOHjp76Oyhs4fOHjp76Oyhs4fOHjp76Oyhs4fBHgZ7GOxhsIfBHgZ7GOxhsIfBHgZ7GOxhsIfBHgZ7GOxhsIfJHiZ7mOxhsofJHiZ7mOxh" +
        "sofJHiZ7mOxhsofJHiZ7mOxhsofFHhZ7WOxhsYfFHhZ7WOxhsYfFHhZ7WOxhsYfFHhZ7WOxhsYfNHjZ72Oxhs4fNHjZ72Oxhs4fNHjZ72Oxhs4fNHjZ72Oxh" +
        "s4fDHg57OOzhsIfDHg57OOzhsIfDHg57OOzhsIfDHg57OOzhsIfLHi57uOzhsofLHi57uOzhsofLHi57uOzhsofLHi57uOzhsofHHh57eOzhsYfHHh57eOzh" +
        "sYfHHh57eOzhsYfHHh57eOzhsYfPHj57+Ozhs4fPHj57+Ozhs4fPHj57+Ozhs4fPHj57+Ozhs0fAHgF7BOwRsEfAHgF7BOwRsEfAHgF7BOwRsEfAHgF7BOwR" +
        "sEfIHiF7hOwRskfIHiF7hOwRskfIHiF7hOwRskfIHiF7hOwRskfEHhF7ROwRsUfEHhF7ROwRsUfEHhF7ROwRsUfEHhF7ROwRHfKQ5dxd08eK5i33rJYL5Jyk" +
        "KF4mNWSmGlHQ+7R4Giw2FxnxVC36rgzjKSW2NuvVIBfJ+fj2wLIaMW9Hnwb5MDkPxzIxYWO/BrlQTmD/4O39m/blYsqBsqbDcLHm0SHxoyrFou1jmh5VPnyQ" +
        "eOPOuga5pdwcx661qXKRP60ufhrGor118XfSYp47rulR1aLttonxHbUpsaL9pPgOVSzokp2uy064vHbuoXFVdsw+ofv/D1ViYeaQ/T3JypS4sBuOreRCHNM1" +
        "1clkjSgejE1rWcamR0112drZSbFg8H/fSVfWiK/TOMK2rLZCdDt1ctOz0+LifVPjHzA6KXbPuj/+gaPFtE2zsr+/QnTYOidelojFk+fGj8gQLN8wNwuaEmuv" +
        "nB+PyZT4Zt2S+N4yMWP3ynhZnhTT96/P/g1ni7zc3DWZ61ViWOPUQ2xpnLqLznnZaZBY0DhViNbNslNXMapxGih2NU7DRbf87FQuljZOtfFU3OronHbLEj27" +
        "7hzdeXxCmpnIaTu/QG5Rm05WDyhPVlSmkuXFEwukPLxx7SSpsCjz6kn19ccmpPo2krSoICGNbSZlLtcX4sKjuJ7ALGPO3NoCHY5aotaoFToCFaPMW7zqYEI6" +
        "Cp9HojaZlxodg9qi49Cx6AR0PDox+xOk9ugkdAo6GZ2GTkVnoNPRWehMdDbqgM5BHZGCSpCGVGQgHVnIRA6y0XnoXHQ+KkWdUSfkoi7IRx4KUYAuQBG6EHVF" +
        "3dBFqDu6GF2KLkGXo8tQD3QF6omuRL3QVag3uhr1QdegfqgvGoD6ozJ0LRqIrkNJVI4GoQpUiQajoWgIGoaq0HCUQjeg61EaVaNaVINuRCPQKDQS3YRGozo0" +
        "Bt2CbkZjM//w6DZ0K7oD3Y7GoTvRXWg8mogmoLvRJDQFTUZT0T1oGroX3Y/uQzPQdDQLzUQPogfQw+ghNBs9knm30Bz0OHoMzUNz0RNoPnoSLUBPoYVoMVqE" +
        "lqCn0bPoGfQ8eg4tQ0vRC2g5ehGtQC+hlejlzPuJVqNX0BrUgNaiV9Hr6DW0Dr2B3kJvorfRerQRbUDvoE3oPfQueh9tRh+iD9BHaAv6BH2MtqGt6FO0HX2O" +
        "PkM70Q70BdqFvkJfot1on50jfYvPb9CezD1zcqTv8fld5hraiw6g/ehH9AP6CR1Ev6Cf0W/oV/QH+h39hf5E/6C/4/97rlRRKakF1bVVyY416RH/AurfQr4=");

    public static (string Text, string Pieces)[] UnigramWithBytesExpected =>
    [
        ("the cat sat on the mat", "▁ t h e ▁cat ▁s at ▁o n ▁ t h e ▁ <0x6D> at"),
        ("der Hund läuft über die Straßen", "▁d e r ▁Hund ▁l ä uf t ▁ ü b e r ▁d i e ▁Straße n"),
        ("a", "▁a"),
        ("  two  spaces ", "▁ t <0x77> o ▁s <0x70> a c e s"),
        ("a \tb", "▁a ▁ b"),
        (" Ａ ﬁ", "▁ <0x41> ▁ f i"),
        ("日本 ☃", "▁ <0xE6> <0x97> <0xA5> <0xE6> <0x9C> <0xAC> ▁ <0xE2> <0x98> <0x83>"),
        ("2026 x 3", "▁ 2 0 2 <0x36> ▁ <0x78> ▁ <0x33>"),
        ("the\u3000 cat", "▁ t h e ▁cat"),
        ("xyz▁q", "▁ <0x78> <0x79> z ▁ <0x71>"),
        (" ", ""),
    ];

    public static (byte[] Model, (string Text, string Pieces)[] Expected) Of(string name) => name switch
    {
        nameof(BytePairs) => (BytePairs, BytePairsExpected),
        nameof(NormalizedBytePairs) => (NormalizedBytePairs, NormalizedBytePairsExpected),
        nameof(Unigram) => (Unigram, UnigramExpected),
        _ => (UnigramWithBytes, UnigramWithBytesExpected),
    };

    private static byte[] Inflate(string text)
    {
        using var stream = new ZLibStream(new MemoryStream(Convert.FromBase64String(text)), CompressionMode.Decompress);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}

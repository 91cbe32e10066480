"""The text small vocabularies are trained on, and the hard text they are tried with."""

CORPUS = """
A red circle is visible. There a big blue square can be seen, here some green triangle appears.
Some yellow cross with green colour is in the picture; a triangle painted red belongs to a friend.
It's expensive, isn't it? They've said we're late, I'm sure he'll come and she'd know.
How to make the best homemade berry cake: flour, sweet red berries, a hot oven and 45 minutes.
Quick lemon soup for lunch or dinner! A bowl of broth, fresh and sour, costs 12.50 dollars.
Easy cheese pasta, cream and yellow noodles boil for 8 minutes. Top ten photo recipes of 2019.
A young man and a woman meet in the city when years later their secret must be told.
An old friend must find his life in the village after the war; a thriller about crime and music.
The quick brown fox jumps over the lazy dog, again and again, unbelievable unaffable tokenization.
Mixture of prompt experts: the router weighs the experts, the prompts condition the encoder.
She showed me the picture. The painting was shown here yesterday, and will be sold tomorrow.
The café serves crème brûlée, a naïve piñata and über-fresh jalapeños to Zoë and François.
Straße und Größe, schöne Grüße aus München. Привет мир, это тест. Ελλάδα και Σίσυφος.
日本語の文字 中文字符 東京 北京 大学 한국어 사과 나무 שלום עולם مرحبا بالعالم 😀 👍 🎉 🍰
def f(x): return x[0] + 3*y - (a/b) % 2 == {1: "one", 2: 'two'} # & | ^ ~ @ $ \\ < > _ `
"""

TEXTS = {
    "empty": "",
    "one space": " ",
    "plain sentence": "A red circle is visible.",
    "title of a dish": "homemade berry cake photo best lunch recipe",
    "contractions": "It's what they've said: I'm sure he'll, she'd, we're, isn't, IT'S, o'clock, 's 't",
    "curly apostrophe": "it\u2019s the cook\u2019s \u201cbest\u201d recipe \u2014 really\u2026",
    "numbers": "12.50 dollars, 45 minutes, 3rd of 2019, 1,000,000 and \u00bd \u00b2 \u2167 \u0664\u0665",
    "punctuation runs": "Wait... what?!?! (yes) [no] {maybe} --- *** #hash @you $5 50% a_b_c ~/x\\y ^^ ``",
    "joined words": "unaffable unbelievableness retokenizations supercalifragilistic",
    "unknown letters": "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u10e5\u10d0\u10e0\u10d7\u10e3\u10da\u10d8 ok \u1c80",
    "word of 100 letters": "a" * 100,
    "word of 101 letters": "a" * 101,
    "very long word": "tokenization" * 30,
    "long word of accents": "\u00e9" * 101,
    "accents composed": "Caf\u00e9 cr\u00e8me br\u00fbl\u00e9e na\u00efve Zo\u00eb Fran\u00e7ois \u00dcber pi\u00f1ata",
    "accents decomposed": "Cafe\u0301 cre\u0300me bru\u0302le\u0301e nai\u0308ve Zoe\u0308 Franc\u0327ois",
    "stacked combining marks": "Z\u0351\u036b\u0343\u036aa\u0302\u0303l\u0336\u031bg\u0353o\u031a a\u0308\u0323",
    "lone combining mark": "\u0301a \u0301 \u20dd",
    "letters that do not decompose": "\u00f8re \u00d8re \u0142\u00f3d\u017a \u0110\u0111 \u00e6on \u0153uvre \u00feorn",
    "turkish i": "\u0130stanbul I\u011fd\u0131r \u0131\u0130iI DI\u015eARI",
    "german sharp s": "Stra\u00dfe STRASSE STRA\u1e9eE Gr\u00f6\u00dfe",
    "greek final sigma": "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3 \u1fb3 \u1fbc",
    "cyrillic": "\u041f\u0440\u0438\u0432\u0435\u0442 \u041c\u0418\u0420 \u0451\u043b\u043a\u0430 \u0439\u043e\u0433",
    "ligatures and widths": "\ufb01ne o\ufb03ce \uff21\uff22\uff23 \uff11\uff12 \u2460 \u33a1 \u01c5",
    "chinese": "\u4e2d\u6587\u5b57\u7b26\u6d4b\u8bd5\u3002\u5317\u4eac\u5927\u5b66",
    "chinese among latin": "abc\u4e2d\u6587def \u6771\u4eac2019\u5e74",
    "japanese": "\u65e5\u672c\u8a9e\u306e\u30c6\u30b9\u30c8 \u304c\u304e \u30d1\u30d4 \uff76\uff9e\u3001\u300c\u6771\u4eac\u300d",
    "rare chinese": "\U00020000\U0002a6d6 \u3400 \uf900 \U0002f800 \u3007",
    "hangul": "\ud55c\uad6d\uc5b4 \uc0ac\uacfc \ub098\ubb34 \uac01",
    "hangul jamo": "\u1112\u1161\u11ab\u1100\u116e\u11a8 \u3131\u314f",
    "hebrew": "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd",
    "arabic": "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627 \u0640 \u061f",
    "right to left marks": "abc \u200f\u05e9\u05dc\u05d5\u05dd\u200e def \u202etest\u202c \u2066x\u2069",
    "devanagari": "\u0928\u092e\u0938\u094d\u0924\u0947 \u0915\u094d\u0937\u093f",
    "emoji": "\U0001f600 good\U0001f44dcake\U0001f370\U0001f389!",
    "emoji sequences": "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f44d\U0001f3fd \u2764\ufe0f \U0001f1e9\U0001f1ea 1\ufe0f\u20e3 \U0001f3f4\U000e0067\U000e0062\U000e007f",
    "mixed whitespace": "  a\t\tred \n\n circle \r\n is   visible\f\v. \t ",
    "unicode whitespace": "a\u00a0red\u2003circle\u3000is\u2028vis\u2029ible\u1680.\u202f\u205fend\u180e\u0085x",
    "trailing spaces": "red circle   ",
    "leading spaces": "   red circle",
    "newline between words": "red\ncircle\n\n\nblue",
    "only whitespace": " \t\n\u00a0 ",
    "null": "red\u0000circle \u0000 a",
    "control characters": "re\u0001d ci\u001fr\u007fcle \u0080\u009f \u001b[31m \u0008",
    "zero width": "re\u200bd ci\u200cr\u200dcle \ufeffblue\u2060 \u00ad soft\u00adhyphen",
    "replacement and private": "a\ufffdb \ue000 \U000f0000 \uffff \U0010ffff",
    "unassigned": "a\u0378b \U000e0fff",
    "mathematics": "x\u00b2 + \u221ay \u2264 \u222b \U0001d4d0\U0001d552 \u00b5m \u2126 \u00d7 \u00f7 \u00ac",
    "symbols and money": "\u20ac5 \u00a33 \u00a52 \u00a9\u00ae\u2122 \u00a7 \u00b6 \u00b0C \u2192 \u2605 \u00bf\u00a1",
    "combined word break": "red-circle/blue_square.green,yellow;cross:ring",
    "quotes and brackets": "\u00abred\u00bb \u300ablue\u300b \u3010x\u3011 \u2018y\u2019 \uff08z\uff09\uff0c\uff01",
    "capitals": "A RED CIRCLE Is ViSiBlE",
    "code": "def f(x):\n    return x[0] + 3*y  # done\n\tend",
    "long text": "a red circle is visible, there some green triangle appears again " * 3,
}

# Special tokens written out in the text, for each kind of vocabulary.
SPECIAL = {
    "bert": {"mask": "a red [MASK] is visible.", "all": "[CLS] a [SEP][PAD] b [UNK]", "lower case": "a [mask] [Mask]",
             "joined": "x[MASK]y [MASK]"},
    "gpt2": {"end": "a red circle<|endoftext|>is visible <|endoftext|> here", "broken": "<|endoftex|> <|endoftext |>"},
    "roberta": {"mask": "a red <mask> is visible.", "joined": "x<mask>y  <mask>  z", "all": "<s> a </s></s> b <pad><unk>"},
}

PAIRS = {
    "pair": ("A red circle.", "It is visible here!"),
    "pair with an empty second": ("A red circle.", ""),
    "pair with an empty first": ("", "It is visible."),
    "pair of accents": ("Caf\u00e9 \u4e2d\u6587", "\u0130stanbul \U0001f600"),
}

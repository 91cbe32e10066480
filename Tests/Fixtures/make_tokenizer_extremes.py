"""What the tokenizers library makes of every Unicode scalar, and of random text.

    make_tokenizer_extremes.py           writes tokenizers/{scalar-classes.txt,random.json}

Needs tokenizers/{bert,gpt2,roberta}. Made with tokenizers 0.23.3 and transformers 5.23.0.
"""
import json
import random
from pathlib import Path

from tokenizers import normalizers, pre_tokenizers
from transformers import BertTokenizer, GPT2Tokenizer, RobertaTokenizer

FOLDER = Path(__file__).parent / "tokenizers"
OFF = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
CLEAN = normalizers.BertNormalizer(**OFF | {"clean_text": True})
CHINESE = normalizers.BertNormalizer(**OFF | {"handle_chinese_chars": True})
STRIP = normalizers.BertNormalizer(**OFF | {"strip_accents": True})
BERT_WORDS = pre_tokenizers.BertPreTokenizer()
BYTE_WORDS = pre_tokenizers.ByteLevel(add_prefix_space=False)


def classes(scalar: str) -> str:
    """The bits of Swift's ScalarClasses as letters: L N S for GPT-2; W P U A C for BERT."""
    joins = {letter for letter, before in (("L", "a"), ("N", "1"), ("other", "!"))
             if len(BYTE_WORDS.pre_tokenize_str(before + scalar)) == 1}
    found = "".join(sorted(joins & {"L", "N"})) if joins else "S"
    words = [span for _, span in BERT_WORDS.pre_tokenize_str("a" + scalar + "b")]
    found += "W" if words == [(0, 1), (2, 3)] else "P" if len(words) == 3 else ""
    found += "U" if CLEAN.normalize_str(scalar) == "" else ""
    found += "A" if STRIP.normalize_str(scalar) == "" else ""
    found += "C" if CHINESE.normalize_str(scalar) != scalar else ""
    return found or "-"


def scalar_classes() -> str:
    """A line for the first scalar of each run of equal classes."""
    lines, last = [], None
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        found = classes(chr(code))
        if found != last:
            lines.append(f"{code:X} {found}")
        last = found
    return "\n".join(lines) + "\n"


def random_text(source: random.Random) -> str:
    """Words, marks, spaces and letters of all alphabets, in no order."""
    parts = ["the", "red", "circle", "'s", "'ll", "'LL", "12", " ", " ", " ", "  ", "\n", "\t", "\u00a0", "\u3000",
             "e\u0301", "\u00e9", "\u0130", "\u1e9e", "\u4e2d", "\ud55c", "\u30ac", "!", "?!", "-", "\u2019", "_",
             "[SEP]", "<mask>", "</s>", "<|endoftext|>", "\u200b", "\ufeff", "\u00ad", "\u0000", "\ufffd"]
    ranges = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x52F), (0x590, 0xDFF), (0x1E00, 0x206F), (0x2E80, 0x30FF),
              (0xA000, 0xABFF), (0xAC00, 0xD7A3), (0xF900, 0xFFFF), (0x10000, 0x1FFFF), (0x2F800, 0x2FA1F)]
    text = ""
    for _ in range(source.randrange(1, 30)):
        if source.random() < 0.7:
            text += source.choice(parts)
        else:
            low, high = source.choice(ranges)
            text += "".join(chr(source.randrange(low, high)) for _ in range(source.randrange(1, 4)))
    return text


def random_cases(count: int) -> str:
    folder = {name: str(FOLDER / name) for name in ("bert", "gpt2", "roberta")}
    vocabulary = {name: json.loads(Path(path, "tokenizer.json").read_text(encoding="utf-8"))["model"]
                  for name, path in folder.items()}
    tokenizers = {
        "bert": BertTokenizer(vocab=vocabulary["bert"]["vocab"], do_lower_case=True),
        "bert-cased": BertTokenizer(vocab=vocabulary["bert"]["vocab"], do_lower_case=False),
        "gpt2": GPT2Tokenizer(vocab=vocabulary["gpt2"]["vocab"],
                              merges=[tuple(pair) for pair in vocabulary["gpt2"]["merges"]]),
        "gpt2-prefix-space": GPT2Tokenizer(vocab=vocabulary["gpt2"]["vocab"], add_prefix_space=True,
                                           merges=[tuple(pair) for pair in vocabulary["gpt2"]["merges"]]),
        "roberta": RobertaTokenizer.from_pretrained(folder["roberta"]),
    }
    source = random.Random(1)
    texts = [random_text(source) for _ in range(count)]
    cases = [json.dumps({"text": text, "ids": {name: tokenizer(text)["input_ids"]
                                               for name, tokenizer in tokenizers.items()}}) for text in texts]
    return "[\n" + ",\n".join(cases) + "\n]\n"


if __name__ == "__main__":
    (FOLDER / "random.json").write_text(random_cases(150), encoding="utf-8")
    (FOLDER / "scalar-classes.txt").write_text(scalar_classes(), encoding="utf-8")

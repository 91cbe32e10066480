"""Small WordPiece and byte-level BPE vocabularies, and what transformers makes of hard text with them.

    make_tokenizer_fixtures.py           writes tokenizers/{bert,gpt2,roberta}/

A vocabulary that is already there is kept: WordPiece training breaks ties in an order that changes from run to run.
"""
import json
from pathlib import Path

from fixture import HERE, made_with
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertTokenizer, GPT2Tokenizer, RobertaTokenizer

from tokenizer_text import CORPUS, PAIRS, SPECIAL, TEXTS

PACKAGES = ("transformers", "tokenizers")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def word_pieces(size: int) -> list[str]:
    """A lower-case WordPiece vocabulary, special tokens first as in bert-base-uncased."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(CORPUS.splitlines(), trainer)
    vocabulary = tokenizer.get_vocab()
    return sorted(vocabulary, key=vocabulary.get)


def byte_pairs(size: int) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Byte-level BPE: all 256 bytes, then one token for each merge; no special tokens yet."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(CORPUS.splitlines(keepends=True), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


def encoded(tokenizer, *text: str, **options) -> dict:
    """One case: the text, the options, and everything an encoding holds."""
    encoding = tokenizer(*text, **options)
    ids = encoding["input_ids"]
    case = {"text": text[0]} | ({"pair": text[1]} if len(text) > 1 else {})
    case |= {key: options[key] for key in ("max_length", "padding") if key in options}
    case |= {"tokens": tokenizer.convert_ids_to_tokens(ids), "input_ids": ids,
             "attention_mask": encoding["attention_mask"]}
    if "token_type_ids" in encoding:
        case["token_type_ids"] = encoding["token_type_ids"]
    return case | {"decoded": tokenizer.decode(ids, clean_up_tokenization_spaces=False)}


def cases(tokenizer, kind: str) -> list[dict]:
    found = [{"name": name} | encoded(tokenizer, text) for name, text in TEXTS.items()]
    found += [{"name": f"special tokens in the text: {name}"} | encoded(tokenizer, text)
              for name, text in SPECIAL[kind].items()]
    found += [{"name": name} | encoded(tokenizer, *pair) for name, pair in PAIRS.items()]
    sentence, pair = TEXTS["plain sentence"] + " " + TEXTS["title of a dish"], ("red blue " * 6, "a circle is visible")
    for length in (2, 3, 5, 8):
        found.append({"name": f"cut to {length}"} | encoded(tokenizer, sentence, truncation=True, max_length=length))
    for length in (6, 10, 13):
        found.append({"name": f"pair cut to {length}, longest first"}
                     | encoded(tokenizer, *pair, truncation="longest_first", max_length=length))
    if tokenizer.pad_token is not None:
        found.append({"name": "padded to 16"} | encoded(
            tokenizer, "A red circle.", truncation=True, padding="max_length", max_length=16))
        found.append({"name": "pair padded to 24"} | encoded(
            tokenizer, *PAIRS["pair"], truncation=True, padding="max_length", max_length=24))
    return found


def write_cases(folder: Path, tokenizer, kind: str, class_name: str) -> None:
    lines = [json.dumps(case, ensure_ascii=True) for case in cases(tokenizer, kind)]
    head = json.dumps({"made_with": made_with(*PACKAGES), "tokenizer": class_name})[1:-1]
    write(folder / "cases.json", "{" + head + ', "cases": [\n' + ",\n".join(lines) + "\n]}\n")
    unknown = sum(tokenizer.unk_token_id in case["input_ids"] for case in cases(tokenizer, kind))
    print(f"{folder.relative_to(HERE)}: {len(tokenizer)} tokens, {len(lines)} cases, {unknown} with unknown tokens")


def write_bpe(folder: Path, vocabulary: dict[str, int], merges, tokenizer: Tokenizer) -> None:
    """The three files as Hugging Face has them: vocab.json, merges.txt, tokenizer.json."""
    write(folder / "vocab.json", json.dumps(vocabulary, ensure_ascii=False))
    write(folder / "merges.txt", "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    write(folder / "tokenizer.json", tokenizer.to_str(pretty=False) + "\n")


def bert(folder: Path) -> None:
    if not (folder / "vocab.txt").exists():
        write(folder / "vocab.txt", "".join(f"{token}\n" for token in word_pieces(420)))
    tokenizer = BertTokenizer.from_pretrained(str(folder), do_lower_case=True)
    write(folder / "tokenizer.json", tokenizer.backend_tokenizer.to_str(pretty=False) + "\n")
    write_cases(folder, tokenizer, "bert", "BertTokenizer, do_lower_case")


def gpt2(folder: Path) -> None:
    vocabulary, merges = byte_pairs(480)
    vocabulary = vocabulary | {"<|endoftext|>": len(vocabulary)}
    tokenizer = GPT2Tokenizer(vocab=vocabulary, merges=merges)
    write_bpe(folder, vocabulary, merges, tokenizer.backend_tokenizer)
    write_cases(folder, tokenizer, "gpt2", "GPT2Tokenizer")


def roberta(folder: Path) -> None:
    pieces, merges = byte_pairs(480)
    names = ["<s>", "<pad>", "</s>", "<unk>", *sorted(pieces, key=pieces.get), "<mask>"]
    vocabulary = {name: i for i, name in enumerate(names)}
    tokenizer = RobertaTokenizer(  # <mask> takes the space before it, as in roberta-base
        vocab=vocabulary, merges=merges, mask_token=AddedToken("<mask>", lstrip=True, special=True))
    write_bpe(folder, vocabulary, merges, tokenizer.backend_tokenizer)
    write_cases(folder, tokenizer, "roberta", "RobertaTokenizer")


if __name__ == "__main__":
    for make in (bert, gpt2, roberta):
        make(HERE / "tokenizers" / make.__name__)

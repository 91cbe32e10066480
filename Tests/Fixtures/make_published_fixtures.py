"""Tiny copies of the published datasets, in exactly their layouts, and what Python's own tools make of hard cases.

    make_published_fixtures.py           writes published/

Texts, images and sounds are made up here. Every folder holds what its reader has to cope with: records that the papers skip,
both spellings of a field, all three kinds of masks. `published/reference.json` holds what pycocotools, pickle and NumPy give.
"""
import collections
import json
import math
import os
import pickle
import random
import re
import shutil
import struct
import wave
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask as coco

HERE = Path(__file__).parent
OUT = HERE / "published"
RANDOM = random.Random(6)


def picture(path: Path, size=(24, 18), quality=60) -> None:
    """A small JPEG with a coloured shape on a background."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colours = [tuple(RANDOM.randrange(256) for _ in range(3)) for _ in range(2)]
    image = Image.new("RGB", size, colours[0])
    x, y = RANDOM.randrange(size[0] // 2), RANDOM.randrange(size[1] // 2)
    ImageDraw.Draw(image).ellipse([x, y, x + size[0] // 3, y + size[1] // 2], fill=colours[1])
    image.save(path, quality=quality)


def text(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def food() -> None:
    root = OUT / "food-101"
    pages = {
        ("train", "apple_pie", "0"): "Grandma's Apple Pie!!  (best-ever)\nPeel   6 apples; add sugar & spice.",
        ("train", "apple_pie", "1"): "APPLE PIE - easy\n\n\nrecipe: 1/2 cup flour",
        ("train", "apple_pie", "3"): b"Caf\xe9 apple pie",  # Latin-1, as some pages are
        ("train", "apple_pie", "4"): None,  # no text file: skipped
        ("train", "sushi", "12-1"): "Sushi @ home: rice, nori, fish",
        ("train", "sushi", "2"): "Rolling\tsushi\t\tat home",
        ("train", "sushi", "5"): "Nigiri ~ by hand",
        ("train", "waffles", "7"): "Waffles {crisp}",
        ("test", "apple_pie", "9"): "Apple pie, Dutch style",
        ("test", "sushi", "8"): None,
        ("test", "waffles", "10"): "Belgian waffles #1",
    }
    titles = {"train": [], "test": []}
    for (split, label, number), page in pages.items():
        name = f"{label}_{number}"
        picture(root / "images" / split / label / f"{name}.jpg")
        if page is not None:
            text(root / "texts_txt" / label / f"{name}.txt", page)
            titles[split].append(f"{name}.jpg,{label.replace('_', ' ').title()}, step by step,{label}")
    for split, rows in titles.items():
        text(root / "texts" / f"{split}_titles.csv", "\n".join(rows) + "\n")


def snli_ve() -> None:
    root = OUT / "snli-ve"
    images = ["1000092795", "10002456", "1000268201", "1000344755"]
    for image in images:
        picture(root / "Flickr30K" / "flickr30k_images" / f"{image}.jpg")

    def pair(number: int, image: str, gold: str, hypothesis: str, key: str, suffix: str) -> dict:
        premise = "Two people stand outside ."
        return {
            "annotator_labels": [gold] if gold != "-" else ["neutral", "entailment"], "captionID": f"{image}.jpg#{number % 5}",
            "gold_label": gold, "pairID": f"{image}.jpg#{number % 5}r{number}{gold[0]}", "sentence1": premise,
            "sentence1_binary_parse": "( Two people )", "sentence1_parse": "(ROOT (S (NP Two people)))",
            "sentence2": hypothesis, "sentence2_binary_parse": "( . )", "sentence2_parse": "(ROOT (S))", key: image + suffix,
        }

    train = [
        pair(1, images[0], "entailment", "People are outdoors.", "Flickr30K_ID", ""),
        pair(2, images[0], "contradiction", "Nobody is there.", "Flickr30K_ID", ""),
        pair(3, images[0], "neutral", "They are friends.", "Flickr30K_ID", ""),
        pair(4, images[1], "-", "They are at work.", "Flickr30K_ID", ""),
        pair(5, images[1], "entailment", "Somebody stands \u2013 outside.", "Flickr30K_ID", ""),
    ]
    genome = pair(6, "2412", "neutral", "A kitchen.", "Flickr30K_ID", "")
    genome["captionID"] = "vg_len10r2412"
    train.append(genome)
    dev = [pair(7, images[2], "neutral", "A child plays.", "Flickr30K_ID", ""),
           pair(8, images[2], "contradiction", "A dog sleeps.", "Flickr30K_ID", "")]
    test = [pair(9, images[3], "entailment", "Men work.", "Flikr30kID", ".jpg"),
            pair(10, images[3], "neutral", "Men build a house.", "Flikr30kID", ".jpg")]
    for name, pairs in (("train", train), ("dev", dev), ("test", test)):
        text(root / f"snli_ve_{name}.jsonl", "".join(json.dumps(p) + "\n" for p in pairs))


def mm_imdb() -> None:
    root = OUT / "mm-imdb"
    films = {
        "0012349": (["Drama", "Comedy"], ["A tramp.", "A tramp finds a child and raises it."]),
        "0017136": (["Sci-Fi", "Drama"], ["In a city of machines a worker meets a robot."]),
        "0018737": (["Drama"], ["same length a", "same length b"]),
        "0020000": (["News", "Drama"], ["A year in pictures."]),
        "0021000": (["Comedy"], [""]),
        "0022100": (["Drama"], ["A city hunts a man."]),
        "0023000": (["Western"], ["A rider comes to town."]),
        "0024000": (["Comedy", "Drama"], ["Two waiters start a war of pies."]),
        "0025000": (["Talk-Show"], ["People talk."]),
        "0026000": (["Sci-Fi"], ["A rocket lands on the moon, and nobody notices."]),
    }
    split = {"train": ["0012349", "0017136", "0018737", "0020000", "0021000"], "dev": ["0022100", "0023000"],
             "test": ["0024000", "0025000", "0026000"]}
    text(root / "split.json", json.dumps(split))
    for film, (genres, plots) in films.items():
        record = {"title": f"Film {film}", "year": 1927, "genres": genres, "plot": plots, "plot outline": plots[0],
                  "cast": [{"name": "A. Player"}], "rating": 8.1}
        text(root / "dataset" / f"{film}.json", json.dumps(record))
        picture(root / "dataset" / f"{film}.jpeg", (16, 24))


def reference(number: int, annotation: dict, split: str, sentences: list[str]) -> dict:
    first = 10 * number
    return {
        "ref_id": number, "ann_id": annotation["id"], "category_id": annotation["category_id"],
        "image_id": annotation["image_id"], "split": split,
        "file_name": f"COCO_train2014_{annotation['image_id']:012d}_{annotation['id']}.jpg",
        "sent_ids": [first + k for k in range(len(sentences))],
        "sentences": [{"raw": s.capitalize(), "sent": s, "sent_id": first + k, "tokens": s.split()}
                      for k, s in enumerate(sentences)],
    }


def refcoco() -> None:
    width, height = 32, 24
    for image in range(1, 5):
        picture(OUT / "coco" / "train2014" / f"COCO_train2014_{image:012d}.jpg", (width, height))
    disc = np.zeros((height, width), np.uint8)
    rows, columns = np.mgrid[:height, :width]
    disc[(rows - 12) ** 2 + (columns - 20) ** 2 <= 36] = 1
    runs = coco.encode(np.asfortranarray(disc))
    counts, value, run = [], 0, 0
    for pixel in disc.T.reshape(-1):
        if pixel != value:
            counts, run, value = counts + [run], 0, pixel
        run += 1
    counts.append(run)

    def annotation(number: int, image: int, segmentation, category=1) -> dict:
        return {"id": number, "image_id": image, "category_id": category, "iscrowd": 0, "area": 100.0,
                "bbox": [3.5, 2.25, 10.0, 12.5], "segmentation": segmentation}

    annotations = [
        annotation(101, 1, [[3.5, 2.25, 13.5, 2.25, 13.5, 14.75, 3.5, 14.75]]),
        annotation(102, 1, [[1.0, 1.0, 8.0, 2.0, 4.0, 9.0], [20.5, 10.25, 29.75, 12.5, 22.0, 22.0]], 2),
        annotation(103, 2, {"size": [height, width], "counts": counts}),
        annotation(104, 3, {"size": [height, width], "counts": runs["counts"].decode()}, 2),
        annotation(105, 4, [[0, 0, 31, 0, 31, 23, 0, 23]]),
        annotation(999, 4, [[5, 5, 9, 5, 9, 9]]),
    ]
    instances = {
        "info": {"description": "made up, in the layout of COCO's instances", "version": "1.0"},
        "images": [{"id": i, "file_name": f"COCO_train2014_{i:012d}.jpg", "width": width, "height": height,
                    "license": 1, "date_captured": "2013-11-14 17:02:52"} for i in range(1, 5)],
        "annotations": annotations, "licenses": [],
        "categories": [{"id": 1, "name": "person", "supercategory": "person"},
                       {"id": 2, "name": "dog", "supercategory": "animal"}],
    }
    expressions = {
        "refcoco": [["left man", "man on the left"], ["dog right"], ["man in the middle", "center guy"], ["the dog"],
                    ["everyone"]],
        "refcoco+": [["man in red"], ["brown dog"], ["tall man"], ["wet dog", "dog with ball"], ["crowd"]],
    }
    for name, protocol in (("refcoco", 0), ("refcoco+", 2)):
        splits = ["train", "val", "testA", "testB", "train"]
        refs = [reference(n + 1, annotations[n], splits[n], expressions[name][n]) for n in range(5)]
        text(OUT / name / "refs(unc).p", pickle.dumps(refs, protocol))
        text(OUT / name / "instances.json", json.dumps(instances, indent=1 if name == "refcoco" else None))


def vqa() -> None:
    root = OUT / "vqa-v2"
    questions = {
        "train2014": [(1000, 1, "How many dogs are there?", "number", ["2", "two", "2", "2", "2", "2", "3", "2", "2", "2"]),
                      (1001, 1, "Is it sunny?", "yes/no", ["yes"] * 8 + ["no"] * 2),
                      (2000, 2, "What is on the table?", "other", ["a pizza."] * 5 + ["pizza"] * 4 + ["the plate"]),
                      (2001, 2, "Is he happy?", "yes/no", ["yes"] * 10)],
        "val2014": [(5000, 5, "Is it raining?", "yes/no", ["no"] * 7 + ["yes"] * 3),
                    (5001, 5, "What colour is the sky?", "other", ["grey"] * 10)],
        "test2015": [(9000, 9, "What is this?", None, None)],
    }
    for part, rows in questions.items():
        for image in sorted({row[1] for row in rows}):
            path = OUT / "coco" / part / f"COCO_{part}_{image:012d}.jpg"
            if not path.exists():
                picture(path)
        data = {"info": {"description": "made up"}, "task_type": "Open-Ended", "data_type": "mscoco", "data_subtype": part,
                "license": {"name": "none"},
                "questions": [{"image_id": i, "question": q, "question_id": n} for n, i, q, _, _ in rows]}
        text(root / f"v2_OpenEnded_mscoco_{part}_questions.json", json.dumps(data))
        if part == "test2015":
            continue
        annotations = [
            {"question_type": " ".join(q.lower().split()[:2]), "answer_type": kind, "image_id": i, "question_id": n,
             "multiple_choice_answer": collections.Counter(answers).most_common(1)[0][0],
             "answers": [{"answer": a, "answer_confidence": "yes", "answer_id": k + 1} for k, a in enumerate(answers)]}
            for n, i, q, kind, answers in rows]
        data = {"info": {"description": "made up"}, "license": {"name": "none"}, "data_subtype": part,
                "annotations": annotations, "data_type": "mscoco"}
        text(root / f"v2_mscoco_{part}_annotations.json", json.dumps(data))


def sound(path: Path, rate=16000, seconds=0.02) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = [int(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(int(rate * seconds))]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


def mustard() -> None:
    root = OUT / "mustard"
    clips = [("1_60", "SHELDON", "It's just a privilege to watch your mind at work.", "BBT", True),
             ("1_70", "PENNY", "I never would have guessed.", "BBT", False),
             ("2_10", "DOROTHY", "Oh, wonderful.", "GOLDENGIRLS", True),
             ("1_1001", "CHANDLER", "I'm so glad you asked.", "FRIENDS", True),
             ("1_1002", "ROSS", "We were on a break.", "FRIENDS", False)]
    data = {key: {"utterance": words, "speaker": speaker, "context": ["Hello.", "Hi."],
                  "context_speakers": ["LEONARD", speaker], "show": show, "sarcasm": sarcasm}
            for key, speaker, words, show, sarcasm in clips}
    text(root / "data" / "sarcasm_data.json", json.dumps(data, indent=2))
    for key, *_ in clips:
        sound(root / "audio" / f"{key}.wav")
        for frame in range(1, 1 if key == "1_1002" else 4):
            picture(root / "frames" / key / f"frame_{frame:06d}.jpg", (8, 8))


# What Python's own tools give.

def masks() -> list[dict]:
    cases = []
    for case in range(40):
        height, width = RANDOM.randrange(5, 40), RANDOM.randrange(5, 40)
        polygons = []
        for _ in range(RANDOM.randrange(1, 4)):
            corners = RANDOM.randrange(3, 9)
            step = RANDOM.choice([1.0, 0.5, 0.01])
            polygons.append([round(RANDOM.uniform(0, edge) / step) * step for _ in range(corners) for edge in (width, height)])
        merged = coco.merge(coco.frPyObjects(polygons, height, width))
        cases.append({"height": height, "width": width, "polygons": polygons, "text": merged["counts"].decode(),
                      "area": int(coco.area(merged))})
    return cases


class Opens:
    def __reduce__(self):
        return os.system, ("touch /tmp/mope-pickle-was-run",)


class Evaluates:
    def __reduce__(self):
        return eval, ("__import__('os').getcwd()",)


class State:
    def __init__(self):
        self.field = 1


def pickles() -> dict:
    shared = ["shared", 1]
    value = {"text": "caf\u00e9 \u4e2d \U0001F600\n'\"\\", "numbers": [0, 1, -1, 255, 256, 65535, 65536, -70000, 2**40, -(2**62)],
             "floats": [0.5, -1e300], "constants": [None, True, False], "pair": (1, "a"), "triple": (1, 2, 3), "four": (1, 2, 3, 4),
             "empty": [[], (), {}], "nested": {"a": {"b": [shared, shared]}}, "long": ["x" * 300] * 2,
             "many": list(range(1200))}
    data = [pickle.dumps(value, protocol).hex() for protocol in range(5)]
    ordered = [pickle.dumps(collections.OrderedDict([("b", 1), ("a", [2])]), protocol).hex() for protocol in range(5)]
    sets = [pickle.dumps({3}, protocol).hex() for protocol in (0, 1, 2, 4)]
    code = [{"what": name, "protocol": protocol, "bytes": pickle.dumps(thing, protocol).hex()}
            for protocol in range(5)
            for name, thing in (("system", Opens()), ("eval", [Evaluates()]), ("__main__.State", State()),
                                ("array", np.float64(1)))]
    old = b"(lp0\n(dp1\nS'sent'\np2\nS'caf\\xc3\\xa9 \\'x\\''\np3\nsS'id'\nI7\nsS'flag'\nI01\nsS'big'\nL12L\nsS'u'\nV\\u4e2d\nsa."
    return {"data": data, "ordered": ordered, "sets": sets, "code": code, "python2": old.hex()}


def cleaned(page: str) -> str:
    page = re.sub(r"[<>/\\+=\-_\[\]{}'\";:.,()*&^%$#@!~`]", " ", page)
    return re.sub(r"\s{2,}", " ", page).lower().replace("\n", " ")


def normalized(answer: str) -> str:
    """VQA's evaluation code without its table of apostrophes."""
    marks = [";", "/", "[", "]", '"', "{", "}", "(", ")", "=", "+", "\\", "_", "-", ">", "<", "@", "`", ",", "?", "!"]
    result = answer
    for mark in marks:
        if mark + " " in answer or " " + mark in answer or re.search(r"(\d)(,)(\d)", answer):
            result = result.replace(mark, "")
        else:
            result = result.replace(mark, " ")
    result = re.sub(r"(?!<=\d)(\.)(?!\d)", "", result)
    numbers = dict(zip("none zero one two three four five six seven eight nine ten".split(),
                       "0 0 1 2 3 4 5 6 7 8 9 10".split()))
    words = [numbers.get(word, word) for word in result.lower().split()]
    return " ".join(word for word in words if word not in ("a", "an", "the"))


def resampled(samples: np.ndarray, old: int, new: int) -> np.ndarray:
    """torchaudio.functional.resample with its defaults, in double."""
    divisor = math.gcd(old, new)
    old, new = old // divisor, new // divisor
    crossings, base = 6, min(old, new) * 0.99
    width = math.ceil(crossings * old / base)
    index = np.arange(-width, width + old, dtype=np.float64) / old
    t = np.clip((np.arange(0, -new, -1)[:, None] / new + index[None]) * base, -crossings, crossings)
    kernel = np.sinc(t) * np.cos(t * np.pi / crossings / 2) ** 2 * base / old
    padded = np.pad(samples, (width, width + old))
    blocks = np.stack([padded[k:k + index.size] for k in range(0, len(samples) + 1, old)])
    return (blocks @ kernel.T).reshape(-1)[:math.ceil(new * len(samples) / old)]


def reference_values() -> None:
    pages = ["Grandma's Apple Pie!!  (best-ever)\nPeel   6 apples; add sugar & spice.", "a - b", "\u00c9clair\u00a0\u00a0\u2014 x\t\ty\tz",
             "  lead\n", "[x]", "", "A\n\nB\nC"]
    answers = ["a pizza.", "The Plate", "1,000", "two", "it's 3.5, ok", "yes!", "black/white", "black / white", "t-shirt", "no.1",
               "none", "  one  way ", "3.", "(left) side", "left ,right"]
    noise = np.random.default_rng(6).uniform(-1, 1, 90)
    rates = [(44100, 16000), (8000, 16000), (22050, 16000), (48000, 16000)]
    reference = {
        "masks": masks(), "pickles": pickles(), "food text": [[page, cleaned(page)] for page in pages],
        "answers": [[answer, normalized(answer)] for answer in answers],
        "sound": {"samples": [float(np.float32(x)) for x in noise],
                  "rates": [{"from": a, "to": b, "samples": [round(float(x), 9) for x in resampled(np.float32(noise).astype(float), a, b)]}
                            for a, b in rates]},
    }
    text(OUT / "reference.json", json.dumps(reference))


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    for make in (food, snli_ve, mm_imdb, refcoco, vqa, mustard, reference_values):
        make()

"""MoPE and P-SequentialFuse trained in PyTorch on the Food-101 stand-in: an independent check of Table 1's numbers.

    food_training.py DATA hash                           SHA-256 of both splits, as provenance tables print it
    food_training.py DATA train -e ENCODERS              test accuracy of MoPE with 16 experts, seed 0
        --method mope|pseq|late|text  --rate R  --seed N  --bert FILE (instead of ENCODERS/bert-mini)
    food_training.py DATA pretrain -o FILE               a BERT-mini pretrained here; prints its bag-of-words F1
        --steps N  --without lunch dinner                leaves these words out of the corpus

DATA holds `train.pixels` (`[n, 36, 36, 3]` bytes), `train.tokens` (`[n, 32]` int32, 0: padding), `train.labels` (int32),
the same of `test`, `corpus.tokens`, `heldout.tokens` (pretraining sentences) and `words.txt` (one token a line); food_export.swift writes it. ENCODERS
holds `vit-mini/model.safetensors` and `bert-mini/model.safetensors`, with Hugging Face's names.

Nothing is shared with the Swift engine but the data and the encoders' weights: random numbers, initial values and batch
order differ, so accuracies agree within seeds, not exactly. Shapes: B batch, N tokens, C width, k experts, l length.
"""
import argparse
import hashlib
import math
import time

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS, HIDDEN, PATCH, IMAGE = 64, 4, 256, 9, 36


def load(folder, split):
    """→ pixels `[n, 36, 36, 3]`, tokens `[n, N]`, labels `[n]`"""
    pixels = np.fromfile(f"{folder}/{split}.pixels", np.uint8).reshape(-1, IMAGE, IMAGE, 3)
    return pixels, tokens(folder, split), np.fromfile(f"{folder}/{split}.labels", np.int32)


def tokens(folder, name):
    return np.fromfile(f"{folder}/{name}.tokens", np.int32).reshape(-1, 32)


def content_hash(pixels, texts, labels):
    digest = hashlib.sha256()
    number = lambda n: int(n).to_bytes(8, "little")
    digest.update(number(pixels.size) + pixels.tobytes() + number(0))
    for text in texts:
        text = text[text != 0]
        digest.update(number(len(text)) + text.tobytes())
    for label in labels:
        digest.update(number(label))
    return digest.hexdigest()


class Layer(nn.Module):
    """One Transformer layer; prompts are inserted as tokens after [CLS] and give keys and values only, which changes
    nothing, as their outputs are dropped."""

    def __init__(self, pre_norm, eps):
        super().__init__()
        self.pre_norm = pre_norm
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps), nn.LayerNorm(WIDTH, eps)
        self.up, self.down = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)

    def attend(self, x, prompts, mask):
        """`[B, N, C]`, prompts `[B, P, C]` or None, mask `[B, N]` of booleans or None"""
        b, n, _ = x.shape
        seen = x if prompts is None else torch.cat((x[:, :1], prompts, x[:, 1:]), 1)
        if mask is not None:
            extra = seen.shape[1] - n
            mask = torch.cat((mask[:, :1], mask.new_ones(b, extra), mask[:, 1:]), 1)[:, None, None]
        split = lambda y: y.view(b, -1, HEADS, WIDTH // HEADS).transpose(1, 2)
        y = F.scaled_dot_product_attention(
            split(self.query(x)), split(self.key(seen)), split(self.value(seen)), attn_mask=mask)
        return self.out(y.transpose(1, 2).reshape(b, n, WIDTH))

    def forward(self, x, prompts=None, mask=None):
        if self.pre_norm:
            prompts = None if prompts is None else self.norm1(prompts)
            x = x + self.attend(self.norm1(x), prompts, mask)
            return x + self.down(F.gelu(self.up(self.norm2(x))))
        x = self.norm1(x + self.attend(x, prompts, mask))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class ViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.positions = nn.Parameter(torch.zeros(1, 17, WIDTH))
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.layers = nn.ModuleList(Layer(True, 1e-6) for _ in range(4))
        self.norm = nn.LayerNorm(WIDTH, 1e-6)

    names = {"cls": "embeddings.cls_token", "positions": "embeddings.position_embeddings",
             "patches": "embeddings.patch_embeddings.projection", "norm": "layernorm"}
    layer_names = {"query": "attention.attention.query", "key": "attention.attention.key",
                   "value": "attention.attention.value", "out": "attention.output.dense", "norm1": "layernorm_before",
                   "norm2": "layernorm_after", "up": "intermediate.dense", "down": "output.dense"}

    def forward(self, image, prompts_for=lambda i, x: None):
        """image `[B, 3, 36, 36]` → `[B, C]`"""
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls.expand(len(x), -1, -1), x), 1) + self.positions
        for i, layer in enumerate(self.layers):
            x = layer(x, prompts_for(i, x))
        return self.norm(x[:, 0])


class Bert(nn.Module):
    def __init__(self, words):
        super().__init__()
        self.words, self.positions, self.types = nn.Embedding(words, WIDTH), nn.Embedding(32, WIDTH), nn.Embedding(2, WIDTH)
        for table in (self.words, self.positions, self.types):
            nn.init.normal_(table.weight, std=0.02)
        self.norm = nn.LayerNorm(WIDTH, 1e-12)
        self.layers = nn.ModuleList(Layer(False, 1e-12) for _ in range(3))
        self.pooler = nn.Linear(WIDTH, WIDTH)

    names = {"words": "embeddings.word_embeddings", "positions": "embeddings.position_embeddings",
             "types": "embeddings.token_type_embeddings", "norm": "embeddings.LayerNorm", "pooler": "pooler.dense"}
    layer_names = {"query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
                   "out": "attention.output.dense", "norm1": "attention.output.LayerNorm", "norm2": "output.LayerNorm",
                   "up": "intermediate.dense", "down": "output.dense"}

    def states(self, ids, prompts=None):
        """ids `[B, N]`, prompts `[3, l, C]` → `[B, N, C]`"""
        x = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]] + self.types.weight[0])
        for i, layer in enumerate(self.layers):
            x = layer(x, None if prompts is None else prompts[i].expand(len(ids), -1, -1), ids != 0)
        return x

    def pooled(self, states):
        return torch.tanh(self.pooler(states[:, 0]))

    def forward(self, ids, prompts=None):
        return self.pooled(self.states(ids, prompts))


def file_name(module, name):
    """The name in the file of a parameter of `ViT` or `Bert`."""
    head, _, rest = name.partition(".")
    if head == "layers":
        i, part, rest = rest.split(".")
        return f"encoder.layer.{i}.{module.layer_names[part]}.{rest}"
    return module.names[head] + (f".{rest}" if rest else "")


def read(module, path):
    file = load_file(path)
    module.load_state_dict({name: file.pop(file_name(module, name)) for name in module.state_dict()})
    assert not file, f"{path}: unused {list(file)}"
    return module


class Model(nn.Module):
    """The method `mope`, `pseq` (no experts), `late` (P-LateConcat) or `text` (P-TextOnly)."""

    def __init__(self, method, vit, bert, k=16, text_bound=0.3, classes=30):
        super().__init__()
        self.method, self.vit, self.bert, self.k = method, vit.requires_grad_(False), bert.requires_grad_(False), k
        bound = math.sqrt(6 / (3 * PATCH**2 + WIDTH))
        uniform = lambda bound, *shape: nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.text_prompts = uniform(text_bound, 3, 4, WIDTH)
        if method != "text":
            self.static = uniform(bound, 4, 6, WIDTH)
        if method in ("mope", "pseq"):
            self.mapper = nn.Sequential(nn.Linear(WIDTH, WIDTH // 2), nn.BatchNorm1d(WIDTH // 2), nn.GELU(),
                                        nn.Linear(WIDTH // 2, WIDTH))
        if method == "mope":
            self.experts = uniform(bound, 4, k, 6, WIDTH)
            self.own = nn.ModuleList(nn.Linear(WIDTH, 2) for _ in range(4))
            self.cross = nn.ModuleList(nn.Linear(WIDTH, 8) for _ in range(4))
            self.register_buffer("keys", torch.stack([nn.init.orthogonal_(torch.empty(10, k)) for _ in range(4)]))
        self.head = nn.Linear(2 * WIDTH if method == "late" else WIDTH, classes)

    def forward(self, image, ids):
        """→ logits `[B, classes]`, routing: a list of `[B, k]`"""
        psi, routing, b = self.bert(ids, self.text_prompts), [], len(ids)
        if self.method == "text":
            return self.head(psi), routing
        mapped = self.mapper(psi)[:, None] if self.method != "late" else None

        def prompts_for(i, x):
            prompts = [self.static[i].expand(b, -1, -1)]
            if self.method == "mope":
                query = torch.cat((self.own[i](x.mean(1)), self.cross[i](psi)), 1)
                scores = query @ self.keys[i] / 0.1
                if self.training:
                    scores = scores + torch.randn_like(scores) / 256
                r = scores.softmax(1)
                routing.append(r)
                prompts.append(torch.einsum("bk,klc->blc", r, self.experts[i]))
            if mapped is not None:
                prompts.append(mapped)
            return torch.cat(prompts, 1)

        feature = self.vit(image, prompts_for)
        return self.head(torch.cat((feature, psi), 1) if self.method == "late" else feature), routing


def importance_loss(routing):
    losses = []
    for r in routing:
        importance = r.sum(0)
        squared = (importance.std() / importance.mean()) ** 2
        losses.append(squared if squared > 0.1 else squared.detach() * 0)
    return sum(losses) / len(losses) if losses else 0.0


def batch_of(split, rows):
    pixels, texts, labels = (part[rows] for part in split)
    image = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    texts = texts[:, : (texts != 0).sum(1).max()]
    return (image - 0.5) / 0.25, torch.from_numpy(texts).long(), torch.from_numpy(labels).long()


def train(options):
    torch.manual_seed(options.seed)
    data, test = load(options.data, "train"), load(options.data, "test")
    words = len(open(f"{options.data}/words.txt").read().split("\n"))
    vit = read(ViT(), f"{options.encoders}/vit-mini/model.safetensors")
    bert = read(Bert(words), options.bert or f"{options.encoders}/bert-mini/model.safetensors")
    model = Model(options.method, vit, bert, options.experts, options.text_bound)
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    text = [p for name, p in trained if name.startswith("text_prompts")]
    other = [p for name, p in trained if not name.startswith("text_prompts")]
    optimizer = torch.optim.AdamW([{"params": other, "lr": options.rate}, {"params": text, "lr": 1.25 * options.rate}],
                                  weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 3], 0.4)
    order, start = np.random.default_rng(options.seed), time.time()
    for epoch in range(4):
        model.train()
        total = 0.0
        for rows in order.permutation(len(data[2]))[: len(data[2]) // 32 * 32].reshape(-1, 32):
            image, ids, labels = batch_of(data, rows)
            logits, routing = model(image, ids)
            loss = F.cross_entropy(logits, labels) + 0.01 * importance_loss(routing)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(text + other, 1.0)
            optimizer.step()
            total += loss.item()
        schedule.step()
        model.eval()
        with torch.inference_mode():
            right = sum(int((model(*batch[:2])[0].argmax(1) == batch[2]).sum())
                        for batch in (batch_of(test, slice(i, i + 200)) for i in range(0, len(test[2]), 200)))
        print(f"{options.method} rate {options.rate} seed {options.seed} bert {options.bert or 'shipped'} epoch {epoch + 1}: "
              f"loss {total / (len(data[2]) // 32):.3f}, test {100 * right / len(test[2]):.2f} %, "
              f"{time.time() - start:.0f} s, {sum(p.numel() for _, p in trained)} trained", flush=True)


def pretrain(options):
    """The corpus' recipe: masked words (15 %, 80/10/10) and the bag of words from the pooler, / 4."""
    torch.manual_seed(options.seed)
    words = open(f"{options.data}/words.txt").read().split("\n")
    left_out = [words.index(word) for word in options.without]

    def corpus(name):
        rows = [row[(row != 0) & ~np.isin(row, left_out)] for row in tokens(options.data, name)]
        return [torch.from_numpy(row).long() for row in rows]

    def bag(ids):
        return torch.zeros(len(ids), len(words)).scatter_(1, ids, 1.0)[:, 5:]

    pad = lambda rows: nn.utils.rnn.pad_sequence(rows, batch_first=True)
    texts, held_out = corpus("corpus"), corpus("heldout")
    if options.sentences:
        texts, held_out = texts[: options.sentences], held_out[: options.sentences // 30]
    bert, word_head, bag_head = Bert(len(words)), nn.Linear(WIDTH, len(words)), nn.Linear(WIDTH, len(words))
    parameters = [p for module in (bert, word_head, bag_head) for p in module.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.05)
    factor = lambda step: min((step + 1) / 200, 0.5 * (1 + math.cos(math.pi * max(0, step - 200) / (options.steps - 200))))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    order, start, queue = np.random.default_rng(options.seed), time.time(), []
    for step in range(options.steps):
        if not queue:
            queue = list(order.permutation(len(texts))[: len(texts) // 64 * 64].reshape(-1, 64))
        ids = pad([texts[i] for i in queue.pop()])
        chosen, draw = (ids >= 5) & (torch.rand(ids.shape) < 0.15), torch.rand(ids.shape)
        seen = ids.masked_fill(chosen & (draw < 0.8), 4)
        seen = torch.where(chosen & (draw >= 0.8) & (draw < 0.9), torch.randint(5, len(words), ids.shape), seen)
        states = bert.states(seen)
        loss = F.cross_entropy(word_head(states[chosen]), ids[chosen])
        logits = bag_head(bert.pooled(states))[:, 5:]
        loss = loss + F.binary_cross_entropy_with_logits(logits, bag(ids), reduction="sum") / len(ids) / 4
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        if (step + 1) % 1000 == 0 or step + 1 == options.steps:
            with torch.inference_mode():
                ids = pad(held_out)
                found, true = bag_head(bert(ids))[:, 5:] > 0, bag(ids) > 0
                f1 = 200 * (found & true).sum() / (found.sum() + true.sum())
            print(f"{options.output} step {step + 1}: loss {loss.item():.2f}, bag of words F1 {f1:.1f}, "
                  f"{time.time() - start:.0f} s", flush=True)
    save_file({file_name(bert, name): value.contiguous() for name, value in bert.state_dict().items()}, options.output)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("task", choices=("hash", "train", "pretrain"))
    parser.add_argument("-e", "--encoders")
    parser.add_argument("-o", "--output")
    parser.add_argument("--method", choices=("mope", "pseq", "late", "text"), default="mope")
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--experts", type=int, default=16)
    parser.add_argument("--bert")
    parser.add_argument("--text-bound", type=float, default=0.3, help="of the text prompts' initial values")
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--sentences", type=int, default=0, help="only the first sentences of the corpus")
    parser.add_argument("--without", nargs="*", default=[])
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.task == "hash":
        for split in ("train", "test"):
            print(split, content_hash(*load(options.data, split)))
    else:
        (train if options.task == "train" else pretrain)(options)


if __name__ == "__main__":
    main()

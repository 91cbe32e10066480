"""The mini profile's MoPE training step in eager PyTorch: the baseline for our speed, one thread.

    mini_step.py                       ms per training step (median), peak memory, trainable parameters
    mini_step.py --prompts-as-keys     prompts give keys and values only; their outputs are dropped anyway
    mini_step.py --last-cls-only       the last layer of an encoder computes [CLS] only
    mini_step.py --forward             evaluation: no gradient
    mini_step.py --check               all of these options give the same loss and gradients; exit 1 if not

The model: ViT-mini (36×36 pixels, 9×9 patches, width 64, 4 layers) guided by BERT-mini (13 words, 3 layers), both
frozen; 16 experts, prompts of length 6, text prompts of length 4, one mapped prompt shared by all layers; batch 32,
cross-entropy + 0.01 · importance loss, gradient clipping at norm 1, AdamW with weight decay 0.01.

For speed, all of it exact: frozen weights ask for no gradient, query, key and value are one product, the routers'
text halves are one product for all layers, prompts of a kind are one parameter, AdamW is fused, words that are never
padded get no mask.

Shapes: B batch, N tokens, C channels, H heads, D head width, P prompt tokens, k experts, l prompt length, L layers.
"""
import argparse
import ctypes
import math
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS, HIDDEN, WORDS, PATCH, IMAGE = 64, 4, 256, 235, 9, 36


class Attention(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.fused = options.attention == "fused"
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x, queries: int, mask):
        """`[B, N, C]` → `[B, queries, C]`: the first tokens ask, all answer; mask `[B, 1, 1, N]` is added, or None"""
        b, n, c = x.shape
        if queries == n:
            q, k, v = self.qkv(x).view(b, n, 3, HEADS, c // HEADS).permute(2, 0, 3, 1, 4)  # [B, H, N, D]
        else:
            weight, bias = self.qkv.weight, self.qkv.bias
            q = F.linear(x[:, :queries], weight[:c], bias[:c]).view(b, queries, HEADS, -1).transpose(1, 2)
            k, v = F.linear(x, weight[c:], bias[c:]).view(b, n, 2, HEADS, -1).permute(2, 0, 3, 1, 4)
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # [B, H, queries, D]
        else:
            scores = (q * (c // HEADS) ** -0.5) @ k.transpose(2, 3)  # [B, H, queries, N]
            y = (scores if mask is None else scores + mask).softmax(-1) @ v
        return self.proj(y.transpose(1, 2).reshape(b, queries, c))


class Layer(nn.Module):
    """A Transformer layer, pre-norm (ViT) or post-norm (BERT), that sees extra prompt tokens and drops their outputs."""

    def __init__(self, options, pre_norm: bool, eps: float):
        super().__init__()
        self.pre_norm, self.keys_only = pre_norm, options.prompts_as_keys
        self.attention = Attention(options)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps), nn.LayerNorm(WIDTH, eps)
        self.fc1, self.fc2 = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)

    def forward(self, x, prompts, mask, outputs: int):
        """`[B, N, C]`, `[B, P, C]` → `[B, outputs, C]`; the order of keys is free, so prompts come last"""
        x = torch.cat((x, prompts), 1)  # [B, N + P, C]
        rows = outputs if self.keys_only or outputs == 1 else x.shape[1]
        kept = x[:, :rows]
        if self.pre_norm:
            kept = kept + self.attention(self.norm1(x), rows, mask)
            kept = kept + self.fc2(F.gelu(self.fc1(self.norm2(kept))))
        else:
            kept = self.norm1(kept + self.attention(x, rows, mask))
            kept = self.norm2(kept + self.fc2(F.gelu(self.fc1(kept))))
        return kept[:, :outputs]


def outputs(layers, i: int, tokens: int, options) -> int:
    return 1 if options.last_cls_only and i + 1 == len(layers) else tokens


class ViT(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.options = options
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.cls = nn.Parameter(torch.randn(1, 1, WIDTH) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, (IMAGE // PATCH) ** 2 + 1, WIDTH) * 0.02)
        self.layers = nn.ModuleList(Layer(options, True, 1e-6) for _ in range(4))
        self.norm = nn.LayerNorm(WIDTH, 1e-6)

    def forward(self, image, prompts_for):
        """image `[B, 3, 36, 36]`; `prompts_for(i, x)` gives `[B, P, C]` → `[B, C]`"""
        x = self.patches(image).flatten(2).transpose(1, 2)  # [B, 16, C]
        x = torch.cat((self.cls.expand(len(x), -1, -1), x), 1) + self.positions  # [B, 17, C]
        for i, layer in enumerate(self.layers):
            x = layer(x, prompts_for(i, x), None, outputs(self.layers, i, x.shape[1], self.options))
        return self.norm(x[:, 0])


class Bert(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.options = options
        self.words, self.positions = nn.Embedding(WORDS, WIDTH), nn.Embedding(20, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, 1e-12)
        self.layers = nn.ModuleList(Layer(options, False, 1e-12) for _ in range(3))
        self.pooler = nn.Linear(WIDTH, WIDTH)

    def forward(self, ids, mask, prompts):
        """ids, mask `[B, N]` (0: padding), prompts `[L, l, C]` → ψ `[B, C]`"""
        x = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])  # [B, N, C]
        added = F.pad((1.0 - mask) * -10000.0, (0, prompts.shape[1]))[:, None, None]  # [B, 1, 1, N + l]
        for i, (layer, prompt) in enumerate(zip(self.layers, prompts.unbind(0))):
            prompt = prompt.expand(len(ids), -1, -1)
            x = layer(x, prompt, added, outputs(self.layers, i, x.shape[1], self.options))
        return torch.tanh(self.pooler(x[:, 0]))


class MoPE(nn.Module):
    def __init__(self, options):
        super().__init__()
        k, l, depth, own, cross = options.experts, 6, 4, 2, 8
        self.vit, self.bert = ViT(options).requires_grad_(False), Bert(options).requires_grad_(False)
        bound = math.sqrt(6 / (3 * PATCH**2 + WIDTH))

        def uniform(*shape):
            return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

        self.static, self.experts = uniform(depth, l, WIDTH), uniform(depth, k, l * WIDTH)
        self.text_prompts = uniform(len(self.bert.layers), 4, WIDTH)
        self.down, self.norm = nn.Linear(WIDTH, WIDTH // 2), nn.BatchNorm1d(WIDTH // 2)
        self.up = nn.Linear(WIDTH // 2, WIDTH)
        self.own = nn.ModuleList(nn.Linear(WIDTH, own) for _ in range(depth))
        self.cross = nn.Linear(WIDTH, depth * cross)  # the text halves of all routers
        keys = torch.stack([nn.init.orthogonal_(torch.empty(own + cross, k)) for _ in range(depth)])
        self.register_buffer("keys", keys / 0.1)  # [L, 10, k], frozen, temperature included
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, image, ids, mask):
        """→ logits `[B, 3]`, routing `[L, B, k]`"""
        b, text = len(image), self.bert(ids, mask, self.text_prompts)  # [B, C]
        mapped = self.up(F.gelu(self.norm(self.down(text))))[:, None]  # [B, 1, C]
        cross = self.cross(text).view(b, len(self.own), -1).unbind(1)
        static, experts, keys, routing = self.static.unbind(0), self.experts.unbind(0), self.keys.unbind(0), []

        def prompts_for(i, x):
            scores = torch.cat((self.own[i](x.mean(1)), cross[i]), 1) @ keys[i]  # [B, k]
            if self.training:
                scores = scores + torch.randn_like(scores) / 256
            routing.append(scores.softmax(-1))
            dynamic = (routing[-1] @ experts[i]).view(b, -1, WIDTH)  # Σ_j r_j E_j, [B, l, C]
            return torch.cat((static[i].expand(b, -1, -1), dynamic, mapped), 1)  # [B, 2l + 1, C]

        feature = self.vit(image, prompts_for)
        return self.head(feature), torch.stack(routing)


def importance_loss(routing):
    """Mean over layers of (std / mean)² of the experts' summed scores, where above 0.1; `[L, B, k]` → scalar"""
    importance = routing.sum(1)
    squared = (importance.std(-1) / importance.mean(-1)) ** 2
    return torch.where(squared > 0.1, squared, 0.0).mean()


def batches(count: int, size: int):
    """Random images, words (13, the last few of some padded) and labels."""
    for _ in range(count):
        lengths = torch.randint(8, 14, (size, 1))
        mask = (torch.arange(13) < lengths).float()
        yield (torch.randn(size, 3, IMAGE, IMAGE), torch.randint(5, WORDS, (size, 13)) * mask.long(), mask,
               torch.randint(3, (size,)))


def loss_of(model, image, ids, mask, labels):
    logits, routing = model(image, ids, mask)
    return F.cross_entropy(logits, labels) + 0.01 * importance_loss(routing)


def check(options) -> bool:
    """Loss and gradients of every combination of options, against plain prompt tokens and unfused attention."""
    reference, worst = None, 0.0
    for attention in ("eager", "fused"):
        for keys_only in (False, True):
            for cls_only in (False, True):
                options.attention, options.prompts_as_keys, options.last_cls_only = attention, keys_only, cls_only
                torch.manual_seed(0)
                model = MoPE(options)
                trained = [p for p in model.parameters() if p.requires_grad]
                loss = loss_of(model, *next(batches(1, 8)))
                found = [loss.detach(), *torch.autograd.grad(loss, trained)]
                reference = reference or found
                # down.bias has no gradient but rounding: the batch norm after it takes the mean away; hence the floor
                floor = 1e-3 * max(b.abs().max() for b in reference)
                worst = max([worst, *(((a - b).abs().max() / torch.maximum(b.abs().max(), floor)).item()
                                      for a, b in zip(found, reference, strict=True))])
    print(f"largest difference of loss and gradients between options: {worst:.1e} of the largest magnitude")
    return worst <= 1e-4


def keep_freed_memory() -> None:
    """Ask glibc not to return freed memory: no page faults after the first step."""
    if sys.platform == "linux":
        for parameter, value in ((-4, 0), (-1, -1)):  # M_MMAP_MAX, M_TRIM_THRESHOLD
            ctypes.CDLL(None).mallopt(parameter, value)


def measure(options) -> bool:
    keep_freed_memory()
    torch.manual_seed(0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model = MoPE(options).train(not options.forward)
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    trained = list(named.values())
    text = [model.text_prompts]
    groups = [{"params": [p for p in trained if p is not model.text_prompts], "lr": 4e-3}, {"params": text, "lr": 5e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    data = list(batches(8, options.batch))
    step = torch.compile(model) if options.compile else model
    times, busy = [], []
    for i in range(options.warm_up + options.steps):
        image, ids, mask, labels = data[i % len(data)]
        start, cpu = time.perf_counter(), time.process_time()
        if options.forward:
            with torch.inference_mode():
                loss = step(image, ids, mask)[0].sum()
        else:
            optimizer.zero_grad()
            loss = loss_of(step, image, ids, mask, labels)
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
        times.append(1000 * (time.perf_counter() - start))
        busy.append(1000 * (time.process_time() - cpu))
    times, busy = sorted(times[options.warm_up:]), sorted(busy[options.warm_up:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flags = [name for name in ("forward", "prompts_as_keys", "last_cls_only", "compile") if getattr(options, name)]
    print(f"{statistics.median(times):.2f} ms per step (median of {len(times)}; fastest {times[0]:.2f}); "
          f"CPU time {statistics.median(busy):.2f} ms (fastest {busy[0]:.2f})")
    print(f"peak memory {peak / 1000:.0f} MB, of which {(peak - before) / 1000:.0f} MB after importing torch")
    print(f"torch {torch.__version__}, {options.attention} attention, {' '.join(flags) or 'plain prompt tokens'}, "
          f"batch {options.batch}, {options.experts} experts, {options.threads} thread(s)")
    return math.isfinite(loss.item())


def count(options) -> bool:
    model = MoPE(options)
    total = 0
    for name, p in model.named_parameters():
        if p.requires_grad:
            print(f"{p.numel():7d}  {name} {list(p.shape)}")
            total += p.numel()
    print(f"{total:7d}  trainable ({options.experts} experts)")
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in dict(batch=32, experts=16, steps=100, warm_up=20, threads=1).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value, help=f"default {value}")
    parser.add_argument("--attention", choices=("fused", "eager"), default="fused",
                        help="fused is scaled_dot_product_attention (default); eager took the same time within 3 %%")
    for name, text in dict(prompts_as_keys="no outputs of prompts", last_cls_only="last layer: [CLS] only",
                           forward="no gradient", compile="torch.compile", check="compare the options",
                           count="list the trainable parameters").items():
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    task = check if options.check else count if options.count else measure
    sys.exit(0 if task(options) else 1)


if __name__ == "__main__":
    main()

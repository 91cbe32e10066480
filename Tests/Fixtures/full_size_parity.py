"""Full-size encoders with random weights: does `mope encode` compute what transformers computes?

    full_size_parity.py FOLDER [NAME …] [--mope COMMAND] [--keep]

For each encoder: writes FOLDER/<name>/ as Hugging Face would (config.json, model.safetensors), random inputs to
input.safetensors (pixel_values, input_ids, …, without prefix), runs `mope encode`, and compares last_hidden_state and,
where there is one, pooler_output. Prints a table; exit 1 if a difference exceeds 1e-4 of the largest activation.
One encoder at a time needs up to 2 GB of memory and 0.6 GB of disk; weights are removed unless --keep.
"""
import argparse
import gc
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import (BertConfig, BertModel, GPT2Config, GPT2Model, LongformerConfig, LongformerModel, SwinConfig,
                          SwinModel, ViTConfig, ViTModel, Wav2Vec2Config, Wav2Vec2Model)

from fixture import save

LIMIT = 1e-4  # 24 blocks of fp32 sums in another order differ by 1e-6 … 1e-5


def images(generator):
    return {"pixel_values": torch.randn(2, 3, 224, 224, generator=generator)}


def words(batch: int, total: int, vocabulary: int, padding: int):
    def make(generator):
        lengths = total - torch.arange(batch) * (total // 3) - (total // 10 if batch == 1 else 0)
        mask = (torch.arange(total) < lengths[:, None]).long()
        ids = torch.randint(10, vocabulary, (batch, total), generator=generator)
        return {"input_ids": torch.where(mask == 1, ids, padding), "attention_mask": mask}
    return make


def words_with_global(generator):
    """1100 words are no multiple of the window: the model pads them itself."""
    inputs = words(1, 1100, 50265, 1)(generator)
    return inputs | {"global_attention_mask": (torch.arange(1100) == 0).long()[None]}


def sound(generator):
    return {"input_values": torch.randn(2, 16000, generator=generator)}


ENCODERS = {
    "swin-base-patch4-window7-224": (SwinModel, lambda: SwinConfig(
        embed_dim=128, depths=[2, 2, 18, 2], num_heads=[4, 8, 16, 32], window_size=7), images),
    "vit-base-patch16-224-in21k": (ViTModel, lambda: ViTConfig(), images),
    "bert-base-uncased": (BertModel, lambda: BertConfig(), words(2, 128, 30522, 0)),
    "gpt2": (GPT2Model, lambda: GPT2Config(), words(2, 128, 50257, 50256)),
    "longformer-base-4096": (LongformerModel, lambda: LongformerConfig(
        vocab_size=50265, attention_window=[512] * 12, max_position_embeddings=4098, type_vocab_size=1,
        layer_norm_eps=1e-5, bos_token_id=0, pad_token_id=1, eos_token_id=2, sep_token_id=2), words_with_global),
    "wav2vec2-base": (Wav2Vec2Model, lambda: Wav2Vec2Config(layerdrop=0.0, apply_spec_augment=False), sound),
}


def perturb(model, generator) -> None:
    """Default initialisation leaves biases 0 and norms 1, which hides mistakes."""
    with torch.no_grad():
        for _, parameter in sorted(model.named_parameters()):
            if parameter.ndim == 1:
                parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.1)


def write(folder: Path, name: str) -> dict[str, torch.Tensor]:
    """Write the encoder's folder and its inputs; give what transformers computes."""
    model_class, config, inputs_of = ENCODERS[name]
    torch.manual_seed(sum(name.encode()))
    generator = torch.Generator().manual_seed(len(name))
    settings = config()
    settings._attn_implementation = "eager"
    model = model_class(settings).eval()
    perturb(model, generator)
    model.save_pretrained(folder)
    inputs = inputs_of(generator)
    save(folder / "input.safetensors", inputs, "torch", "transformers")
    with torch.inference_mode():
        output = model(**inputs)
    kinds = ("last_hidden_state", "pooler_output")
    return {kind: getattr(output, kind) for kind in kinds if getattr(output, kind, None) is not None}


def difference(expected: dict[str, torch.Tensor], path: Path) -> tuple[float, str]:
    """The largest difference relative to the largest activation, and a remark; infinite if it cannot be compared."""
    found, worst = load_file(path), 0.0
    for kind, value in expected.items():
        if kind not in found:
            return float("inf"), f"{path.name} has no {kind}"
        if found[kind].shape != value.shape:
            return float("inf"), f"{kind} is {list(found[kind].shape)}, expected {list(value.shape)}"
        error = ((found[kind] - value).abs().max() / value.abs().max()).item()
        worst = max(worst, error) if error == error else float("inf")  # NaN compares with nothing
    return worst, " and ".join(expected)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ENCODERS)}; default all")
    parser.add_argument("--mope", default=".build/release/mope", help="default %(default)s")
    parser.add_argument("--keep", action="store_true", help="keep the weights")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in ENCODERS]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; choose from {', '.join(ENCODERS)}")
    rows, passed = [], True
    for name in options.names or ENCODERS:
        folder = options.folder / name
        expected, output = write(folder, name), folder / "output.safetensors"
        gc.collect()
        output.unlink(missing_ok=True)
        command = [*shlex.split(options.mope), "encode", "--model", folder, "--input", folder / "input.safetensors",
                   "--output", output]
        start = time.perf_counter()
        code = subprocess.run([str(word) for word in command], check=False).returncode
        seconds = time.perf_counter() - start
        error, remark = difference(expected, output) if code == 0 else (float("inf"), f"mope ended with code {code}")
        good = error <= LIMIT  # false for NaN
        passed = passed and good
        rows.append(f"{name:30} | {error:9.1e} | {seconds:7.1f} | {'pass' if good else 'FAIL'}: {remark}")
        if not options.keep:
            shutil.rmtree(folder)
    print(f"\n{'encoder':30} | largest difference / largest activation | seconds | limit {LIMIT:g}")
    print("\n".join(rows))
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()

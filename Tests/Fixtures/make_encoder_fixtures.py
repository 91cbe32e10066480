"""Small encoders of transformers with random weights: folders as Hugging Face writes them, and what they compute.

    make_encoder_fixtures.py [NAME …]      all encoders, or the named ones

Each folder holds config.json, model.safetensors and case.safetensors; README.md explains the tensors of a case.
"""
import copy
import sys
import tempfile

import torch
from safetensors.torch import load_file
from transformers import (BertConfig, BertModel, GPT2Config, GPT2Model, LongformerConfig, LongformerModel, SwinConfig,
                          SwinModel, ViTConfig, ViTModel, Wav2Vec2Config, Wav2Vec2Model)

from fixture import HERE, randomise, save

PACKAGES = ("torch", "transformers", "safetensors")


def gradients(model) -> dict[str, torch.Tensor]:
    """The gradient of every parameter that has one, under the name its weight has in model.safetensors.

    transformers renames some parameters as it saves, so the gradients are saved by it in the weights' place."""
    double = copy.deepcopy(model)
    reached = copy.deepcopy(model)
    with torch.no_grad():
        for (_, p), (_, a), (_, b) in zip(
                model.named_parameters(), double.named_parameters(), reached.named_parameters(), strict=True):
            a.copy_(torch.zeros_like(p) if p.grad is None else p.grad)
            b.fill_(0.0 if p.grad is None else 1.0)
    saved = []
    for each in (double, reached):
        with tempfile.TemporaryDirectory() as folder:
            each.save_pretrained(folder)
            saved.append(load_file(f"{folder}/model.safetensors"))
    return {name: value for name, value in saved[0].items() if saved[1][name].any()}


def watch(module, store: dict, name: str, keep=lambda output: output):
    """Store a module's output under `name`, with its gradient after backward."""
    def hook(_, __, output):
        output = keep(output[0] if isinstance(output, tuple) else output)
        if output.requires_grad:
            output.retain_grad()
        store[name] = output
    return module.register_forward_hook(hook)


def run(model, inputs: dict, watched: dict, generator) -> dict[str, torch.Tensor]:
    """One forward and backward pass: everything a case file holds."""
    model.zero_grad()
    kept, hooks = {}, []
    for name, module in watched.items():
        hooks.append(watch(module, kept, name))
    floats = {name: value.requires_grad_() for name, value in inputs.items() if value.is_floating_point()}
    output = model(**inputs)
    for hook in hooks:
        hook.remove()
    last = output.last_hidden_state
    cotangent = torch.randn(last.shape, generator=generator)
    (last * cotangent).sum().backward()
    case = {f"input.{name}": value for name, value in inputs.items()}
    case |= {"output.last_hidden_state": last, "cotangent": cotangent} | kept
    pooled = getattr(output, "pooler_output", None)
    if pooled is not None:
        case["output.pooler_output"] = pooled
    case |= {f"grad.{name}": value for name, value in gradients(model).items()}
    case |= {f"input_grad.{name}": value.grad for name, value in floats.items()}
    case["hidden_grad.0"] = kept["hidden.0"].grad
    return case


def make(model_class, config, seed: int, **arguments):
    config._attn_implementation = "eager"
    generator = torch.Generator().manual_seed(seed)
    model = model_class(config, **arguments).eval()
    randomise(model, generator)
    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            module.padding_idx = None  # it only hides the padding row's gradient; a case holds the plain derivative
    return model, generator


def layers(*modules) -> dict:
    return {f"hidden.{i}": module for i, module in enumerate(modules)}


def words(lengths: list[int], total: int, vocabulary: int, padding: int, generator):
    """Random ids `[B, N]` and their mask; [CLS] is id 2, padding has the padding id and mask 0."""
    mask = (torch.arange(total) < torch.tensor(lengths)[:, None]).long()
    ids = torch.randint(3, vocabulary, (len(lengths), total), generator=generator)
    ids[:, 0] = 2
    return torch.where(mask == 1, ids, padding), mask


def insert(x, prompt):
    """`[B, N, C]`, `[l, C]` → `[B, N + l, C]`: prompts after the first token."""
    return torch.cat((x[:, :1], prompt.expand(len(x), -1, -1), x[:, 1:]), 1)


def prompted(embeddings, blocks, finish, length: int, generator) -> dict[str, torch.Tensor]:
    """Deep prompting: other prompts after [CLS] at every layer, their outputs dropped after it."""
    x, case, prompts = embeddings.detach(), {}, []
    for i, block in enumerate(blocks):
        prompt = 0.5 * torch.randn(length, x.shape[-1], generator=generator)
        prompts.append(prompt.requires_grad_())
        x = block(insert(x, prompt))
        x = torch.cat((x[:, :1], x[:, 1 + length:]), 1)
        case[f"hidden.{i + 1}"] = x
    last = finish(x)
    cotangent = torch.randn(last.shape, generator=generator)
    (last * cotangent).sum().backward()
    case |= {f"prompt.{i}": prompt for i, prompt in enumerate(prompts)}
    case |= {f"grad.prompt.{i}": prompt.grad for i, prompt in enumerate(prompts)}
    return case | {"output.last_hidden_state": last, "cotangent": cotangent, "hidden.0": embeddings}


def vit() -> None:
    model, generator = make(ViTModel, ViTConfig(
        image_size=36, patch_size=9, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=48), 1)
    inputs = {"pixel_values": torch.randn(2, 3, 36, 36, generator=generator)}
    case = run(model, inputs, layers(model.embeddings, *model.layers), generator)
    write("vit", model, {"case": case})
    deep = prompted(case["hidden.0"], model.layers, model.layernorm, 3, generator)
    deep["output.pooler_output"] = model.pooler(deep["output.last_hidden_state"])
    save(HERE / "vit" / "prompted.safetensors", deep, *PACKAGES)


def bert() -> None:
    model, generator = make(BertModel, BertConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=16), 2)
    ids, mask = words([12, 7, 9], 12, 60, 0, generator)
    inputs = {"input_ids": ids, "attention_mask": mask,
              "token_type_ids": ((torch.arange(12) >= 5) & (mask == 1)).long()}
    case = run(model, inputs, layers(model.embeddings, *model.encoder.layer), generator)
    write("bert", model, {"case": case})
    length = 3
    seen = torch.cat((mask[:, :1], mask.new_ones(len(mask), length), mask[:, 1:]), 1)
    additive = torch.where(seen == 1, 0.0, torch.finfo(torch.float32).min)[:, None, None]  # [B, 1, 1, N + l]

    def block(layer):
        def call(x):
            y = layer(x, attention_mask=additive)
            return y[0] if isinstance(y, tuple) else y
        return call

    deep = prompted(case["hidden.0"], [block(layer) for layer in model.encoder.layer], lambda x: x, length, generator)
    deep["output.pooler_output"] = model.pooler(deep["output.last_hidden_state"])
    save(HERE / "bert" / "prompted.safetensors", deep, *PACKAGES)


def swin() -> None:
    model, generator = make(SwinModel, SwinConfig(
        image_size=32, patch_size=4, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4, mlp_ratio=2.0,
        drop_path_rate=0.0), 3)
    inputs = {"pixel_values": torch.randn(2, 3, 32, 32, generator=generator)}
    stages = model.encoder.layers
    watched = layers(model.embeddings, *(block for stage in stages for block in stage.blocks))
    watched["merged.0"] = stages[0].downsample
    write("swin", model, {"case": run(model, inputs, watched, generator)})


def gpt2() -> None:
    model, generator = make(GPT2Model, GPT2Config(
        vocab_size=60, n_positions=16, n_embd=32, n_layer=2, n_head=4, bos_token_id=59, eos_token_id=59), 4)
    ids, mask = words([11, 8], 11, 59, 59, generator)
    case = run(model, {"input_ids": ids, "attention_mask": mask}, layers(model.drop, *model.h), generator)
    write("gpt2", model, {"case": case})


def longformer() -> None:
    model, generator = make(LongformerModel, LongformerConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        attention_window=8, max_position_embeddings=30, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        type_vocab_size=1, layer_norm_eps=1e-5), 5)
    cases = {}
    # 24 is a multiple of the window; 21 is padded by the model itself
    for name, lengths, total in (("case", [24, 17], 24), ("case-odd-length", [21, 18], 21)):
        ids, mask = words(lengths, total, 60, 1, generator)
        everywhere = (torch.arange(total) == 0).long().repeat(len(ids), 1)  # [CLS] attends to all and all to it
        inputs = {"input_ids": ids, "attention_mask": mask, "global_attention_mask": everywhere}
        cases[name] = run(model, inputs, layers(model.embeddings, *model.encoder.layer), generator)
    cases["case-odd-length"] = without_parameters(cases["case-odd-length"])
    write("longformer", model, cases)


def wav2vec2() -> None:
    model, generator = make(Wav2Vec2Model, Wav2Vec2Config(
        vocab_size=32, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        conv_dim=[16, 16, 16], conv_kernel=[10, 3, 2], conv_stride=[5, 2, 2], num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=4, layerdrop=0.0, apply_spec_augment=False), 6)
    watched = layers(model.encoder.layer_norm, *model.encoder.layers)
    watched |= {"features": model.feature_extractor, "projected": model.feature_projection}
    sound = torch.randn(2, 420, generator=generator)
    cases = {"case": run(model, {"input_values": sound}, watched, generator)}
    mask = (torch.arange(420) < torch.tensor([420, 250])[:, None]).long()
    masked = run(model, {"input_values": sound.detach() * mask, "attention_mask": mask}, watched, generator)
    cases["case-masked"] = without_parameters(masked)
    write("wav2vec2", model, cases)


def without_parameters(case: dict) -> dict:
    """A second case without the gradients of the parameters, to stay small."""
    return {name: value for name, value in case.items() if not name.startswith("grad.")}


def write(name: str, model, cases: dict[str, dict]) -> None:
    model.save_pretrained(HERE / name)
    for case, tensors in cases.items():
        save(HERE / name / f"{case}.safetensors", tensors, *PACKAGES)


if __name__ == "__main__":
    makers = dict(vit=vit, bert=bert, swin=swin, gpt2=gpt2, longformer=longformer, wav2vec2=wav2vec2)
    for name in sys.argv[1:] or makers:
        makers[name]()

"""Operations on maps and segmentation heads in PyTorch: values and gradients.

    make_segmentation_fixtures.py          writes segmentation/case.safetensors

README.md explains the tensors.
"""
import torch
from torch import nn
from torch.nn import functional as F
from transformers.models.upernet.configuration_upernet import UperNetConfig
from transformers.models.upernet.modeling_upernet import UperNetHead

from fixture import HERE, randomise, save

PACKAGES = ("torch", "transformers")


def case(name: str, compute, inputs: dict[str, torch.Tensor], generator) -> dict[str, torch.Tensor]:
    """`<name>.input.*`, `.output`, `.cotangent`, `.grad.*`: gradients of Σ output·cotangent by every input."""
    inputs = {key: value.clone().requires_grad_() for key, value in inputs.items()}
    output = compute(**inputs)
    cotangent = torch.randn(output.shape, generator=generator)
    (output * cotangent).sum().backward()
    found = {"output": output, "cotangent": cotangent} | {f"input.{key}": value for key, value in inputs.items()}
    found |= {f"grad.{key}": value.grad for key, value in inputs.items()}
    return {f"{name}.{key}": value for key, value in found.items()}


def operations(generator) -> dict[str, torch.Tensor]:
    found = {}

    def add(name, compute, **inputs):
        found.update(case(name, compute, inputs, generator))

    def randn(*shape):
        return torch.randn(shape, generator=generator)

    add("conv2d.same", lambda x, weight, bias: F.conv2d(x, weight, bias, padding=1), x=randn(2, 5, 6, 7),
        weight=randn(4, 5, 3, 3), bias=randn(4))
    add("conv2d.single", F.conv2d, input=randn(2, 5, 3, 4), weight=randn(4, 5, 1, 1), bias=randn(4))
    add("conv2d.strided", lambda x, weight: F.conv2d(x, weight, stride=2, padding=2), x=randn(3, 2, 8, 5),
        weight=randn(3, 2, 5, 3))
    for name, size in (("up", (9, 11)), ("double", (8, 6)), ("down", (2, 2)), ("from_one", (3, 3))):
        x = randn(2, 3, 1, 1) if name == "from_one" else randn(2, 3, 4, 3)
        add(f"bilinear.{name}", lambda x, s=size: F.interpolate(x, s, mode="bilinear", align_corners=False), x=x)
    for cells in (1, 2, 3, 6):
        add(f"pool.{cells}", lambda x, n=cells: F.adaptive_avg_pool2d(x, n), x=randn(2, 3, 4, 5))
    return found


def batch_norm(generator) -> dict[str, torch.Tensor]:
    """BatchNorm2d: a training step, then evaluation on the running statistics."""
    layer, found = nn.BatchNorm2d(5), {}
    with torch.no_grad():
        layer.weight.copy_(1 + 0.3 * torch.randn(5, generator=generator))
        layer.bias.copy_(torch.randn(5, generator=generator))
    found |= {f"batch_norm.initial.{name}": value.detach().clone() for name, value in layer.state_dict().items()
              if "num_batches" not in name}
    for mode in ("training", "evaluation"):
        layer.train(mode == "training")
        layer.zero_grad()
        found |= case(f"batch_norm.{mode}", layer,
                      {"input": 2 * torch.randn(3, 5, 4, 3, generator=generator) + 1}, generator)
        found |= {f"batch_norm.{mode}.{name}": value.detach().clone() for name, value in
                  (("grad.weight", layer.weight.grad), ("grad.bias", layer.bias.grad),
                   ("running_mean", layer.running_mean), ("running_var", layer.running_var))}
    return found


class Maps(nn.Module):
    """A head on maps given one by one."""

    def __init__(self, head):
        super().__init__()
        self.head = head

    def forward(self, **maps):
        return self.head([maps[name] for name in sorted(maps)])


def heads(generator) -> dict[str, torch.Tensor]:
    found = {}
    maps = {"map0": torch.randn(3, 6, 6, 6, generator=generator), "map1": torch.randn(3, 10, 3, 3, generator=generator)}
    upernet = UperNetHead(UperNetConfig(hidden_size=8, pool_scales=[1, 2, 3], num_labels=1), in_channels=[6, 10])
    setr = nn.ModuleDict({"convs": nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in ((10, 7), (7, 5), (5, 1)))})

    def progressive(map1):
        x = map1
        for i, (layer, factor) in enumerate(zip(setr["convs"], (2, 2, 3))):
            x = layer(x)
            x = F.interpolate(F.gelu(x) if i < 2 else x, scale_factor=factor, mode="bilinear", align_corners=False)
        return x

    for name, module, compute, inputs in (("upernet", upernet, Maps(upernet), maps),
                                          ("setr", setr, progressive, {"map1": maps["map1"]})):
        randomise(module, generator)
        found |= {f"{name}.initial.{key}": value.detach().clone() for key, value in module.state_dict().items()
                  if "num_batches" not in key}
        for mode in ("training", "evaluation"):
            module.train(mode == "training")
            module.zero_grad()
            found |= case(f"{name}.{mode}", compute, inputs, generator)
            found |= {f"{name}.{mode}.grad.{key}": value.grad.clone() for key, value in module.named_parameters()}
    return found


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(31)
    save(HERE / "segmentation" / "case.safetensors",
         operations(generator) | batch_norm(generator) | heads(generator), *PACKAGES)

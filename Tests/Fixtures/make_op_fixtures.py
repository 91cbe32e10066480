"""Single operations, an optimizer and batch norm in PyTorch: values and gradients.

    make_op_fixtures.py          writes ops/case.safetensors, optimizer/case.safetensors, batch_norm/case.safetensors

README.md explains the tensors.
"""
import torch
from torch import nn
from torch.nn import functional as F

from fixture import HERE, save

PACKAGES = ("torch",)


def case(name: str, compute, inputs: dict[str, torch.Tensor], generator) -> dict[str, torch.Tensor]:
    """`<name>.input.*`, `.output`, `.cotangent`, `.grad.*`: gradients of Σ output·cotangent by every float input."""
    inputs = {key: value.clone().requires_grad_() if value.is_floating_point() else value
              for key, value in inputs.items()}
    output = compute(**inputs)
    cotangent = torch.randn(output.shape, generator=generator)
    (output * cotangent).sum().backward()
    found = {"output": output, "cotangent": cotangent} | {f"input.{key}": value for key, value in inputs.items()}
    found |= {f"grad.{key}": value.grad for key, value in inputs.items() if value.grad is not None}
    return {f"{name}.{key}": value for key, value in found.items()}


def ops() -> dict[str, torch.Tensor]:
    generator, found = torch.Generator().manual_seed(11), {}

    def randn(*shape, scale=1.0):
        return scale * torch.randn(shape, generator=generator)

    def add(name, compute, **inputs):
        found.update(case(name, compute, inputs, generator))

    for width in (1, 15, 16, 17, 33):
        add(f"layer_norm.{width}", lambda x, weight, bias: F.layer_norm(x, x.shape[-1:], weight, bias, 1e-5),
            x=3 * randn(4, width) + 2, weight=1 + randn(width, scale=0.3), bias=randn(width))
        add(f"softmax.{width}", lambda x: x.softmax(-1), x=randn(3, width, scale=4))
    add("layer_norm.large_mean", lambda x: F.layer_norm(x, x.shape[-1:], eps=1e-12), x=randn(3, 48) + 100)
    add("softmax.large", lambda x: x.softmax(-1), x=randn(2, 9, scale=50) + 1000)
    points = torch.cat((torch.linspace(-12, 12, 97), torch.tensor([0.0, -0.0, 1e-20, -1e-20, 30, -30])))
    add("gelu", F.gelu, x=points)
    add("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), x=points)
    for name, queries, keys, shape in (("square", 17, 17, (2, 4, 17, 17)), ("heads", 9, 13, (1, 4, 9, 13)),
                                       ("keys", 9, 13, (2, 1, 1, 13))):
        bias = 2 * randn(*shape)
        if name == "keys":  # a padding mask: the last words of the second text cannot be seen
            bias = torch.where((torch.arange(13) < torch.tensor([13, 8])[:, None])[:, None, None], 0.0, -10000.0)
        add(f"attention.{name}", lambda q, k, v, bias: F.scaled_dot_product_attention(q, k, v, attn_mask=bias),
            q=randn(2, 4, queries, 8), k=randn(2, 4, keys, 8), v=randn(2, 4, keys, 8), bias=bias)
    add("attention.plain", F.scaled_dot_product_attention, query=randn(2, 3, 5, 16), key=randn(2, 3, 5, 16),
        value=randn(2, 3, 5, 16))
    labels = torch.tensor([0, 4, 2, 2, 1, 3, 4])
    add("cross_entropy.mean", F.cross_entropy, input=randn(7, 5, scale=3), target=labels)
    add("cross_entropy.none", lambda x, target: F.cross_entropy(x, target, reduction="none"),
        x=randn(7, 5, scale=30), target=labels)
    targets = (torch.rand(6, 23, generator=generator) > 0.8).float()
    logits = randn(6, 23, scale=4)
    logits[0, :4] = torch.tensor([60.0, -60.0, 0.0, 120.0])
    for reduction in ("mean", "sum"):
        found.update(without_target(case(
            f"bce_with_logits.{reduction}",
            lambda x, target, r=reduction: F.binary_cross_entropy_with_logits(x, target, reduction=r),
            {"x": logits, "target": targets}, generator)))
    add("linear", F.linear, input=randn(3, 5, 17), weight=randn(33, 17), bias=randn(33))
    add("conv2d.patches", lambda x, weight, bias: F.conv2d(x, weight, bias, stride=9), x=randn(2, 3, 36, 36),
        weight=randn(8, 3, 9, 9, scale=0.1), bias=randn(8))
    add("conv1d.strided", lambda x, weight: F.conv1d(x, weight, stride=5), x=randn(2, 3, 62),
        weight=randn(8, 3, 10, scale=0.2))
    add("conv1d.grouped", lambda x, weight, bias: F.conv1d(x, weight, bias, padding=4, groups=4), x=randn(2, 16, 21),
        weight=randn(16, 4, 8, scale=0.2), bias=randn(16))
    add("group_norm", lambda x, weight, bias: F.group_norm(x, 6, weight, bias), x=2 * randn(2, 6, 31) + 1,
        weight=1 + randn(6, scale=0.3), bias=randn(6))
    add("embedding", F.embedding, input=torch.tensor([[1, 5, 5, 0], [6, 1, 2, 5]]), weight=randn(7, 6))
    return found


def without_target(tensors: dict) -> dict:
    return {name: value for name, value in tensors.items() if not name.endswith("grad.target")}


def optimizer() -> dict[str, torch.Tensor]:
    """AdamW as the paper uses it: two groups with their own rates, clipping, rates × 0.4 after steps 4 and 7."""
    generator = torch.Generator().manual_seed(12)
    shapes = {"vision.weight": (5, 7), "vision.bias": (7,), "text.prompt": (2, 3, 4)}
    parameters = {name: nn.Parameter(torch.randn(shape, generator=generator)) for name, shape in shapes.items()}
    found = {f"initial.{name}": value for name, value in parameters.items()}
    found = {name: value.detach().clone() for name, value in found.items()}
    text = [parameters["text.prompt"]]
    vision = [parameters["vision.weight"], parameters["vision.bias"]]
    groups = [{"params": vision, "lr": 4e-2}, {"params": text, "lr": 5e-2, "weight_decay": 0.1}]
    adam = torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.MultiStepLR(adam, milestones=[4, 7], gamma=0.4)
    for step in range(10):
        scale = 0.02 if step in (2, 6) else 1.0  # small enough not to be clipped
        for name, value in parameters.items():
            value.grad = scale * torch.randn(value.shape, generator=generator)
            found[f"step.{step}.grad.{name}"] = value.grad.clone()
        found[f"step.{step}.norm"] = nn.utils.clip_grad_norm_(parameters.values(), 1.0).reshape(1)
        found[f"step.{step}.rates"] = torch.tensor([group["lr"] for group in adam.param_groups], dtype=torch.float64)
        adam.step()
        schedule.step()
        for name, value in parameters.items():
            found[f"step.{step}.value.{name}"] = value.detach().clone()
    for name, value in parameters.items():
        found[f"moment.first.{name}"], found[f"moment.second.{name}"] = (
            adam.state[value][key] for key in ("exp_avg", "exp_avg_sq"))
    return found


def batch_norm() -> dict[str, torch.Tensor]:
    """Two training steps of BatchNorm1d (momentum 0.1, eps 1e-5), then evaluation on the running statistics."""
    generator = torch.Generator().manual_seed(13)
    layer, found = nn.BatchNorm1d(17), {}
    with torch.no_grad():
        layer.weight.copy_(1 + 0.3 * torch.randn(17, generator=generator))
        layer.bias.copy_(torch.randn(17, generator=generator))
        layer.running_mean.copy_(torch.randn(17, generator=generator))
        layer.running_var.copy_(0.5 + torch.rand(17, generator=generator))
    found |= {f"initial.{name}": value.detach().clone() for name, value in layer.state_dict().items()}
    for mode in ("training.0", "training.1", "evaluation"):
        layer.train(mode != "evaluation")
        layer.zero_grad()
        x = (2 * torch.randn(6, 17, generator=generator) + torch.arange(17)).requires_grad_()
        output = layer(x)
        cotangent = torch.randn(output.shape, generator=generator)
        (output * cotangent).sum().backward()
        step = {"input": x, "output": output, "cotangent": cotangent, "grad.input": x.grad,
                "grad.weight": layer.weight.grad, "grad.bias": layer.bias.grad,
                "running_mean": layer.running_mean, "running_var": layer.running_var}
        found |= {f"{mode}.{name}": value.detach().clone() for name, value in step.items()}
    return found


if __name__ == "__main__":
    for make in (ops, optimizer, batch_norm):
        save(HERE / make.__name__ / "case.safetensors", make(), *PACKAGES)

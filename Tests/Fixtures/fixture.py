"""What every fixture script shares: where fixtures go, how they are saved, and how weights are randomised."""
import importlib.metadata
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # random weights only, nothing is downloaded
import torch
from safetensors.torch import save_file

torch.set_num_threads(1)
HERE = Path(__file__).parent


def made_with(*packages: str) -> str:
    """The versions of the packages that decided the numbers, as "torch 2.15.0, pillow 13.0.0"."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)


def save(path: Path, tensors: dict[str, torch.Tensor], *packages: str) -> None:
    """Write tensors in order of their names; the versions go to the file's metadata.

    One metadata key only: safetensors writes several in an order that changes from run to run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ready = {name: tensors[name].detach().clone().contiguous() for name in sorted(tensors)}
    for name, tensor in ready.items():
        if tensor.is_floating_point():
            assert tensor.isfinite().all(), f"{path}: {name} is not finite"
    save_file(ready, str(path), metadata={"made_with": made_with(*packages)})
    print(f"{path.relative_to(HERE) if path.is_relative_to(HERE) else path}: {len(ready)} tensors, "
          f"{path.stat().st_size / 1000:.0f} kB")


def randomise(model: torch.nn.Module, generator: torch.Generator, std: float = 0.2) -> None:
    """Give every parameter values that a mistake cannot hide behind: no zeros, no ones.

    Norm weights and weight-norm gains 1 ± 0.2, biases ± 0.2, everything else N(0, std²)."""
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            value = torch.randn(parameter.shape, generator=generator)
            norm = "norm" in name.lower() or ".ln_" in name or name.startswith("ln_f")
            if name.endswith("weight.original0") or (norm and name.endswith("weight")):
                value = 1 + 0.2 * value
            elif name.endswith("bias"):
                value = 0.2 * value
            else:
                value = std * value
            parameter.copy_(value)

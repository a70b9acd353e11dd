"""Backbones by their name in a network's config, and their weights from the checkpoints that people have.

The official HRNet and torchvision's and timm's ResNet checkpoints name their tensors as the modules here do; SPIN,
CLIFF, BEDLAM, ReFit and PyMAF put a prefix before those names (`module.encoder.`, `model.backbone.`, ...). So the
prefix that fits the most tensors is looked for, and what fits by name and shape is taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.backbones.hrnet import HRNetW48
from tar_core.model.backbones.resnet import ResNet50, initialize

NETWORKS: dict[str, type[HRNetW48] | type[ResNet50]] = {"hrnet_w48": HRNetW48, "resnet50": ResNet50}
BACKBONES = ("blazepose", *NETWORKS)

# Where checkpoints keep their tensors, if not at the top.
_NESTS = ("state_dict", "model_state_dict", "model", "network", "net")
_COUNTER = "num_batches_tracked"  # of batch normalization; says nothing about the weights


@dataclass(frozen=True)
class Match:
    """What a checkpoint gave.

    Attributes:
        prefix: before the names there.
        used: names here, with the tensors.
        missing: names here that it has not.
        unused: names there that nothing here has, or has in another shape.
    """

    prefix: str
    used: dict[str, Tensor]
    missing: list[str]
    unused: list[str]

    def report(self) -> Iterator[str]:
        """Which tensors were and were not used, one line for each module."""
        yield f"{len(self.used)} tensors used" + (f", found under {self.prefix}" if self.prefix else "")
        for title, names in (("not in the checkpoint, untrained", self.missing), ("not used", self.unused)):
            for module, count in _by_module(names).items():
                yield f"{title}: {module} ({count} tensors)"


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """All tensors of a .safetensors file, or of a .pt, .pth, .ckpt or .tar file that holds nothing but data.

    Raises:
        TarError: the file is missing or unreadable, or would run code when loaded.
    """
    if not path.is_file():
        raise TarError(f"{path}: no such file; download the backbone's weights and give their path")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError, RuntimeError, EOFError, KeyError) as error:
        raise TarError(f"{path}: not a readable checkpoint; download it again") from error
    except Exception as error:  # torch raises pickle's UnpicklingError, a plain ValueError and others
        raise TarError(
            f"{path}: holds more than tensors and may not be loaded safely; convert it to .safetensors first"
        ) from error
    return _tensors(content)


def _tensors(content: Any) -> dict[str, Tensor]:
    """The tensors of a loaded file, taken out of the dictionaries that training programs put around them."""
    if not isinstance(content, Mapping):
        return {}
    for nest in _NESTS:
        if isinstance(content.get(nest), Mapping):
            return _tensors(content[nest])
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def match(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Match:
    """Finds the prefix under which most of a model's tensors `own` are in `state`, by name and shape."""
    wanted = {name: tensor.shape for name, tensor in own.items() if not name.endswith(_COUNTER)}
    first = next(iter(wanted))

    def fitting(prefix: str) -> dict[str, Tensor]:
        found = {name: state.get(prefix + name) for name in wanted}
        return {name: value for name, value in found.items() if value is not None and value.shape == wanted[name]}

    prefixes = sorted({name.removesuffix(first) for name in state if name.endswith(first)}) or [""]
    prefix = max(prefixes, key=lambda candidate: len(fitting(candidate)))
    used = fitting(prefix)
    taken = {prefix + name for name in used}
    unused = [name for name in state if name not in taken and not name.endswith(_COUNTER)]
    return Match(prefix, used, [name for name in wanted if name not in used], unused)


def load_pretrained(model: HRNetW48 | ResNet50, path: Path) -> Match:
    """Fills a backbone from a checkpoint; layers that such checkpoints lack keep their fixed random weights.

    Raises:
        TarError: the checkpoint is unreadable, or another network's.
    """
    result = match(model.state_dict(), read_checkpoint(path))
    # HRNets for poses give out the finest branch alone, so that the last module's other fusions are missing there.
    optional = (*model.new_layers, "stage4.2.fuse_layers")
    needed = [name for name in result.missing if not name.startswith(optional)]
    if needed:
        raise TarError(
            f"{path}: lacks {len(needed)} of the tensors of {type(model).__name__} ({needed[0]}, ...);"
            " give a checkpoint of that network"
        )
    model.load_state_dict(result.used, strict=False)
    return result


def build_backbone(name: str) -> nn.Module:
    """A backbone without trained weights, the same on every machine; in evaluation mode.

    Raises:
        TarError: there is no such backbone.
    """
    if name not in NETWORKS:
        raise TarError(f"there is no backbone {name} to build; choose one of {', '.join(NETWORKS)}")
    with torch.device("meta"):
        model = NETWORKS[name]()
    model = model.to_empty(device="cpu")
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.reset_parameters()
        elif isinstance(layer, nn.Conv2d) and layer.bias is not None:
            nn.init.zeros_(layer.bias)
    initialize(model)
    return model.eval()


def load_backbone(name: str, path: Path | None = None) -> tuple[nn.Module, Match | None]:
    """A backbone by its name in a config, in evaluation mode, and what of a checkpoint was used.

    Args:
        path: its weights; BlazePose has its own, which None takes.

    Raises:
        TarError: no such backbone, or no weights for it.
    """
    if name == "blazepose":
        return load_blazepose(path), None
    model = build_backbone(name)
    if path is None:
        raise TarError(f"the backbone {name} comes without weights; download some and give their path")
    assert isinstance(model, HRNetW48 | ResNet50)
    return model, load_pretrained(model, path)


def save_backbone(model: nn.Module, path: Path) -> None:
    """Writes all of a backbone's weights, the untrained layers' included, as `load_backbone` takes them."""
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(state, temporary)


def _by_module(names: list[str]) -> dict[str, int]:
    """How many of the names lie in each module of the first level (below a common prefix)."""
    counts: dict[str, int] = {}
    for name in names:
        parts = name.split(".")
        module = ".".join(parts[: max(1, min(len(parts) - 1, 2))])
        counts[module] = counts.get(module, 0) + 1
    return counts

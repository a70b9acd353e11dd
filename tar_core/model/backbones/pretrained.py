"""Backbones by name, with weights from published checkpoints.

The checkpoints of the official HRNet, and of torchvision's and timm's ResNet, use the same names of tensors as the
modules here. SPIN, CLIFF, BEDLAM, ReFit and PyMAF put a prefix before those names (`module.encoder.`,
`model.backbone.`, ...). So the prefix with the most matching tensors is used, and all tensors that match by name and
shape are loaded.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from tar_core.errors import TarError
from tar_core.files import atomic_path, file_hash
from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.backbones.hrnet import HRNetW48
from tar_core.model.backbones.resnet import ResNet50, initialize
from tar_core.model.config import BLAZEPOSE
from tar_core.model.weights import BACKBONE_HASH, Checkpoint, backbone_file, own_backbone

NETWORKS: dict[str, type[HRNetW48] | type[ResNet50]] = {"hrnet_w48": HRNetW48, "resnet50": ResNet50}
BACKBONES = (BLAZEPOSE, *NETWORKS)

# Keys under which checkpoints nest their tensors.
_NESTS = ("state_dict", "model_state_dict", "model", "network", "net")
_COUNTER = "num_batches_tracked"  # of batch normalization; not needed


@dataclass(frozen=True)
class Match:
    """Tensors of a checkpoint that match a model.

    Attributes:
        prefix: prefix of the names in the checkpoint.
        used: matching tensors by their names in the model.
        missing: names in the model that are missing in the checkpoint.
        unused: names in the checkpoint that are missing in the model, or have another shape there.
    """

    prefix: str
    used: dict[str, Tensor]
    missing: list[str]
    unused: list[str]

    def report(self) -> Iterator[str]:
        """List the tensors that were and were not used, one line for each module."""
        yield f"{len(self.used)} tensors used" + (f", found under {self.prefix}" if self.prefix else "")
        for title, names in (("not in the checkpoint, untrained", self.missing), ("not used", self.unused)):
            for module, count in _by_module(names).items():
                yield f"{title}: {module} ({count} tensors)"


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read all tensors of a .safetensors file, or of a .pt, .pth, .ckpt or .tar file that contains only data.

    Raises:
        TarError: the file is missing or unreadable, or would run code when loaded.
    """
    if not path.is_file():
        raise TarError(f"{path}: no such file; download the weights of the backbone and give their path")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError, RuntimeError, EOFError, KeyError) as error:
        raise TarError(f"{path}: not a readable checkpoint; download it again") from error
    except Exception as error:  # torch raises pickle's UnpicklingError, a plain ValueError and others
        raise TarError(
            f"{path}: contains more than tensors and is not safe to load; convert it to .safetensors first"
        ) from error
    return _tensors(content)


def _tensors(content: Any) -> dict[str, Tensor]:
    """Tensors of a loaded file, without the dictionaries in which training programs nest them."""
    if not isinstance(content, Mapping):
        return {}
    for nest in _NESTS:
        if isinstance(content.get(nest), Mapping):
            return _tensors(content[nest])
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def match(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Match:
    """Match a model's tensors `own` with those of a checkpoint `state`, using the prefix with the most matches."""
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
    """Load the weights of a backbone from a checkpoint. Layers that are not part of it keep their random weights.

    Raises:
        TarError: the checkpoint is unreadable, or of another network.
    """
    result = match(model.state_dict(), read_checkpoint(path))
    # HRNets for poses output only the finest branch, so their checkpoints lack the other fusions of the last module.
    optional = (*model.new_layers, "stage4.2.fuse_layers")
    needed = [name for name in result.missing if not name.startswith(optional)]
    if needed:
        raise TarError(
            f"{path}: {len(needed)} tensors of {type(model).__name__} are missing ({needed[0]}, ...);"
            " give a checkpoint of that network"
        )
    model.load_state_dict(result.used, strict=False)
    return result


def build_backbone(name: str) -> nn.Module:
    """Build a backbone with random weights, which are the same on every machine, in evaluation mode.

    Raises:
        TarError: the name is unknown.
    """
    if name not in NETWORKS:
        raise TarError(f"no such backbone: {name}; choose one of {', '.join(NETWORKS)}")
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
    """Load a backbone by its name in `TARConfig`, in evaluation mode.

    Args:
        path: the weights. Required except for BlazePose, whose weights come with the package.

    Returns:
        The backbone, and the match with the checkpoint; None for BlazePose.

    Raises:
        TarError: the name is unknown, or the weights are missing or unreadable.
    """
    if name == BLAZEPOSE:
        return load_blazepose(path), None
    model = build_backbone(name)
    if path is None:
        raise TarError(f"the backbone {name} comes without weights; download them and give their path")
    assert isinstance(model, HRNetW48 | ResNet50)
    return model, load_pretrained(model, path)


def backbone_of(checkpoint: Checkpoint) -> nn.Module | None:
    """Load the backbone of a network from the file beside its checkpoint, in evaluation mode.

    Returns:
        The backbone; None for the BlazePose that comes with the package.

    Raises:
        TarError: the file is missing or unreadable, or is not the one that the network was trained with.
    """
    path = own_backbone(checkpoint)
    return None if path is None else load_backbone(checkpoint.config.backbone, path)[0]


def copy_backbone(source: Path, name: str, checkpoint: Path) -> dict[str, str]:
    """Copy the file with a backbone's weights to its place beside a checkpoint.

    Returns:
        The notes of the checkpoint that name the file, for `save_tar`.

    Raises:
        TarError: the file is missing, or the copy cannot be written.
    """
    if not source.is_file():
        raise TarError(
            f"{source}: no such file; it holds the weights of the backbone, without which nothing is captured"
        )
    target = backbone_file(checkpoint, name)
    if target.resolve() != source.resolve():
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
    return {BACKBONE_HASH: file_hash(target)}


def save_backbone(model: nn.Module, path: Path, half: bool = False) -> None:
    """Write all weights of a backbone, including untrained layers, to a file for `load_backbone`.

    Args:
        half: store half-precision floats.
    """
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    if half:
        state = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(state))


def _by_module(names: list[str]) -> dict[str, int]:
    """Number of names in each module of the first level (or the first two, for nested names)."""
    counts: dict[str, int] = {}
    for name in names:
        parts = name.split(".")
        module = ".".join(parts[: max(1, min(len(parts) - 1, 2))])
        counts[module] = counts.get(module, 0) + 1
    return counts

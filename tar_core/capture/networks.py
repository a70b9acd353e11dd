"""The networks of a capture, and the device they run on."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tar_core.errors import TarError
from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.checkpoint import load_tar
from tar_core.model.convolution import pack_convolutions
from tar_core.model.features import FrameFeatures
from tar_core.model.tar import TAR
from tar_core.options import CaptureOptions
from tar_core.people.detector import PersonDetector, load_detector
from tar_core.people.movenet import MoveNet, load_movenet


@dataclass(frozen=True)
class Networks:
    """The networks of a capture, all on one device.

    Attributes:
        tar: the motion network.
        backbone: maps crops [B, 3, 256, 256] in 0..1 to FrameFeatures.
        detector: finds people in whole frames; None if the person is given by a box.
        movenet: a second landmark network, for tracking.
        device: where all of them are.
    """

    tar: TAR
    backbone: Callable[[Tensor], FrameFeatures]
    detector: PersonDetector | None
    movenet: MoveNet
    device: torch.device

    @classmethod
    def load(cls, options: CaptureOptions) -> "Networks":
        """Load the networks that a capture with these options needs.

        Raises:
            TarError: an unusable checkpoint, or a device that is not available.
        """
        device = choose_device(options.device)
        if device.type == "cpu":
            # The decoder, the backbone and TAR run side by side; a single crop gains little from many threads.
            torch.set_num_threads(options.threads or max(1, (os.cpu_count() or 1) // 2))
        tar = load_tar(options.checkpoint, device)
        if tar.config.backbone != "blazepose":
            raise TarError(f"the checkpoint needs the backbone {tar.config.backbone}; only blazepose is supported")
        detector = None if options.box is not None else load_detector_on(device)
        return cls(tar, load_backbone_on(device), detector, load_movenet_on(device), device)


def load_backbone_on(device: torch.device) -> Callable[[Tensor], FrameFeatures]:
    """Load the backbone, optimized for inference on the device."""
    return pack_convolutions(load_blazepose().to(device))


def load_detector_on(device: torch.device) -> PersonDetector:
    """Load the person detector, optimized for inference on the device."""
    return pack_convolutions(load_detector().to(device))


def load_movenet_on(device: torch.device) -> MoveNet:
    """Load the second landmark network, optimized for inference on the device."""
    return pack_convolutions(load_movenet().to(device))


def choose_device(name: str) -> torch.device:
    """The torch device of a name. "auto" is a GPU if there is one, else the CPU.

    Raises:
        TarError: the device is not available.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):  # torch raises any of these
        raise TarError(f"the device {name!r} is not available; use auto or cpu") from None
    return device

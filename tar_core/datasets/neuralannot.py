"""What Human3.6M and MPI-INF-3DHP share in the layout of NeuralAnnot (Moon et al., CVPRW 2022): SMPL fits as JSON."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.body.data import BodyData
from tar_core.datasets.sequence import PersonSequence, body_of, rest_pelvis, to_camera


@dataclass(frozen=True)
class Frame:
    """One picture of a sequence: its entry in the list of pictures and the SMPL fit of its moment."""

    number: int
    image: Path
    size: tuple[int, int]
    fit: Mapping[str, Any]
    joints: np.ndarray | None = None  # [17, 3] world, meters


def grouped(images: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> dict[tuple, list[Mapping[str, Any]]]:
    """The entries of a COCO-style list of pictures by what they have in common, each group by `frame_idx`."""
    groups: dict[tuple, list[Mapping[str, Any]]] = defaultdict(list)
    for image in images:
        groups[tuple(image[key] for key in keys)].append(image)
    return {key: sorted(group, key=lambda image: image["frame_idx"]) for key, group in sorted(groups.items())}


def sequence_of(
    name: str,
    frames: Sequence[Frame],
    camera: Mapping[str, Any],
    focal_length: Sequence[float],
    principal_point: Sequence[float],
    fps: float,
    bodies: Mapping[str, BodyData],
) -> PersonSequence:
    """Puts frames together; the camera's `t` is in millimeters, the fits' translation in meters, both of the world.

    The fits have a shape each frame; the sequence gets their mean.
    """
    betas = np.array([frame.fit["shape"] for frame in frames], float).mean(0)
    poses = np.array([frame.fit["pose"] for frame in frames], float).reshape(-1, 24, 3)
    rotation = np.array(camera["R"], float).reshape(3, 3)
    translation = np.array(camera["t"], float).ravel() / 1000
    pelvis = rest_pelvis(body_of(bodies, "neutral"), betas)
    trans = np.array([frame.fit["trans"] for frame in frames], float).reshape(-1, 3)
    poses[:, 0], trans = to_camera(poses[:, 0], trans, pelvis, rotation, translation)
    joints = None
    if frames[0].joints is not None:
        joints = np.stack([frame.joints for frame in frames]) @ rotation.T + translation  # type: ignore[misc]
    return PersonSequence(
        name=name,
        images=[frame.image for frame in frames],
        fps=fps,
        focal_length=float(np.mean(focal_length)),
        principal_point=np.array(principal_point, float),
        frame_size=frames[0].size,
        gender="neutral",
        poses=poses,
        betas=betas,
        trans=trans,
        valid=np.ones(len(frames), bool),
        joints=joints,
    )

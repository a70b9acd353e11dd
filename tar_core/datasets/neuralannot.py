"""NeuralAnnot's layout (Moon et al., CVPRW 2022), common to Human3.6M and MPI-INF-3DHP: SMPL fits as JSON."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.body.data import BodyData
from tar_core.datasets.sequence import PersonSequence, body_for, rest_pelvis, to_camera


@dataclass(frozen=True)
class Frame:
    """One image of a sequence with its SMPL fit.

    Attributes:
        number: frame number in the video.
        image: path of the image.
        size: width and height of the image, pixels.
        fit: SMPL parameters `pose` [72], `shape` [10] and `trans` [3] in world coordinates, radians and meters.
        joints: [17, 3] measured joints in world coordinates, meters, or None.
    """

    number: int
    image: Path
    size: tuple[int, int]
    fit: Mapping[str, Any]
    joints: np.ndarray | None = None


def group_images(images: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> dict[tuple, list[Mapping[str, Any]]]:
    """Group a COCO-style list of images by the values of some keys; each group is sorted by `frame_idx`."""
    groups: dict[tuple, list[Mapping[str, Any]]] = defaultdict(list)
    for image in images:
        groups[tuple(image[key] for key in keys)].append(image)
    return {key: sorted(group, key=lambda image: image["frame_idx"]) for key, group in sorted(groups.items())}


def build_sequence(
    name: str,
    frames: Sequence[Frame],
    camera: Mapping[str, Any],
    focal_length: Sequence[float],
    principal_point: Sequence[float],
    fps: float,
    bodies: Mapping[str, BodyData],
) -> PersonSequence:
    """Assemble a sequence from its frames.

    Every frame's fit has its own shape; the sequence gets their mean.

    Args:
        frames: in order, with fits in world coordinates, meters.
        camera: `R` and `t` from the world to the camera; `t` in millimeters.
        focal_length: [2] in x and y, pixels; the mean is used.
        principal_point: [2] pixels.
        fps: frames per second.
        bodies: the SMPL bodies by gender; the neutral one is used.
    """
    betas = np.array([frame.fit["shape"] for frame in frames], float).mean(0)
    poses = np.array([frame.fit["pose"] for frame in frames], float).reshape(-1, 24, 3)
    rotation = np.array(camera["R"], float).reshape(3, 3)
    translation = np.array(camera["t"], float).ravel() / 1000
    pelvis = rest_pelvis(body_for(bodies, "neutral"), betas)
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

"""Converts sequences of real people to training clips: crops placed as capture places them, and the free body."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from tar_core.body.data import BodyData
from tar_core.body.model import BodyModel
from tar_core.body.shape import transfer_shape
from tar_core.camera.crop_camera import MIN_DEPTH, project
from tar_core.datasets.crop_track import crop_track
from tar_core.datasets.sequence import PersonSequence, body_for, rest_pelvis
from tar_core.datasets.shards import CLIP_FRAMES, Clip
from tar_core.errors import TarError
from tar_core.filters import true_runs
from tar_core.rotations import axis_angle_to_matrix
from tar_core.runtime.streaming import frame_step
from tar_core.skeleton import NUM_JOINTS


def clips_of(
    sequence: PersonSequence,
    bodies: Mapping[str, BodyData],
    body: BodyData,
    random: np.random.Generator,
    stride: int = CLIP_FRAMES,
) -> Iterator[Clip]:
    """Cut clips of consecutive valid frames, at about the frame rate that the network is trained at.

    Args:
        bodies: by gender, the SMPL bodies that the sequence's parameters belong to; if empty, the shape is not
            converted.
        body: the body that the network is trained on.
        random: for the errors of the crops, which are those of rendered clips.
        stride: frames from the start of one clip to the start of the next.

    Raises:
        TarError: the sequence has no SMPL parameters, or an image is not usable.
    """
    if sequence.poses is None:
        raise TarError(f"{sequence.name}: no SMPL parameters to train on; choose another split")
    sequence = transfer_to_body(sequence.part(slice(None, None, frame_step(sequence.fps))), bodies, body)
    model = BodyModel(body)
    for first, end in true_runs(sequence.valid):
        if sequence.fps == 0:
            yield _clip(sequence.part(slice(first, first + 1)), model, random, repeat=CLIP_FRAMES)
        for start in range(first, end - CLIP_FRAMES + 1, stride):
            yield from _visible_clip(sequence.part(slice(start, start + CLIP_FRAMES)), model, random)


def transfer_to_body(sequence: PersonSequence, bodies: Mapping[str, BodyData], body: BodyData) -> PersonSequence:
    """Convert a sequence's shape to another body, keeping the pelvis in place.

    Args:
        bodies: by gender, the bodies that the sequence's parameters belong to; if empty, nothing is converted.
        body: the target.
    """
    if not bodies:
        return sequence
    assert sequence.betas is not None and sequence.trans is not None
    source = body_for(bodies, sequence.gender)
    betas = transfer_shape(sequence.betas, source, body)
    trans = sequence.trans + rest_pelvis(source, sequence.betas) - rest_pelvis(body, betas)
    return replace(sequence, betas=betas, trans=trans)


def read_image(path: Path, frame_size: tuple[int, int]) -> np.ndarray:
    """Read an image as [H, W, 3] uint8 RGB; rotate it if it is stored rotated by 90 degrees (BEDLAM's portrait scenes).

    Args:
        frame_size: expected width and height, pixels.

    Raises:
        TarError: the file is missing or unreadable, or the image has another size.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise TarError(f"{path}: missing or not a readable image; unpack the dataset's images there")
    width, height = frame_size
    if image.shape[:2] == (width, height) and width != height:
        image = cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE)
    if image.shape[:2] != (height, width):
        raise TarError(f"{path}: {image.shape[1]}x{image.shape[0]} pixels, not {width}x{height}; use the original")
    return np.ascontiguousarray(image[..., ::-1])


def body_points(model: BodyModel, sequence: PersonSequence) -> np.ndarray:
    """Compute the body's points in camera coordinates.

    Returns:
        [N, 24 + K, 3] joints and markers, meters.
    """
    rotations = axis_angle_to_matrix(torch.from_numpy(np.asarray(sequence.poses, np.float32)))
    betas = torch.from_numpy(np.asarray(sequence.betas, np.float32)).expand(len(rotations), -1)
    with torch.no_grad():
        points = model(rotations, betas)
    return torch.cat([points.joints, points.markers], 1).numpy() + np.asarray(sequence.trans)[:, None]


def _visible_clip(sequence: PersonSequence, model: BodyModel, random: np.random.Generator) -> Iterator[Clip]:
    """Yield the clip unless a body part is behind the camera or a frame shows nothing of the person."""
    points = body_points(model, sequence)
    pixels = project(points, sequence.focal_length, sequence.principal_point)
    inside = ((pixels >= 0) & (pixels < np.array(sequence.frame_size))).all(-1)
    if (points[..., 2] > MIN_DEPTH).all() and inside.any(1).all():
        yield _clip(sequence, model, random)


def _clip(sequence: PersonSequence, model: BodyModel, random: np.random.Generator, repeat: int = 1) -> Clip:
    """Make a clip of all frames, each shown `repeat` times with a crop of its own."""
    assert sequence.poses is not None and sequence.trans is not None
    points = np.repeat(body_points(model, sequence), repeat, 0)
    pixels = project(points, sequence.focal_length, sequence.principal_point)
    crops = crop_track(random, pixels[:, :NUM_JOINTS], pixels)
    images = [read_image(path, sequence.frame_size) for path in sequence.images]
    outside = (pixels < 0) | (pixels > np.array(sequence.frame_size) - 1)
    return Clip(
        images=np.stack([crop.cut(images[frame // repeat]) for frame, crop in enumerate(crops)]),
        poses=np.repeat(sequence.poses, repeat, 0).astype(np.float32),
        betas=np.asarray(sequence.betas, np.float32),
        trans=np.repeat(sequence.trans, repeat, 0).astype(np.float32),
        joints=points[:, :NUM_JOINTS].astype(np.float32),
        crops=np.array([[crop.center_x, crop.center_y, crop.size, crop.roll] for crop in crops]),
        focal_length=np.array(sequence.focal_length),
        principal_point=np.asarray(sequence.principal_point, float),
        frame_size=np.array(sequence.frame_size),
        truncated=np.array(bool(outside.any())),
        occluded=np.array(False),  # unknown
        motion=np.array(sequence.name),
    )

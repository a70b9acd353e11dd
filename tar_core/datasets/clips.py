"""Sequences of real people as the clips that training takes: T pictures cut as capture cuts them, and the free body."""

import itertools
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
from tar_core.datasets.sequence import PersonSequence, body_of, rest_pelvis
from tar_core.datasets.shards import CLIP_FRAMES, SyntheticClip
from tar_core.errors import TarError
from tar_core.model.streaming import frame_step
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import NUM_JOINTS


def clips_of(
    sequence: PersonSequence,
    bodies: Mapping[str, BodyData],
    body: BodyData,
    random: np.random.Generator,
    stride: int = CLIP_FRAMES,
) -> Iterator[SyntheticClip]:
    """Clips of consecutive usable frames, at about the rate that the network is trained at.

    Args:
        bodies: the SMPL bodies that the datasets' parameters belong to; without them a shape is left as it is.
        body: the one that the network is trained on.
        random: for the crops' imperfections, which are those of rendered clips.
        stride: frames from one clip's beginning to the next's.
    """
    if sequence.poses is None:
        raise TarError(f"{sequence.name} has no SMPL parameters to train on; choose another split")
    sequence = fitted(sequence.part(slice(None, None, frame_step(sequence.fps))), bodies, body)
    model = BodyModel(body)
    for first, last in usable_runs(sequence.valid):
        if sequence.fps == 0:
            yield _clip(sequence.part(slice(first, first + 1)), model, random, repeat=CLIP_FRAMES)
        for start in range(first, last - CLIP_FRAMES + 1, stride):
            yield from _if_in_sight(sequence.part(slice(start, start + CLIP_FRAMES)), model, random)


def fitted(sequence: PersonSequence, bodies: Mapping[str, BodyData], body: BodyData) -> PersonSequence:
    """The sequence with its shape carried over to another body; the pelvis stays where it is."""
    if not bodies:
        return sequence
    assert sequence.betas is not None and sequence.trans is not None
    own = body_of(bodies, sequence.gender)
    betas = transfer_shape(sequence.betas, own, body)
    trans = sequence.trans + rest_pelvis(own, sequence.betas) - rest_pelvis(body, betas)
    return replace(sequence, betas=betas, trans=trans)


def usable_runs(valid: np.ndarray) -> Iterator[tuple[int, int]]:
    """First frame and end of each run of usable frames [N]."""
    start = 0
    for good, group in itertools.groupby(valid.tolist()):
        length = len(list(group))
        if good:
            yield start, start + length
        start += length


def read_picture(path: Path, frame_size: tuple[int, int]) -> np.ndarray:
    """[H, W, 3] RGB. A picture that was stored on its side (BEDLAM's upright scenes) is turned.

    Raises:
        TarError: it is missing, unreadable or of another size.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise TarError(f"{path}: missing or not a readable picture; unpack the dataset's pictures there")
    width, height = frame_size
    if picture.shape[:2] == (width, height) and width != height:
        picture = cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE)
    if picture.shape[:2] != (height, width):
        raise TarError(f"{path}: {picture.shape[1]}x{picture.shape[0]} pixels, not {width}x{height}; take the original")
    return np.ascontiguousarray(picture[..., ::-1])


def body_points(model: BodyModel, sequence: PersonSequence) -> np.ndarray:
    """[N, 24 + K, 3] joints and markers in the camera's frame, meters."""
    rotations = axis_angle_to_matrix(torch.from_numpy(np.asarray(sequence.poses, np.float32)))
    betas = torch.from_numpy(np.asarray(sequence.betas, np.float32)).expand(len(rotations), -1)
    with torch.no_grad():
        points = model(rotations, betas)
    return torch.cat([points.joints, points.markers], 1).numpy() + np.asarray(sequence.trans)[:, None]


def _if_in_sight(sequence: PersonSequence, model: BodyModel, random: np.random.Generator) -> Iterator[SyntheticClip]:
    """The clip, unless the person reaches behind the camera or stands wholly outside the picture."""
    points = body_points(model, sequence)
    pixels = project(points, sequence.focal_length, sequence.principal_point)
    inside = ((pixels >= 0) & (pixels < np.array(sequence.frame_size))).all(-1)
    if (points[..., 2] > MIN_DEPTH).all() and inside.any(1).all():
        yield _clip(sequence, model, random)


def _clip(sequence: PersonSequence, model: BodyModel, random: np.random.Generator, repeat: int = 1) -> SyntheticClip:
    assert sequence.poses is not None and sequence.trans is not None
    points = np.repeat(body_points(model, sequence), repeat, 0)
    pixels = project(points, sequence.focal_length, sequence.principal_point)
    crops = crop_track(random, pixels[:, :NUM_JOINTS], pixels)
    pictures = [read_picture(path, sequence.frame_size) for path in sequence.images]
    outside = (pixels < 0) | (pixels > np.array(sequence.frame_size) - 1)
    return SyntheticClip(
        images=np.stack([crop.cut(pictures[frame // repeat]) for frame, crop in enumerate(crops)]),
        poses=np.repeat(sequence.poses, repeat, 0).astype(np.float32),
        betas=np.asarray(sequence.betas, np.float32),
        trans=np.repeat(sequence.trans, repeat, 0).astype(np.float32),
        joints=points[:, :NUM_JOINTS].astype(np.float32),
        crops=np.array([[crop.center_x, crop.center_y, crop.size, crop.roll] for crop in crops]),
        focal_length=np.array(sequence.focal_length),
        principal_point=np.asarray(sequence.principal_point, float),
        frame_size=np.array(sequence.frame_size),
        truncated=np.array(bool(outside.any())),
        occluded=np.array(False),  # nobody says
        motion=np.array(sequence.name),
    )

"""True and captured people of a video in the same form, and which captured person is which true one."""

from dataclasses import dataclass

import numpy as np

from benchmarks.motion_measures import joint_positions
from benchmarks.world.truth import Truth
from tar_core.body.data import BodyData
from tar_core.camera.placement import WorldPlacement
from tar_core.cleanup.contacts import sole_points
from tar_core.motion import MotionClip
from tar_core.people.boxes import match_boxes

MIN_IOU = 0.3  # between the boxes of true and captured joints
IN_FRAME = 0.25  # share of the joints inside the frame from which a person is looked for
COUNTED_SIDE, COUNTED_SHARE = 80, 0.5  # longer side in pixels and visible share of people who must not be missed
Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # from the world of the truth (y up) to Blender's axes
MIN_DEPTH = 0.1  # meters


@dataclass(frozen=True)
class WorldPerson:
    """N consecutive frames of a person; the world has z up and its floor at z = 0; meters.

    Attributes:
        frames: [N] consecutive frame numbers.
        in_camera: [N, 24, 3] joints in each frame's camera.
        joints: [N, 24, 3] in the world.
        soles: [N, 4, 3] soles of heels and big toes in the world.
        cameras: [N, 3] positions of the camera in the world.
        pixels: [N, 24, 2] the joints in the image.
    """

    frames: np.ndarray
    in_camera: np.ndarray
    joints: np.ndarray
    soles: np.ndarray
    cameras: np.ndarray
    pixels: np.ndarray

    @property
    def boxes(self) -> np.ndarray:
        """[N, 4] boxes around the joints, x0 y0 x1 y1."""
        return np.concatenate([self.pixels.min(1), self.pixels.max(1)], 1)

    def inside(self, size: np.ndarray) -> np.ndarray:
        """[N, 24] which joints are inside an image of the given width and height."""
        in_front = self.in_camera[..., 2] > MIN_DEPTH
        return in_front & (self.pixels >= 0).all(-1) & (self.pixels <= size - 1).all(-1)


def true_people(truth: Truth, body: BodyData) -> list[WorldPerson]:
    """The people of a video."""
    people = []
    for person in range(len(truth.betas)):
        joints = truth.joints(person, body)
        people.append(
            WorldPerson(
                frames=np.arange(len(truth)),
                in_camera=truth.to_camera(joints),
                joints=joints @ Z_UP.T,
                soles=truth.soles(person, body) @ Z_UP.T,
                cameras=truth.positions @ Z_UP.T,
                pixels=truth.project(joints),
            )
        )
    return people


def captured_people(clip: MotionClip, placement: WorldPlacement, body: BodyData) -> list[WorldPerson]:
    """The people of a captured clip, placed in the world."""
    people = []
    for person in clip.people:
        frames = person.frames
        joints = joint_positions(person, body)
        positions = clip.camera_positions(frames)
        in_camera = np.einsum("nab,nkb->nka", clip.camera_rotations(frames), joints - positions[:, None])
        depth = np.maximum(in_camera[..., 2:], MIN_DEPTH)
        pixels = in_camera[..., :2] / depth * clip.focal_lengths(frames)[:, None, None] + clip.principal_point
        people.append(
            WorldPerson(
                frames=frames,
                in_camera=in_camera,
                joints=placement.points(joints),
                soles=placement.points(sole_points(person, body)),
                cameras=placement.points(positions),
                pixels=pixels,
            )
        )
    return people


def match_people(true: list[WorldPerson], captured: list[WorldPerson], size: np.ndarray) -> np.ndarray:
    """Match true and captured people in each frame by their boxes.

    Returns:
        [P, T] index of the captured person, -1 for none or if the true person is outside the frame.
    """
    count = len(true[0].frames)
    matches = np.full((len(true), count), -1)
    true_boxes = [person.boxes for person in true]
    boxes = [person.boxes for person in captured]
    in_frame = [person.inside(size).mean(1) >= IN_FRAME for person in true]
    for frame in range(count):
        here = [k for k in range(len(true)) if in_frame[k][frame]]
        rows = {k: frame - int(person.frames[0]) for k, person in enumerate(captured)}
        there = [k for k, row in rows.items() if 0 <= row < len(boxes[k])]
        pairs = match_boxes([true_boxes[k][frame] for k in here], [boxes[k][rows[k]] for k in there], MIN_IOU)
        for one, other in pairs.items():
            matches[here[one], frame] = there[other]
    return matches


def identity_switches(matches: np.ndarray) -> int:
    """Count how often a true person is matched with another captured person than at its last match.

    Args:
        matches: [P, T], from `match_people`.
    """
    return sum(int((np.diff(row[row >= 0]) != 0).sum()) for row in matches)


def must_be_found(person: WorldPerson, visible: np.ndarray, size: np.ndarray) -> np.ndarray:
    """[T] frames in which a true person is whole, larger than 80 pixels, and not hidden.

    Args:
        visible: [T] from `Truth`.
    """
    box = person.boxes
    large = np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) > COUNTED_SIDE
    return person.inside(size).all(1) & large & (visible >= COUNTED_SHARE)

"""A walking person in front of cameras, from which the tests write files of each dataset, and bodies to read them."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import rest_joints
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import pose_skeleton

FREE = load_body()
BODIES: dict[str, BodyData] = dict.fromkeys(("neutral", "male", "female"), FREE)


@dataclass(frozen=True)
class Walker:
    """SMPL parameters in a z-up world, and a camera x_c = R x + t for each frame."""

    poses: np.ndarray  # [N, 24, 3]
    betas: np.ndarray  # [10]
    trans: np.ndarray  # [N, 3]
    rotations: np.ndarray  # [N, 3, 3]
    translations: np.ndarray  # [N, 3]

    def world_joints(self) -> np.ndarray:
        """[N, 24, 3] joints by SMPL's definition: posed about the pelvis, then translated."""
        return pose_skeleton(self.poses, rest_joints(FREE, self.betas))[1] + self.trans[:, None]

    def camera_joints(self) -> np.ndarray:
        return np.einsum("nab,njb->nja", self.rotations, self.world_joints()) + self.translations[:, None]


def walker(count: int = 10, moving_camera: bool = True) -> Walker:
    random = np.random.default_rng(3)
    poses = 0.2 * random.normal(size=(1, 24, 3)) + 0.02 * random.normal(size=(count, 24, 3))
    poses[:, 0] = [np.pi / 2, 0, 0]  # upright: SMPL's y along the world's z
    base = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # a camera looking along +y
    camera_rotation = axis_angle_to_matrix(
        np.stack([np.zeros(count), 0.01 * np.arange(count) * moving_camera, np.zeros(count)], 1)
    )
    trans = np.stack([0.03 * np.arange(count), np.full(count, 5.0), np.full(count, 1.1)], 1)
    return Walker(poses, random.normal(size=10), trans, camera_rotation @ base, np.tile([0.1, 1.2, 0.3], (count, 1)))


def joints_of(poses: np.ndarray, betas: np.ndarray, trans: np.ndarray) -> np.ndarray:
    """[N, 24, 3] joints of the parameters that a reader returned."""
    return pose_skeleton(poses, rest_joints(FREE, betas))[1] + trans[:, None]


def camera_orient(person: Walker) -> np.ndarray:
    return matrix_to_axis_angle(person.rotations @ axis_angle_to_matrix(person.poses[:, 0]))


def write_image(path: Path, width: int, height: int) -> None:
    """Write an image that gets brighter from left to right and bluer from top to bottom."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ramp = np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1))
    down = np.tile(np.linspace(0, 255, height).astype(np.uint8)[:, None], (1, width))
    assert cv2.imwrite(str(path), np.stack([down, ramp, ramp], -1))


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))

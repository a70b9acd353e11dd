"""Pictures of poses."""

import numpy as np

from tar_blender.editing.pose_picture import draw_poses
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints

BODY = load_body()


def t_pose() -> np.ndarray:
    joints = rest_joints(BODY, np.zeros(10))
    return np.stack([joints[:, 0], -joints[:, 2], joints[:, 1]], 1)  # z up, facing -y, left on +x


def draw(poses: np.ndarray, heading: float, size: int) -> np.ndarray:
    return draw_poses(dict(zip(BODY.joint_names, poses.swapaxes(0, 1), strict=True)), heading, size)


def columns_of(picture: np.ndarray, channel: int) -> np.ndarray:
    """Columns in which one color is much stronger than the other of red and blue."""
    stronger = (picture[..., channel] > picture[..., 2 - channel] + 0.2).any(0)
    return np.flatnonzero(stronger)


def test_person_is_seen_from_the_front_whatever_the_heading() -> None:
    for heading in (0.0, 2.0):
        turn = np.array([[np.cos(heading), -np.sin(heading), 0], [np.sin(heading), np.cos(heading), 0], [0, 0, 1]])
        picture = draw((t_pose() @ turn.T)[None], heading, 64)
        left, right = columns_of(picture, 2), columns_of(picture, 0)
        assert left.mean() > 32 > right.mean()  # the left arm is blue and on the right of the picture
        assert picture[:32, :, 3].any() and picture[32:, :, 3].any()
    assert picture.min() >= 0 and picture.max() <= 1


def test_head_is_up() -> None:
    picture = draw(t_pose()[None], 0.0, 64)
    rows = np.flatnonzero(picture[:, 30:34, 3].any(1))
    assert rows.max() > 55  # the first row is the lowest


def test_poses_are_beside_each_other() -> None:
    one, three = (draw(np.stack([t_pose() + [5 * k, 0, 0] for k in range(n)]), 0.0, 96)[..., 3] for n in (1, 3))
    assert np.flatnonzero(three.any(1)).size < np.flatnonzero(one.any(1)).size
    assert three[:, [0, -1]].max() == 0

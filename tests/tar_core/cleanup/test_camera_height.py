"""Heights of the feet of people."""

import pytest
import torch

from tar_core.body.model import BodyModel
from tar_core.camera.placement import WorldPlacement
from tar_core.cleanup.camera_height import camera_height, feet_height
from tar_core.rotations import axis_angle_to_matrix
from tests.support.clips import synthetic_person, t_pose
from tests.support.standing import BODY


def test_height_is_that_of_the_lowest_vertex_of_the_posed_body() -> None:
    person = t_pose(1)
    rotations = axis_angle_to_matrix(torch.from_numpy(person.poses.reshape(1, 24, 3)))
    vertices = BodyModel(BODY).vertices(rotations, torch.from_numpy(person.betas[None]))[0].numpy() + person.trans
    assert camera_height([person], BODY) == pytest.approx(vertices[:, 1].max(), abs=0.003)


def test_jump_and_single_bad_frame_have_no_effect() -> None:
    height = camera_height([t_pose(200)], BODY)
    person = t_pose(200)
    person.trans[50:120, 1] -= 0.4  # y points down: a long jump
    person.trans[7, 1] += 0.5  # one frame below the ground
    assert camera_height([person], BODY) == pytest.approx(height, abs=1e-6)


def test_lower_foot_decides() -> None:
    height = camera_height([t_pose(5)], BODY)
    one_knee, both_knees = t_pose(5), t_pose(5)
    one_knee.poses[:, 3 * 4] = 1.5
    both_knees.poses[:, [3 * 4, 3 * 5]] = 1.5
    assert camera_height([one_knee], BODY) == pytest.approx(height, abs=1e-6)
    assert height - camera_height([both_knees], BODY) > 0.2


def test_long_motions_are_subsampled() -> None:
    short, long = synthetic_person(1, 2000, 0), synthetic_person(1, 4000, 0)
    long.poses[::2], long.trans[::2] = short.poses, short.trans
    assert camera_height([long], BODY) == camera_height([short], BODY)


def test_feet_height_above_z_0() -> None:
    person = t_pose(20)
    level = WorldPlacement.level(camera_height([person], BODY))
    assert feet_height([person], BODY, level) == pytest.approx(0, abs=0.01)
    raised = WorldPlacement.level(camera_height([person], BODY) + 0.5)
    assert feet_height([person], BODY, raised) == pytest.approx(feet_height([person], BODY, level) + 0.5)


def test_height_is_zero_without_people() -> None:
    assert camera_height([], BODY) == 0

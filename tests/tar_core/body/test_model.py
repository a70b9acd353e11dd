"""The body model equals smplx, is differentiable, and is not part of checkpoints."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_core.body.data import LANDMARK_NAMES, load_body
from tar_core.body.model import BodyModel
from tar_core.rotations import axis_angle_to_matrix
from tests.support.smpl_files import smpl_content

TOLERANCE = 1e-5  # meters


@pytest.fixture(scope="module")
def free():
    return load_body()


@pytest.fixture(scope="module")
def model(free):
    return BodyModel(free)


@pytest.fixture(scope="module")
def bending(free):
    """The free body with pose blend shapes, as SMPL's bodies have."""
    directions = np.random.default_rng(0).normal(size=free.posedirs.shape) * 0.01
    return replace(free, posedirs=directions.astype(np.float32))


def random_pose(seed=0, batch=4):
    """Large random rotations [B, 24, 3, 3] and betas [B, 10] of a few standard deviations."""
    random = torch.Generator().manual_seed(seed)
    axis_angles = torch.randn(batch, 24, 3, generator=random)
    return axis_angle_to_matrix(axis_angles), 2 * torch.randn(batch, 10, generator=random)


def by_smplx(model, rotations, betas):
    output = model(betas=betas, global_orient=rotations[:, :1], body_pose=rotations[:, 1:], pose2rot=False)
    return output.vertices.detach(), output.joints.detach()


@pytest.mark.parametrize("body", ["free", "bending"])
def test_equals_smplx(request, body):
    smplx_points = pytest.importorskip("tests.support.smplx_points")
    data = request.getfixturevalue(body)
    rotations, betas = random_pose()
    vertices, joints = by_smplx(smplx_points.smplx_model(data), rotations, betas)
    model = BodyModel(data)
    points = model(rotations, betas)
    torch.testing.assert_close(model.vertices(rotations, betas), vertices, rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(points.joints, joints[:, :24], rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(points.landmarks, joints[:, 24:], rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(points.markers, vertices[:, data.markers], rtol=0, atol=TOLERANCE)


def test_equals_smplx_on_a_users_file(tmp_path):
    """smplx reads the same file, so loading is compared too."""
    smplx = pytest.importorskip("smplx")
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(pickle.dumps(smpl_content(), 2))
    rotations, betas = random_pose(1)
    vertices, joints = by_smplx(smplx.SMPL(str(path)), rotations, betas)
    model = BodyModel(load_body(path))
    points = model(rotations, betas)
    torch.testing.assert_close(model.vertices(rotations, betas), vertices, rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(points.joints, joints[:, :24], rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(points.landmarks, joints[:, 24:], rtol=0, atol=TOLERANCE)


def test_rest_pose_is_the_template(free, model):
    rotations, betas = torch.eye(3).expand(1, 24, 3, 3), torch.zeros(1, 10)
    np.testing.assert_allclose(model.vertices(rotations, betas)[0], free.v_template, atol=1e-6)
    np.testing.assert_allclose(model(rotations, betas).joints[0], free.J_regressor @ free.v_template, atol=1e-6)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000))
def test_rotating_the_root_rotates_the_body_about_its_pelvis(model, seed):
    rotations, betas = random_pose(seed, batch=1)
    root = rotations[:, 5]
    rotated = rotations.clone()
    rotated[:, 0] = root @ rotations[:, 0]
    before, after = model(rotations, betas), model(rotated, betas)
    pelvis = before.joints[:, :1]
    torch.testing.assert_close(after.joints[:, :1], pelvis)
    expected = (before.markers - pelvis) @ root.transpose(1, 2) + pelvis
    torch.testing.assert_close(after.markers, expected, rtol=0, atol=TOLERANCE)


def test_markers_are_vertices_of_the_mesh(bending):
    vertices = np.array([5, 9000, 5])
    rotations, betas = random_pose()
    model = BodyModel(replace(bending, markers=vertices))
    points = model(rotations, betas)
    torch.testing.assert_close(points.markers, model.vertices(rotations, betas)[:, vertices], rtol=0, atol=TOLERANCE)
    assert points.landmarks.shape == (4, len(LANDMARK_NAMES), 3)


def test_gradients_reach_pose_and_shape(bending):
    """Analytic and numeric gradients agree in double precision."""
    model = BodyModel(replace(bending, markers=bending.markers[:2])).double()
    random = torch.Generator().manual_seed(0)
    axis_angles = torch.randn(1, 24, 3, generator=random, dtype=torch.float64, requires_grad=True)
    betas = torch.randn(1, 10, generator=random, dtype=torch.float64, requires_grad=True)

    def summary(axis_angles, betas):
        points = model(axis_angle_to_matrix(axis_angles), betas)
        return points.joints[:, ::5], points.markers

    assert torch.autograd.gradcheck(summary, (axis_angles, betas), fast_mode=True)


def test_state_dict_does_not_contain_the_body(model):
    assert not model.state_dict()
    assert not list(model.parameters())


def test_faces(free, model):
    np.testing.assert_array_equal(model.faces, free.faces)

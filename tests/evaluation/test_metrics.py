import numpy as np
import pytest
from scipy.spatial import procrustes as scipy_procrustes
from scipy.spatial.transform import Rotation

from tar_core.evaluation.metrics import acceleration_error, mpjpe, pa_mpjpe, procrustes_align


@pytest.fixture
def joints():
    return np.random.default_rng(0).normal(size=(6, 12, 3))


def test_moving_the_body_costs_nothing_after_root_alignment(joints):
    np.testing.assert_allclose(mpjpe(joints + np.array([1, 2, 3]), joints, [6, 7]), 0, atol=1e-9)


def test_one_joint_off_by_a_metre(joints):
    moved = joints.copy()
    moved[:, 0, 1] += 1
    np.testing.assert_allclose(mpjpe(moved, joints, [6, 7]), 1000 / 12)


def test_similarity_transforms_cost_nothing_after_procrustes(joints):
    rotation = Rotation.random(6, random_state=1).as_matrix()
    moved = 0.7 * joints @ rotation + [[[5.0, -1.0, 2.0]]]
    np.testing.assert_allclose(procrustes_align(moved, joints), joints, atol=1e-9)
    np.testing.assert_allclose(pa_mpjpe(moved, joints), 0, atol=1e-6)


def test_mirror_images_are_not_aligned_by_a_reflection(joints):
    assert (pa_mpjpe(joints * [-1, 1, 1], joints) > 100).all()


def test_procrustes_agrees_with_scipy(joints):
    """scipy scales the target to unit norm and leaves reflections in: compare residuals of near matches."""
    noisy = joints + 0.1 * np.random.default_rng(1).normal(size=joints.shape)
    for p, t in zip(noisy, joints, strict=True):
        disparity = scipy_procrustes(t, p)[2]
        ours = ((procrustes_align(p[None], t[None])[0] - t) ** 2).sum() / ((t - t.mean(0)) ** 2).sum()
        assert ours == pytest.approx(disparity)


def test_acceleration_of_a_jump_and_of_a_drift(joints):
    target = np.repeat(joints[:1], 5, 0)
    drift = target + 0.01 * np.arange(5)[:, None, None]
    np.testing.assert_allclose(acceleration_error(drift, target), 0, atol=1e-9)
    jump = target.copy()
    jump[2, :, 0] += 0.001
    np.testing.assert_allclose(acceleration_error(jump, target), [1, 2, 1])

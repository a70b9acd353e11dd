import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial import procrustes as scipy_procrustes
from scipy.spatial.transform import Rotation

from tar_core.evaluation.metrics import (
    acceleration_error,
    joint_angle_error,
    mpjpe,
    pa_joint_angle_error,
    pa_mpjpe,
    pa_vertex_error,
    procrustes,
    procrustes_align,
    vertex_error,
)


@pytest.fixture
def joints():
    return np.random.default_rng(0).normal(size=(6, 12, 3))


def test_translation_has_no_error_after_root_alignment(joints):
    np.testing.assert_allclose(mpjpe(joints + np.array([1, 2, 3]), joints, [6, 7]), 0, atol=1e-9)


def test_error_of_one_joint_is_averaged(joints):
    moved = joints.copy()
    moved[:, 0, 1] += 1
    np.testing.assert_allclose(mpjpe(moved, joints, [6, 7]), 1000 / 12)


def test_similarity_transforms_have_no_error_after_procrustes(joints):
    rotation = Rotation.random(6, random_state=1).as_matrix()
    moved = 0.7 * joints @ rotation + [[[5.0, -1.0, 2.0]]]
    np.testing.assert_allclose(procrustes_align(moved, joints), joints, atol=1e-9)
    np.testing.assert_allclose(pa_mpjpe(moved, joints), 0, atol=1e-6)


def test_procrustes_does_not_reflect(joints):
    assert (pa_mpjpe(joints * [-1, 1, 1], joints) > 100).all()


def test_procrustes_equals_scipy(joints):
    """scipy scales the target to unit norm and allows reflections, so compare the residuals of similar shapes."""
    noisy = joints + 0.1 * np.random.default_rng(1).normal(size=joints.shape)
    for p, t in zip(noisy, joints, strict=True):
        disparity = scipy_procrustes(t, p)[2]
        residual = ((procrustes_align(p[None], t[None])[0] - t) ** 2).sum() / ((t - t.mean(0)) ** 2).sum()
        assert residual == pytest.approx(disparity)


def test_acceleration_of_jump_and_drift(joints):
    target = np.repeat(joints[:1], 5, 0)
    drift = target + 0.01 * np.arange(5)[:, None, None]
    np.testing.assert_allclose(acceleration_error(drift, target), 0, atol=1e-9)
    jump = target.copy()
    jump[2, :, 0] += 0.001
    np.testing.assert_allclose(acceleration_error(jump, target), [1, 2, 1])


# Each metric against an independent implementation: loops over frames and joints, and scipy's alignment of vector sets,
# to 1e-6 of their units (mm, degrees, 10 m/s^3).


@pytest.fixture
def bodies():
    """Joints, meshes and joint orientations, predicted and true, of nine random frames."""
    random = np.random.default_rng(5)
    joints = random.normal(size=(9, 14, 3))
    vertices = random.normal(size=(9, 50, 3))
    noisy = joints + 0.2 * random.normal(size=joints.shape), vertices + 0.2 * random.normal(size=vertices.shape)
    rotations = [Rotation.random(9 * 5, random_state=seed).as_matrix().reshape(9, 5, 3, 3) for seed in (1, 2)]
    return noisy[0], joints, noisy[1], vertices, rotations[0], rotations[1]


def distances(a, b):
    return np.array(
        [[1000 * np.sqrt(sum((x - y) ** 2)) for x, y in zip(p, t, strict=True)] for p, t in zip(a, b, strict=True)]
    )


def aligned_by_scipy(predicted, target, more):
    """Align frame by frame with scipy's rotation between vector sets and the best scale.

    Returns:
        The points `more`, aligned, and the rotations.
    """
    aligned, rotations = [], []
    for p, t, points in zip(predicted, target, more, strict=True):
        rotation, _ = Rotation.align_vectors(t - t.mean(0), p - p.mean(0))
        rotated = rotation.apply(p - p.mean(0))
        scale = (rotated * (t - t.mean(0))).sum() / (rotated**2).sum()
        aligned.append(scale * rotation.apply(points - p.mean(0)) + t.mean(0))
        rotations.append(rotation)
    return np.array(aligned), rotations


def test_mpjpe_equals_loop(bodies):
    predicted, target, *_ = bodies
    shifted = [
        distances([p - (p[2] + p[3]) / 2], [t - (t[2] + t[3]) / 2]).mean()
        for p, t in zip(predicted, target, strict=True)
    ]
    np.testing.assert_allclose(mpjpe(predicted, target, [2, 3]), shifted, atol=1e-6)


def test_pa_mpjpe_equals_scipy_alignment(bodies):
    predicted, target, *_ = bodies
    aligned, _ = aligned_by_scipy(predicted, target, predicted)
    np.testing.assert_allclose(pa_mpjpe(predicted, target), distances(aligned, target).mean(1), atol=1e-6)


def test_procrustes_is_optimal(bodies):
    predicted, target, *_ = bodies
    best = procrustes(predicted[:1], target[:1])
    start = np.concatenate([Rotation.from_matrix(best.rotation[0]).as_rotvec(), best.scale, best.translation[0]])

    def residual(x):
        moved = x[3] * Rotation.from_rotvec(x[:3]).apply(predicted[0]) + x[4:]
        return ((moved - target[0]) ** 2).sum()

    assert residual(start) == pytest.approx(minimize(residual, start).fun, rel=1e-9)


def test_vertex_errors_equal_loops(bodies):
    predicted, target, mesh, true_mesh, *_ = bodies
    frames = zip(predicted, target, mesh, true_mesh, strict=True)
    expected = [distances([v - (p[2] + p[3]) / 2], [w - (t[2] + t[3]) / 2]).mean() for p, t, v, w in frames]
    np.testing.assert_allclose(vertex_error(mesh, true_mesh, predicted, target, [2, 3]), expected, atol=1e-6)
    aligned, _ = aligned_by_scipy(predicted, target, mesh)
    expected = distances(aligned, true_mesh).mean(1)
    np.testing.assert_allclose(pa_vertex_error(mesh, true_mesh, predicted, target), expected, atol=1e-6)


def test_angle_errors_equal_scipy_rotations(bodies):
    predicted, target, _, _, rotations, truth = bodies

    def expected(alignments):
        return [
            np.degrees(np.mean([(alignment * Rotation.from_matrix(a) * Rotation.from_matrix(b).inv()).magnitude()
                                for a, b in zip(p, t, strict=True)]))
            for alignment, p, t in zip(alignments, rotations, truth, strict=True)
        ]  # fmt: skip

    none = [Rotation.identity()] * len(predicted)
    np.testing.assert_allclose(joint_angle_error(rotations, truth), expected(none), atol=1e-6)
    _, alignments = aligned_by_scipy(predicted, target, predicted)
    errors = pa_joint_angle_error(rotations, truth, predicted, target)
    np.testing.assert_allclose(errors, expected(alignments), atol=1e-6)


def test_small_and_half_rotations_are_precise():
    for angle in (1e-7, 1e-3, np.pi - 1e-7, np.pi):
        rotation = Rotation.from_rotvec([0, angle, 0]).as_matrix()[None, None]
        assert joint_angle_error(rotation, np.eye(3)[None, None])[0] == pytest.approx(np.degrees(angle), rel=1e-9)


def test_acceleration_equals_loop(bodies):
    predicted, target, *_ = bodies
    expected = []
    for k in range(1, len(predicted) - 1):
        second = [x[k + 1] - 2 * x[k] + x[k - 1] for x in (predicted, target)]
        expected.append(distances([second[0]], [second[1]]).mean())
    np.testing.assert_allclose(acceleration_error(predicted, target), expected, atol=1e-6)

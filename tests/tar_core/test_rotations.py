"""Conversion and interpolation of rotations, in NumPy and torch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.transform import Rotation

from tar_core import rotations as r

vectors = hnp.arrays(np.float64, (5, 3), elements=st.floats(-3, 3, width=32))
KINDS = [np.asarray, torch.from_numpy]


def as_numpy(x):
    return np.asarray(x)


@pytest.mark.parametrize("kind", KINDS)
@given(axis_angle=vectors)
def test_every_representation_agrees_with_scipy(kind, axis_angle):
    expected = Rotation.from_rotvec(axis_angle).as_matrix()
    given_form = kind(axis_angle)
    matrix = r.axis_angle_to_matrix(given_form)
    assert type(matrix) is type(given_form)
    forms = [
        matrix,
        r.rotation_6d_to_matrix(r.matrix_to_rotation_6d(matrix)),
        r.quaternion_to_matrix(r.matrix_to_quaternion(matrix)),
        r.axis_angle_to_matrix(r.matrix_to_axis_angle(matrix)),
        r.axis_angle_to_matrix(r.quaternion_to_axis_angle(r.axis_angle_to_quaternion(given_form))),
    ]
    for form in forms:
        np.testing.assert_allclose(as_numpy(form), expected, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@given(start=vectors, end=vectors)
def test_quaternion_between(kind, start, end):
    between = r.quaternion_between(*(r.axis_angle_to_quaternion(kind(axis_angles)) for axis_angles in (start, end)))
    expected = (Rotation.from_rotvec(start).inv() * Rotation.from_rotvec(end)).as_matrix()
    np.testing.assert_allclose(as_numpy(r.quaternion_to_matrix(between)), expected, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@given(first=vectors, second=vectors)
def test_quaternion_product(kind, first, second):
    a, b = (r.axis_angle_to_quaternion(kind(axis_angles)) for axis_angles in (first, second))
    expected = (Rotation.from_rotvec(first) * Rotation.from_rotvec(second)).as_matrix()
    np.testing.assert_allclose(as_numpy(r.quaternion_to_matrix(r.quaternion_product(a, b))), expected, atol=1e-9)


@pytest.mark.parametrize("axis", np.eye(3))
@pytest.mark.parametrize("angle", [np.pi, np.pi - 1e-9, np.pi - 1e-4, 1e-9, 0.0])
def test_rotations_near_0_and_180_degrees_are_exact(axis, angle):
    expected = Rotation.from_rotvec(angle * axis).as_matrix()
    matrix = r.axis_angle_to_matrix(r.matrix_to_axis_angle(expected))
    np.testing.assert_allclose(matrix, expected, atol=1e-12)


def test_quaternions_have_positive_w():
    matrices = Rotation.random(100, random_state=0).as_matrix()
    assert (r.matrix_to_quaternion(matrices)[:, 0] >= 0).all()


def test_gradients_are_finite_at_the_identity():
    axis_angle = torch.zeros(1, 3, dtype=torch.float32, requires_grad=True)
    r.matrix_to_axis_angle(r.axis_angle_to_matrix(axis_angle)).sum().backward()
    assert torch.isfinite(axis_angle.grad).all()


def test_any_six_numbers_give_a_rotation():
    matrices = r.rotation_6d_to_matrix(np.random.default_rng(0).normal(size=(50, 6)))
    np.testing.assert_allclose(matrices @ matrices.swapaxes(1, 2), np.tile(np.eye(3), (50, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(matrices), 1)


def test_rotation_z_takes_x_towards_y():
    np.testing.assert_allclose(r.rotation_z(np.array(np.pi / 2)) @ [1, 0, 0], [0, 1, 0], atol=1e-12)


@given(start=vectors, end=vectors)
def test_rotation_between_is_the_smallest_rotation(start, end):
    start, end = start[0] + [1e-3, 2e-3, 0], end + [1e-3, 2e-3, 0]
    rotation = r.rotation_between(start, end)
    unit = [vector / np.linalg.norm(vector, axis=-1, keepdims=True) for vector in (start, end)]
    np.testing.assert_allclose(rotation @ unit[0], unit[1], atol=1e-6)
    angle = np.arctan2(np.linalg.norm(np.cross(*unit), axis=-1), unit[1] @ unit[0])
    np.testing.assert_allclose(Rotation.from_matrix(rotation).magnitude(), angle, atol=1e-5)


@pytest.mark.parametrize("direction", [[1.0, 0, 0], [0, -2.0, 0], [0.3, -0.4, 0.5]])
def test_opposite_directions_are_rotated_by_180_degrees(direction):
    rotation = r.rotation_between(np.array([direction, direction]), -np.array([direction, direction]))
    np.testing.assert_allclose(rotation @ direction, [-np.array(direction)] * 2, atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)


@given(axis_angle=vectors, fraction=st.floats(0, 1))
def test_slerp_rotates_by_the_fraction(axis_angle, fraction):
    start = Rotation.random(5, random_state=1)
    end = start * Rotation.from_rotvec(axis_angle)
    scipy_order = [1, 2, 3, 0]
    a, b = start.as_quat()[:, [3, 0, 1, 2]], end.as_quat()[:, [3, 0, 1, 2]]
    between = Rotation.from_quat(r.slerp(a, b, np.full(5, fraction))[:, scipy_order])
    angle = (start.inv() * between).magnitude()
    np.testing.assert_allclose(angle, fraction * (start.inv() * end).magnitude(), atol=1e-6)


def test_slerp_at_interpolates_between_known_times_and_clamps_beyond():
    known_times, times = np.array([2, 3, 7]), np.array([0.0, 2, 2.5, 5, 7, 9])
    rotations = Rotation.from_rotvec(np.outer([0.1, 0.5, 1.3], [1, 0, 0]))
    quaternions = np.stack([rotations.as_quat()[:, [3, 0, 1, 2]]] * 2, 1)  # two joints
    found = r.quaternion_to_axis_angle(r.slerp_at(times, known_times, quaternions))
    assert found.shape == (6, 2, 3)
    np.testing.assert_allclose(found[:, 1, 0], [0.1, 0.1, 0.3, 0.9, 1.3, 1.3], atol=1e-9)
    alone = r.slerp_at(times, known_times[:1], quaternions[:1])
    np.testing.assert_allclose(alone, np.broadcast_to(quaternions[:1], alone.shape))


def test_continuous_quaternions_never_jump():
    angles = np.linspace(0, 6 * np.pi, 200)
    q = r.axis_angle_to_quaternion(np.stack([angles, 0 * angles, 0 * angles], -1))
    q = q * np.where(np.random.default_rng(0).random(200) < 0.5, -1, 1)[:, None]
    fixed = r.continuous_quaternions(q)
    assert ((fixed[1:] * fixed[:-1]).sum(-1) > 0.9).all()
    np.testing.assert_allclose(r.quaternion_to_matrix(fixed), r.quaternion_to_matrix(q), atol=1e-12)


@given(st.integers(0, 1000))
def test_align_vectors_equals_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors, targets, weights = random.normal(size=(8, 3)), random.normal(size=(8, 3)), random.uniform(0.1, 1, 8)
    expected = Rotation.align_vectors(targets, vectors, weights=weights)[0].as_matrix()
    np.testing.assert_allclose(r.align_vectors(vectors, targets, weights), expected, atol=1e-9)


@given(axis_angle=vectors, angle=st.floats(-3.1, 3.1))
def test_twist_angle_is_the_part_about_the_axis(axis_angle, angle):
    axis = np.array([0.6, 0.0, 0.8])
    swing = Rotation.from_rotvec(axis_angle - np.outer(axis_angle @ axis, axis))
    both = [swing * Rotation.from_rotvec(angle * axis), Rotation.from_rotvec(angle * axis) * swing]
    for rotation in both:
        quaternion = rotation.as_quat()[:, [3, 0, 1, 2]]
        for sign in (1, -1):
            np.testing.assert_allclose(r.twist_angle(sign * quaternion, axis), angle, atol=1e-6)


def test_wrapped_angles_are_between_minus_pi_and_pi():
    angles = np.array([0.5, 0.5 + 2 * np.pi, -3.5, 4.0])
    np.testing.assert_allclose(r.wrap_angle(angles), [0.5, 0.5, 2 * np.pi - 3.5, 4 - 2 * np.pi])


def test_nearest_rotations_are_rotations_and_no_other_is_closer():
    random = np.random.default_rng(0)
    matrices = random.normal(size=(50, 3, 3))
    rotations = r.nearest_rotations(matrices)
    np.testing.assert_allclose(rotations @ rotations.swapaxes(1, 2), np.tile(np.eye(3), (50, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(rotations), 1)
    turned = rotations @ r.axis_angle_to_matrix(random.normal(size=(50, 3)) * 0.1)
    distances = [np.linalg.norm(each - matrices, axis=(1, 2)) for each in (rotations, turned)]
    assert (distances[0] <= distances[1]).all()

"""Kinematics of standing, jumping, sliding and leaping bodies."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.camera.placement import WorldPlacement
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.cleanup.kinematics import (
    Kinematics,
    acceleration,
    fall_acceleration,
    ground_contacts,
    is_flying,
    jitter,
    kinematics_of,
    outermost_vertices,
    unsupported_change,
    velocity,
)
from tar_core.motion import MotionClip
from tests.support.standing import BODY, FPS, jump, moved

TIME = np.arange(60) / FPS


def kinematics(clip: MotionClip) -> Kinematics:
    assert clip.floor is not None
    return kinematics_of(clip.people[0], clip, BODY, WorldPlacement.on_floor(clip.floor))


def test_a_person_who_stands_still() -> None:
    still = kinematics(moved())
    for values in (still.velocity, still.acceleration, still.jitter, still.sliding, still.distance_change):
        np.testing.assert_allclose(values, 0, atol=1e-3)
    np.testing.assert_allclose([still.sole_height, still.height], 0, atol=0.02)
    assert still.in_contact.all() and np.isnan(still.fall).all()


def test_heights_are_unknown_without_a_floor() -> None:
    clip = moved()
    unknown = kinematics_of(clip.people[0], clip, BODY, WorldPlacement.level(), has_floor=False)
    assert np.isnan([unknown.sole_height, unknown.height, unknown.fall]).all() and unknown.in_contact.all()


def test_velocity_along_and_across_the_line_of_sight() -> None:
    away = kinematics(moved(away=TIME))
    np.testing.assert_allclose(away.velocity[:, 0], 1, atol=0.02)
    assert away.velocity[:, 1].max() < 0.15, "the line of sight to the pelvis is almost level and straight ahead"
    sideways = kinematics(moved(x=TIME))
    assert sideways.velocity[:, 1].min() > 0.8


def test_velocity_is_that_of_the_world_if_the_camera_moves() -> None:
    """The person stands still, in the frame of a camera's first pose; the camera moves sideways."""
    positions = np.stack([TIME, 0 * TIME, 0 * TIME], 1)
    clip = replace(moved(), camera_trajectory=CameraTrajectory(0, np.zeros((60, 3)), positions))
    np.testing.assert_allclose(kinematics(clip).velocity, 0, atol=1e-3)


@pytest.mark.parametrize("fps", [12.0, 25.0, 30.0, 60.0, 120.0])
def test_derivatives_do_not_depend_on_the_frame_rate(fps: float) -> None:
    time = np.arange(round(2 * fps)) / fps
    np.testing.assert_allclose(velocity(3 * time, fps), 3)
    np.testing.assert_allclose(acceleration(2 * time**2, fps), 4)


def test_derivatives_of_too_few_frames_are_zero() -> None:
    np.testing.assert_array_equal(velocity(np.array([1.0]), FPS), [0])
    np.testing.assert_array_equal(acceleration(np.array([1.0, 5, 2]), FPS), [0, 0, 0])


def test_jitter_is_third_derivative() -> None:
    """x = a t^3 has the jerk 6 a at any frame rate."""
    for fps in (30.0, 60.0):
        time = np.arange(20) / fps
        joints = np.zeros((20, 3, 3))
        joints[:, :, 1] = (time**3)[:, None] * [1.0, 2.0, 3.0]
        np.testing.assert_allclose(jitter(joints, fps), 6 * 2.0 / 10, atol=1e-6)


def test_jitter_equals_numpy_differences() -> None:
    joints = np.random.default_rng(1).normal(size=(12, 24, 3))
    expected = np.linalg.norm(np.diff(joints, 3, axis=0), axis=-1).mean(-1) * 30**3 / 10
    np.testing.assert_allclose(jitter(joints, 30), expected, rtol=1e-12, atol=1e-6)


@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_jitter_of_a_person_is_taken_over_a_thirtieth_of_a_second(fps: float) -> None:
    time = np.arange(40) / fps
    clip = replace(moved(), fps=fps)
    (person,) = clip.people
    trans = np.stack([0 * time, 0 * time, 4 + time**3], 1)
    keep = slice(0, 40)
    part = replace(
        person,
        poses=person.poses[keep],
        trans=trans,
        frames=person.frames[keep],
        boxes=person.boxes[keep],
        confidence=person.confidence[keep],
        joint_errors=person.joint_errors[keep],
    )
    np.testing.assert_allclose(kinematics(replace(clip, people=[part])).jitter, 0.6, atol=0.02)


def test_free_fall() -> None:
    fall = kinematics(moved(up=jump(9.81, 0.6))).fall
    assert 8 < (~np.isnan(fall)).sum() < 18
    np.testing.assert_allclose(fall[~np.isnan(fall)], -9.81, atol=0.05)
    slow = kinematics(moved(up=jump(3.0, 1.0))).fall
    np.testing.assert_allclose(slow[~np.isnan(slow)], -3, atol=0.05)


def test_short_flights_are_not_measured() -> None:
    flying = np.zeros(60, bool)
    flying[10:14] = True
    assert np.isnan(fall_acceleration(TIME, flying, FPS)).all()


def test_feet_at_rest_in_the_air_are_an_apex_or_a_floating_person() -> None:
    height = np.where((np.arange(60) > 10) & (np.arange(60) < 50), 0.3, 0.0)
    at_rest = np.zeros(60, bool)
    at_rest[25:30] = True
    np.testing.assert_array_equal(is_flying(height, at_rest, FPS), height > 0)
    at_rest[25:45] = True
    np.testing.assert_array_equal(is_flying(height, at_rest, FPS), (height > 0) & ~at_rest)


@pytest.mark.parametrize("speed", [0.1, 0.2])
def test_sliding_feet(speed: float) -> None:
    sliding = kinematics(moved(x=speed * TIME)).sliding
    np.testing.assert_allclose(sliding, speed, atol=1e-4)


def test_sliding_is_unknown_without_contact() -> None:
    assert np.isnan(kinematics(moved(x=2 * TIME)).sliding).all()


def test_contacts_need_no_floor_but_the_lowest_sole() -> None:
    soles = np.zeros((30, 4, 3))
    soles[..., 1] = 4
    soles[..., 2] = 0.7  # far above the floor
    soles[:, 2:, 2] += 0.3  # a raised foot at rest
    np.testing.assert_array_equal(ground_contacts(soles, FPS, np.zeros((30, 3))), [[True, True, False, False]] * 30)


def test_change_of_distance_needs_a_change_of_the_box() -> None:
    distance = np.interp(np.arange(30), [10, 13], [4.0, 3.0])
    box = np.tile([0.0, 0.0, 0.1, 0.2], (30, 1))
    jump_of_size = unsupported_change(distance, box, FPS)
    np.testing.assert_allclose(jump_of_size.min(), np.log(3 / 4))
    assert not unsupported_change(distance, box / distance[:, None], FPS).round(12).any()
    assert not unsupported_change(distance, 0 * box, FPS).any(), "no box"
    half = unsupported_change(distance, box / np.sqrt(distance)[:, None], FPS)
    np.testing.assert_allclose(half.min(), np.log(3 / 4) / 2)
    crouch = unsupported_change(np.full(30, 4.0), box / distance[:, None], FPS)
    assert not crouch.any(), "the pose may change the box"


def test_outermost_vertices_contain_the_ends_of_the_body() -> None:
    chosen = BODY.v_template[outermost_vertices(BODY)]
    np.testing.assert_array_equal(chosen.min(0), BODY.v_template.min(0))
    np.testing.assert_array_equal(chosen.max(0), BODY.v_template.max(0))
    assert len(chosen) < 150

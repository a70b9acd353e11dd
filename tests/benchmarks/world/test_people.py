"""Matching of true and captured people, identity switches and missed people."""

import numpy as np

from benchmarks.world.people import captured_people, identity_switches, match_people, must_be_found, true_people
from benchmarks.world.truth import Truth
from tar_core.body.data import load_body
from tar_core.camera.placement import WorldPlacement
from tar_core.motion import Floor, MotionClip
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tests.support.world_people import SIZE, person_at, walker


def test_people_are_matched_by_their_boxes():
    near = walker(speed=0.3)
    far = person_at(walker(speed=0.3, depth=7.0).joints + [1.5, 0, 0], near.soles)
    matches = match_people([near, far], [far, near], SIZE)
    np.testing.assert_array_equal(matches, np.repeat([[1], [0]], 100, axis=1))
    assert identity_switches(matches) == 0
    assert (match_people([near], [], SIZE) == -1).all()


def test_people_outside_the_image_are_not_matched():
    outside = person_at(walker().joints + [20, 0, 0], walker().soles)
    assert (match_people([outside], [outside], SIZE) == -1).all()


def test_identity_switches_are_counted_across_gaps():
    assert identity_switches(np.array([[0, 0, -1, -1, 0, 1, 1], [1, 1, 1, -1, -1, 0, 0]])) == 2
    assert identity_switches(np.full((2, 5), -1)) == 0


def test_only_whole_large_and_visible_people_must_be_found():
    person, visible = walker(speed=0.5), np.ones(100)
    assert must_be_found(person, visible, SIZE).all()
    assert not must_be_found(person, 0.3 * visible, SIZE).any()
    tiny = walker(depth=60.0)
    assert not must_be_found(tiny, visible, SIZE).any()
    cut = person_at(person.joints - [0, 0, 1.5], person.soles)
    assert not must_be_found(cut, visible, SIZE).any()


def test_true_and_captured_people_agree_for_a_perfect_capture():
    """The same motion, once as truth in the world and once as a clip in the frame of a tilted camera."""
    body = load_body()
    random = np.random.default_rng(0)
    count, betas = 5, random.normal(size=10)
    poses = random.normal(size=(1, count, 24, 3)) * 0.2
    pelvis = np.array([0.1, 1.0, -4.0]) + 0.05 * random.normal(size=(1, count, 3))
    rotation = axis_angle_to_matrix(np.array([0.3, 0.0, 0.1])) @ np.diag([1.0, -1, -1])
    position = np.array([0.2, 1.4, 0.5])
    size = np.array([1280, 720])
    truth = Truth(
        *(size, 900.0, np.tile(rotation, (count, 1, 1)), np.tile(position, (count, 1))),
        *(poses, betas[None], pelvis, np.ones((1, count))),
    )
    person = truth.motion(0, body)
    joints = truth.joints(0, body)
    turned = person.poses.reshape(count, 24, 3).astype(float)
    turned[:, 0] = matrix_to_axis_angle(rotation @ axis_angle_to_matrix(turned[:, 0]))
    rest = joints[0, 0] - person.trans[0]
    person.trans = ((joints[:, 0] - position) @ rotation.T - rest).astype(np.float32)
    person.poses = turned.reshape(count, -1).astype(np.float32)
    clip = MotionClip(30.0, 1280, 720, 900.0, (size - 1) / 2, "made", [person])
    (true,) = true_people(truth, body)
    (captured,) = captured_people(clip, WorldPlacement.on_floor(Floor(truth.up, position[1])), body)
    np.testing.assert_allclose(captured.in_camera, true.in_camera, atol=1e-5)
    np.testing.assert_allclose(captured.pixels, true.pixels, atol=0.02)
    for name in ("joints", "soles", "cameras"):
        np.testing.assert_allclose(getattr(captured, name)[..., 2], getattr(true, name)[..., 2], atol=1e-5)
    assert (match_people([true], [captured], size) == 0).all()

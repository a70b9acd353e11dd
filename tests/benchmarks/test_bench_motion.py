"""The benchmark's own parts: a true person stands still before its camera, errors are of the size that is said."""

import numpy as np
import pytest

from benchmarks.bench_motion import (
    EACH_ANKLE,
    HANDS_AND_FEET,
    acceleration_off,
    dolly,
    draw_demo,
    fling,
    floor_errors,
    hits,
    hits_off,
    in_world,
    joints_of,
    on_floor,
    root_error,
    share_within,
    sitting_down,
    slow_noise,
    true_person,
    with_errors,
)
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.cleanup.contacts import sole_points, surface_points
from tar_core.cleanup.foot_locking import foot_points, slide
from tar_core.motion import MotionClip
from tar_core.skeleton import JOINT_NAMES
from tar_core.synthetic.motions import FPS, Motion, world_rotations
from tar_core.synthetic.scene import sample_camera

BODY = load_body()


def standing(count=90):
    poses = np.zeros((count, 24, 3))
    poses[:, 16, 2] = np.linspace(0, 1, count)
    return Motion("test/stand", poses, np.tile([0.0, 0.95, 0.0], (count, 1)))


def person(seed=0):
    random = np.random.default_rng(seed)
    motion = standing()
    return true_person(motion, sample_camera(random, motion.trans[:, None] + 0.5, truncate=False), BODY), random


def test_the_truth_does_not_slide_and_errors_do():
    truth, random = person()
    captured = with_errors(truth, random)
    everywhere = np.ones((89, 4))
    assert slide(foot_points(truth, BODY), everywhere) < 1e-6
    assert slide(foot_points(captured, BODY), everywhere) > 0.001
    assert root_error(truth, truth) == 0 and 20 < root_error(captured, truth) < 120


def getting_up(ankle_turn):
    """Lies 0.1 m deep in the floor for 40 frames, stands with both ankles turned, jumps by 0.5 m."""
    poses, trans = np.zeros((130, 24, 3)), np.tile([0.0, 0.93, 0.0], (130, 1))
    poses[:40, 0], trans[:40, 1] = [np.pi / 2, 0, 0], 0.0
    poses[40:, EACH_ANKLE] = ankle_turn
    trans[100:120, 1] += 0.5 * np.sin(np.linspace(0, np.pi, 20))
    return Motion("test/getup", poses, trans)


def test_nobody_stands_on_tilted_soles_or_lies_in_the_floor():
    motion = getting_up([0.1, 0, 0.15])
    placed = on_floor(motion, BODY)
    heights = surface_points(in_world(placed, BODY), BODY, np.arange(len(BODY.v_template)))[..., 1].min(1)
    assert heights.min() > -0.003, "nothing is below the floor"
    np.testing.assert_allclose(heights[50:95], 0, atol=0.005)
    np.testing.assert_allclose(heights[109], 0.5, atol=0.02)
    assert world_rotations(placed.poses)[50:95, EACH_ANKLE, 1, 1].min() > np.cos(np.radians(0.5))
    others = [joint for joint in range(len(JOINT_NAMES)) if joint not in EACH_ANKLE]
    np.testing.assert_array_equal(placed.poses[:, others], motion.poses[:, others])


@pytest.mark.parametrize("turn", [[0.6, 0, 0], [0, 0, 0]], ids=["tiptoe", "level"])
def test_other_feet_stay_as_they_are(turn):
    motion = getting_up(turn)
    np.testing.assert_allclose(on_floor(motion, BODY).poses, motion.poses, atol=1e-6)


def test_who_sits_down_keeps_the_feet_and_goes_to_a_chairs_height():
    motion = on_floor(sitting_down(rest_joints(BODY, np.zeros(10))), BODY)
    soles = sole_points(in_world(motion, BODY), BODY)
    assert np.ptp(soles[..., 1]) < 0.03 and np.ptp(soles, axis=0).max() < 0.1
    pelvis = motion.trans[:, 1]
    assert pelvis[0] > 0.8 and pelvis[75] < 0.65 and abs(pelvis[-1] - pelvis[0]) < 0.01


def test_noise_has_the_size_that_is_said_and_is_smooth():
    noise = slow_noise(np.random.default_rng(0), 5000, 3)
    assert abs(noise.std() - 1) < 0.15
    assert np.abs(np.diff(noise, axis=0)).mean() < 0.12


def test_feet_are_drawn(tmp_path, capsys):
    truth, random = person()
    clip = MotionClip(FPS, 640, 480, 800, np.array([320, 240]), "a.mp4", [with_errors(truth, random)])
    clip.people[0].boxes[:, 2:] = 100
    draw_demo(clip, BODY, tmp_path / "feet.png")
    assert (tmp_path / "feet.png").stat().st_size > 5000
    printed = capsys.readouterr().out
    for line in ("standing feet slide", "jitter", "knees' largest"):
        captured, _, locked = (float(number) for number in printed[printed.index(line) :].splitlines()[0].split()[-3:])
        assert locked < captured, line


def test_flung_limbs_are_away_for_some_frames_only():
    random = np.random.default_rng(0)
    poses = np.random.default_rng(1).normal(size=(40, 24, 3))
    done = set()
    for _ in range(30):
        what, flung, away = fling(poses, random)
        changed = np.flatnonzero((flung != poses).any((1, 2)))
        np.testing.assert_array_equal(changed, np.arange(40)[away])
        assert 1 <= len(changed) <= 6
        done.add(what)
    assert done == {"swapped", "lost"}


def test_a_dolly_goes_along_and_pans():
    path = dolly(np.random.default_rng(0), 90)
    assert abs(path.length - 0.6 * 89 / FPS) < 0.02
    assert 0 < path.max_angle <= 0.4


def test_a_floor_is_compared_with_the_cameras_own():
    """Nobody is there: no floor, the level camera, and errors that are the camera's own tilt and height."""
    empty = MotionClip(FPS, 640, 480, 800, np.array([320, 240]), "a.mp4")
    tilt, height = floor_errors(empty, np.array([0.0, -np.cos(0.2), -np.sin(0.2)]), 1.5, BODY)
    np.testing.assert_allclose([tilt, height], [np.degrees(0.2), 1.5])


def test_hits_keep_their_frame_or_are_told():
    time = np.arange(90)
    joints = np.zeros((90, 24, 3))
    joints[:, HANDS_AND_FEET[0], 0] = 1 / (1 + np.exp(-(time - 40.5)))  # fastest between frames 40 and 41
    assert hits(joints) == [(HANDS_AND_FEET[0], 40)]
    assert hits_off(np.roll(joints, 2, axis=0), joints) == [2]
    assert hits_off(np.zeros_like(joints), joints) == [8], "gone"
    assert share_within([0, 1, 2, 8], 1) == 0.5


def test_accelerations_of_what_trembles():
    truth, random = person()
    captured = with_errors(truth, random)
    true = joints_of(truth, BODY)
    assert acceleration_off(true, true) == 0
    assert 3 < acceleration_off(joints_of(captured, BODY), true) < 12

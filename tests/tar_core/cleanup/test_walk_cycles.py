"""Gaps in walking are filled with steps; nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.cleanup.walk_cycles import cut_ends, fill_walks, find_walk
from tar_core.motion import PersonMotion
from tar_core.skeleton import JOINT_NAMES

FPS, WIDTH = 30.0, 640
HIPS, KNEES, SHOULDERS = (
    [JOINT_NAMES.index(f"{side}_{part}") for side in ("left", "right")] for part in ("hip", "knee", "shoulder")
)


def walker(count: int = 180, frequency: float = 0.95, speed: float = 1.3, swing: float = 0.4) -> PersonMotion:
    """A person who walks to the right; left and right are half a cycle apart."""
    time = np.arange(count) / FPS
    poses = np.zeros((count, 24, 3))
    poses[:, 0, 0] = np.pi
    for side in range(2):
        phase = 2 * np.pi * frequency * time + np.pi * side
        poses[:, HIPS[side], 0] = swing * np.cos(phase)
        poses[:, KNEES[side], 0] = swing * (1 + np.sin(phase)) ** 2 / 2
        poses[:, SHOULDERS[side]] = np.stack([-swing * np.cos(phase), 0 * time, (1 - 2 * side) * (0 * time - 1.2)], 1)
    trans = np.stack([speed * time, 0 * time, 5 + 0 * time], 1)
    frames = np.arange(count) + 7
    return PersonMotion(
        1,
        poses.reshape(count, 72),
        np.zeros(10),
        trans,
        frames,
        np.tile([100.0, 100, 200, 400], (count, 1)),
        np.full(count, 0.9),
    )


def with_gap(person: PersonMotion, first: int, end: int) -> PersonMotion:
    """The person as captured if the frames `first` to `end` (exclusive) are not seen."""
    rows = np.arange(len(person))
    seen = np.delete(rows, np.s_[first:end])
    poses, trans = (
        np.stack([np.interp(rows, seen, column[seen]) for column in values.T], 1)
        for values in (person.poses, person.trans)
    )
    return replace(
        person,
        poses=poses,
        trans=trans,
        confidence=np.where(np.isin(rows, seen), person.confidence, 0),
    )


def turning(person: PersonMotion) -> PersonMotion:
    """The person spins about the vertical once in 1.5 s."""
    poses = person.poses.copy()
    angle = 2 * np.pi * np.arange(len(person)) / (1.5 * FPS)
    poses[:, :3] = np.pi * np.stack([np.cos(angle / 2), 0 * angle, np.sin(angle / 2)], 1)
    return replace(person, poses=poses)


def error(person: PersonMotion, true: PersonMotion, first: int, end: int) -> float:
    """Largest error of hips, knees and shoulders in the gap, radians."""
    joints = [*HIPS, *KNEES, *SHOULDERS]
    poses, target = (one.poses.reshape(-1, 24, 3)[first:end, joints] for one in (person, true))
    return float(np.linalg.norm(poses - target, axis=-1).max())


@pytest.mark.parametrize("end", [90, 110, 130])
@pytest.mark.parametrize("frequency", [0.8, 0.95, 1.3])
def test_a_gap_has_the_steps_that_were_not_seen(frequency: float, end: int) -> None:
    true = walker(frequency=frequency)
    captured = with_gap(true, 75, end)
    filled = fill_walks(captured, FPS, WIDTH)
    assert error(filled, true, 75, end) < 0.16
    assert error(filled, true, 75, end) < 0.4 * error(captured, true, 75, end)
    unchanged = np.delete(np.arange(len(true)), np.s_[75:end])
    np.testing.assert_array_equal(filled.poses[unchanged], captured.poses[unchanged])
    np.testing.assert_array_equal(filled.trans, captured.trans)
    np.testing.assert_array_equal(filled.confidence, captured.confidence)


def test_poses_do_not_jump_at_the_ends_of_the_gap() -> None:
    true = walker()
    changed = true.poses.reshape(-1, 24, 3).copy()
    changed[100:, KNEES] += np.array([0.2, 0, 0])  # walks on with bent knees
    filled = fill_walks(with_gap(replace(true, poses=changed.reshape(-1, 72)), 60, 100), FPS, WIDTH)
    steps = np.abs(np.diff(filled.poses.reshape(-1, 24, 3)[:, KNEES], axis=0))
    seen = np.delete(np.arange(len(true) - 1), np.s_[59:100])
    assert steps[59:100].max() < 1.3 * steps[seen].max()


def test_a_person_who_comes_to_a_stop_behind_something_walks_in_the_gap() -> None:
    true = walker()
    stopped = true.poses.reshape(-1, 24, 3).copy()
    stopped[110:, 1:] = 0
    captured = with_gap(replace(true, poses=stopped.reshape(-1, 72)), 75, 110)
    assert error(fill_walks(captured, FPS, WIDTH), true, 75, 104) < 0.16
    # On one side alone, the walk must be clear.
    stopped[:75, HIPS] += np.random.default_rng(0).normal(0, 0.22, (75, 2, 3))
    noisy = with_gap(replace(true, poses=stopped.reshape(-1, 72)), 75, 110)
    np.testing.assert_array_equal(fill_walks(noisy, FPS, WIDTH).poses, noisy.poses)


def test_less_than_a_cycle_is_completed_by_its_mirror_image() -> None:
    true = walker(78)
    stopped = true.poses.reshape(-1, 24, 3).copy()
    stopped[60:, 1:] = 0
    captured = with_gap(replace(true, poses=stopped.reshape(-1, 72)), 28, 60)
    assert error(fill_walks(captured, FPS, WIDTH), true, 28, 54) < 0.25


def test_other_gaps_are_left_alone() -> None:
    for captured in (
        with_gap(walker(speed=0.1), 75, 110),  # on the spot
        with_gap(walker(swing=0.03), 75, 110),  # on wheels
        with_gap(walker(), 75, 80),  # short
        with_gap(walker(400), 75, 230),  # long
        with_gap(turning(walker()), 75, 110),  # dances
        walker(),
    ):
        assert fill_walks(captured, FPS, WIDTH) is captured or np.array_equal(
            fill_walks(captured, FPS, WIDTH).poses, captured.poses
        )


def test_noise_is_no_walk() -> None:
    noise = np.random.default_rng(0).normal(0, 0.3, 75)
    assert find_walk(noise, np.arange(75), FPS) is None
    assert find_walk(noise, np.arange(5), FPS) is None
    assert find_walk(np.zeros(75), np.arange(75), FPS) is None


def test_ends_that_are_cut_off_at_the_side_are_replaced() -> None:
    true = walker()
    entering, leaving = np.s_[:10], np.s_[170:]
    poses, boxes = true.poses.reshape(-1, 24, 3).copy(), true.boxes.copy()
    for cut, side in ((entering, 0), (leaving, 1)):
        poses[cut, 1:], poses[cut, 0, 2] = 0, 0.5
        boxes[cut, ::2] = [-60, 40] if side == 0 else [600, 700]
    captured = replace(true, poses=poses.reshape(-1, 72), boxes=boxes)
    assert cut_ends(captured, FPS, WIDTH) == [(0, 10), (170, 180)]
    filled = fill_walks(captured, FPS, WIDTH)
    assert error(filled, true, 0, 10) < 0.16 and error(filled, true, 170, 180) < 0.16
    roots = np.abs(filled.poses[[*range(10), *range(170, 180)], :3])  # half a turn about x or -x
    np.testing.assert_allclose(roots, true.poses[:20, :3], atol=0.01)
    np.testing.assert_array_equal(filled.poses[10:170], captured.poses[10:170])
    above = replace(captured, boxes=np.where(boxes == true.boxes, boxes, [100, -300, 200, 400]))
    assert fill_walks(above, FPS, WIDTH) is above


def test_ends_that_are_cut_off_for_long_are_replaced_only_at_the_very_end() -> None:
    cut = replace(walker(), boxes=np.where(np.arange(180)[:, None] < 60, [-60.0, 100, 40, 400], [100, 100, 200, 400]))
    assert cut_ends(cut, FPS, WIDTH) == [(0, 12)]
    assert cut_ends(replace(cut, boxes=np.tile([-60.0, 100, 40, 400], (180, 1))), FPS, WIDTH) == []

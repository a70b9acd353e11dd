"""Gaps in made-up captures of a person who walks, and of one who sits down."""

from dataclasses import replace

import numpy as np

from benchmarks.gap_errors import errors_in_gaps, with_gap
from benchmarks.world.rendering import make_truth
from benchmarks.world.truth import Truth
from tar_core.body.data import load_body
from tar_core.skeleton import JOINT_NAMES
from tests.support.world_people import SITTING, perfect

BODY = load_body()


def walking(truth: Truth) -> Truth:
    """The same camera, with a person who walks past it."""
    count = len(truth)
    phase = 2 * np.pi * 0.9 * np.arange(count) / 30
    poses = np.zeros((1, count, 24, 3))
    for side, sign in (("left", 1), ("right", -1)):
        poses[0, :, JOINT_NAMES.index(f"{side}_hip"), 0] = 0.4 * sign * np.cos(phase)
        poses[0, :, JOINT_NAMES.index(f"{side}_knee"), 0] = 0.3 * (1 + sign * np.sin(phase))
    poses[0, :, 0, 1] = np.pi / 2
    path = np.stack([1.2 * (np.arange(count) / 30 - 2), np.full(count, 0.95), np.zeros(count)], 1)
    return replace(truth, poses=poses, pelvis=path[None])


def test_only_gaps_in_walking_are_filled_and_counted() -> None:
    sitting = make_truth(SITTING, {}, BODY)
    assert errors_in_gaps(perfect(sitting), sitting, 1.0, BODY) == {}
    truth = walking(sitting)
    errors = errors_in_gaps(perfect(truth), truth, 1.6, BODY)
    assert list(errors) == ["seen", "interpolated", "filled"]
    (seen,), (interpolated,), (filled,) = errors.values()
    assert filled[0] < 0.5 * interpolated[0] and filled[0] < seen[0] + 20


def test_a_gap_is_interpolated_and_has_no_confidence() -> None:
    (person,) = perfect(make_truth(SITTING, {}, BODY)).people
    hidden = with_gap(person, 40, 60)
    assert (hidden.confidence[40:60] == 0).all() and (np.delete(hidden.confidence, np.s_[40:60]) > 0).all()
    np.testing.assert_allclose(hidden.trans[50], person.trans[39] * 10 / 21 + person.trans[60] * 11 / 21, atol=1e-5)
    np.testing.assert_array_equal(hidden.poses[:40], person.poses[:40])

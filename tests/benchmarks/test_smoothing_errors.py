"""Errors of smoothed poses on made-up captures."""

from dataclasses import replace

import numpy as np

from benchmarks.smoothing_errors import Errors, measure, takes
from benchmarks.world.rendering import make_truth
from tar_core.body.data import load_body
from tests.support.world_people import SITTING, perfect

BODY = load_body()


def test_a_perfect_capture_has_no_errors() -> None:
    truth = make_truth(SITTING, {}, BODY)
    (take,) = takes(perfect(truth), truth, BODY)
    errors = Errors()
    errors.add(take.captured, take, BODY)
    assert len(take.joints) == len(truth)
    assert np.concatenate(errors.mpjpe).max() < 0.1 and np.concatenate(errors.acceleration).max() < 0.1


def test_smoothing_removes_jitter_and_changes_the_truth_little() -> None:
    truth = make_truth(SITTING, {}, BODY)
    clip = perfect(truth)
    (person,) = clip.people
    shaken = person.poses + 0.03 * np.random.default_rng(0).normal(size=person.poses.shape).astype(np.float32)
    found = list(takes(replace(clip, people=[replace(person, poses=shaken)]), truth, BODY))
    rows = [measure(found, strength, BODY).split() for strength in (0.0, 0.3, 1.0)]
    jitter, acceleration, truth_acceleration = (np.array([float(row[k]) for row in rows]) for k in (3, 4, 6))
    assert (np.diff(jitter) < 0).all() and (np.diff(acceleration) < 0).all()
    assert truth_acceleration[0] == 0 and truth_acceleration[1] < 0.3 * acceleration[1]

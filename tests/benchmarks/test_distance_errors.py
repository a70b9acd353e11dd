"""Errors of the distance on made-up captures."""

from dataclasses import replace

import numpy as np

from benchmarks.distance_errors import distance_errors
from benchmarks.world.rendering import make_truth
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tests.support.world_people import SITTING, perfect

BODY = load_body()


def test_errors_are_relative_to_the_median() -> None:
    """The person is captured 10 percent too far in all frames, and 5 percent farther in some."""
    truth = make_truth(SITTING, {}, BODY)
    clip = perfect(truth)
    (person,) = clip.people
    factors = np.full(len(person), 1.1)
    factors[10:15] *= 1.05
    pelvis = rest_joints(BODY, person.betas.astype(np.float64))[0]
    expected = np.full((len(person), 24), 0.2)
    far = replace(person, trans=(person.trans + pelvis) * factors[:, None] - pelvis, joint_errors=expected)
    ((errors, joints),) = distance_errors(replace(clip, people=[far]), truth, BODY)
    np.testing.assert_allclose(errors[10:15], np.log(1.05), atol=1e-3)
    np.testing.assert_allclose(np.delete(errors, slice(10, 15)), 0, atol=1e-3)
    np.testing.assert_allclose(joints, 0.2, atol=1e-6)

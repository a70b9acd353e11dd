"""Sightings are precise across the line of sight."""

import numpy as np

from tar_core.body.data import load_body
from tar_core.views.sightings import Sightings, joints_of, sightings_of
from tests.support.views import SIDE, dancer, seen_by


def test_errors_are_largest_along_the_line_of_sight():
    seen = sightings_of(dancer(), load_body())
    values, vectors = np.linalg.eigh(seen.covariances())
    sight = seen.joints / np.linalg.norm(seen.joints, axis=-1, keepdims=True)
    assert (np.abs((vectors[..., -1] * sight).sum(-1)) > 0.999).all()
    assert (values[..., 2] > 9 * values[..., 1]).all()


def test_doubtful_frames_have_larger_errors():
    person = dancer()
    person.confidence[10] = 0.2
    trace = np.trace(sightings_of(person, load_body()).relative_covariances(), axis1=-2, axis2=-1)
    assert (trace[10] > 20 * trace[11]).all()


def test_a_transformation_moves_joints_covariances_and_rotations_alike():
    rotation, position = SIDE
    person, body = dancer(), load_body()
    moved = sightings_of(seen_by(SIDE, person), body).transformed(rotation.T, position)
    np.testing.assert_allclose(moved.joints, joints_of(person, body), atol=1e-5)
    np.testing.assert_allclose(moved.rotations, sightings_of(person, body).rotations, atol=1e-5)
    (back,) = {len(part.joints) for part in [Sightings.concatenated([moved, moved.rows(slice(5, 9))])]}
    assert back == len(person) + 4

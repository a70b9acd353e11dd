"""The place of a camera is found from the people whom two cameras see."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from tar_core.body.data import load_body
from tar_core.motion import LEVEL, Vertical
from tar_core.views.registration import register
from tar_core.views.sightings import sightings_of
from tests.support.views import BACK, FRONT, SIDE, dancer, seen_by


def sightings(camera, person, error=0.0, seed=0):
    return sightings_of(seen_by(camera, person, error, seed), load_body())


def with_wrong_depth(seen, seed):
    """Joints displaced along their lines of sight: slowly by 0.1 m each, and all together by 8 % of the distance."""
    random = np.random.default_rng(seed)

    def slow(*shape):
        noise = gaussian_filter1d(random.normal(size=(len(seen.joints), *shape)), 20, axis=0)
        return noise / noise.std()

    direction = seen.sight / np.linalg.norm(seen.sight, axis=-1, keepdims=True)
    joints = (seen.joints + 0.1 * direction * slow(24, 1)) * (1 + 0.08 * slow(1, 1))
    return replace(seen, joints=joints, sight=joints)


def errors_of(found, camera):
    """Error of the rotation in degrees, and of the position in meters."""
    rotation, position = camera
    turn = Rotation.from_matrix(found.rotation @ rotation).magnitude()
    return np.degrees(turn), np.linalg.norm(found.translation - position)


@pytest.mark.parametrize("camera", [SIDE, BACK])
def test_exact_sightings_give_the_exact_camera(camera):
    found = register(sightings(FRONT, dancer()), sightings(camera, dancer()))
    np.testing.assert_allclose(found.rotation, camera[0].T, atol=1e-6)
    np.testing.assert_allclose(found.translation, camera[1], atol=1e-5)
    assert found.error < 1e-3


@pytest.mark.parametrize("camera", [SIDE, BACK])
@pytest.mark.parametrize("seed", range(3))
def test_the_camera_is_found_in_spite_of_wrong_depth(camera, seed):
    person = dancer(seed)
    ours = with_wrong_depth(sightings(FRONT, person), 2 * seed)
    theirs = with_wrong_depth(sightings(camera, person), 2 * seed + 1)
    angle, distance = errors_of(register(ours, theirs), camera)
    assert angle < 10
    assert distance < 1.2  # of 5 and 8 m
    verticals = Vertical(LEVEL, 1.0), Vertical(camera[0] @ LEVEL, 1.0)
    with_verticals, closer = errors_of(register(ours, theirs, verticals), camera)
    assert with_verticals < max(angle, 4)
    assert closer < max(distance, 0.4)


def test_verticals_decide_the_tilt():
    person = dancer()
    ours, theirs = with_wrong_depth(sightings(FRONT, person), 0), with_wrong_depth(sightings(SIDE, person), 1)
    found = register(ours, theirs, (Vertical(LEVEL, 0.5), Vertical(SIDE[0] @ LEVEL, 0.5)))
    assert np.degrees(np.arccos(LEVEL @ found.rotation @ SIDE[0] @ LEVEL)) < 1


def test_gross_errors_in_some_frames_count_little():
    person = dancer()
    ours, theirs = sightings(FRONT, person), sightings(SIDE, person)
    theirs.joints[::5] += [1.0, -2.0, 0.5]
    angle, distance = errors_of(register(ours, theirs), SIDE)
    assert angle < 3
    assert distance < 0.15

"""Estimate of the ground plane from each kind of cue."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tar_core.cleanup.center_of_mass import Balance
from tar_core.cleanup.contacts import sole_points
from tar_core.cleanup.ground_cues import GroundCues, PersonGeometry
from tar_core.cleanup.ground_plane import MIN_CONFIDENCE, find_floor, fit_floor
from tar_core.motion import LEVEL, Vertical
from tar_core.skeleton import JOINT_NAMES
from tests.support.standing import BODY, FPS, clip_of, degrees_between, standing_motion, with_rotated_camera

NONE = np.zeros((0, 3))


def cues(
    soles: np.ndarray,
    *,
    owners: list[int] | None = None,
    feet: np.ndarray = NONE,
    bodies: np.ndarray = NONE,
    postures: np.ndarray = NONE,
    balances: Sequence[Balance] = (),
) -> GroundCues:
    """Cues, by default of one person."""
    people = np.zeros(len(soles), int) if owners is None else np.array(owners)
    return GroundCues(soles, people, feet, bodies, postures, balances)


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (12, 0), (-8, 5), (25, -4)])
def test_standing_person_gives_pitch_roll_and_height(pitch: float, roll: float) -> None:
    camera = Rotation.from_euler("xz", [pitch, roll], degrees=True).as_matrix()
    person = with_rotated_camera(standing_motion(), camera)
    floor = find_floor(clip_of(person), BODY)
    assert floor is not None and floor.confidence > MIN_CONFIDENCE
    assert degrees_between(floor.up, camera @ LEVEL) < 5
    assert abs(np.median(floor.heights(sole_points(person, BODY)))) < 0.01


def test_only_a_reliable_and_plausible_vertical_replaces_the_estimate() -> None:
    camera = Rotation.from_euler("xz", [12, 3], degrees=True).as_matrix()
    clip = clip_of(with_rotated_camera(standing_motion(), camera))
    from_feet = find_floor(clip, BODY)
    up = Rotation.from_euler("xz", [20, -10], degrees=True).as_matrix() @ LEVEL
    reliable = find_floor(replace(clip, vertical=Vertical(up, 2.0)), BODY)
    unreliable = find_floor(replace(clip, vertical=Vertical(up, 20.0)), BODY)
    assert from_feet is not None and reliable is not None and unreliable is not None
    np.testing.assert_allclose(reliable.up, up)
    np.testing.assert_allclose(unreliable.up, from_feet.up)
    implausible = find_floor(replace(clip, vertical=Vertical(np.array([0.9, -0.1, -0.4]), 2.0)), BODY)
    assert implausible is not None
    np.testing.assert_allclose(implausible.up, from_feet.up)
    assert reliable.confidence > 0.99
    soles = sole_points(clip.people[0], BODY)
    assert abs(np.median(reliable.heights(soles))) < 0.1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(-20, 20), st.floats(-20, 20))
def test_plane_is_robust_against_wrong_contacts(seed: int, pitch: float, roll: float) -> None:
    """Soles spread over several meters determine the plane, although every sixth is half a meter off."""
    random = np.random.default_rng(seed)
    camera = Rotation.from_euler("xz", [pitch, roll], degrees=True).as_matrix()
    soles = np.stack([random.uniform(-3, 3, 60), 1.4 + 0.01 * random.normal(size=60), random.uniform(2, 8, 60)], -1)
    soles[::6, 1] -= 0.5
    floor = fit_floor(cues(soles @ camera.T))
    assert degrees_between(floor.up, camera @ LEVEL) < 2
    assert abs(floor.height - 1.4) < 0.1
    assert floor.confidence > MIN_CONFIDENCE


def test_people_of_different_heights_do_not_tilt_the_floor() -> None:
    """Two people side by side, one of whom is captured 10 cm too high. A path of one person that rises is a slope."""
    soles = np.array([[x, 1.4, z] for x in (-0.25, 0.25) for z in np.linspace(4, 6, 10)])
    soles[10:, 1] -= 0.1
    two, one = (fit_floor(cues(soles, owners=[0] * 10 + [owner] * 10)).up for owner in (1, 0))
    assert degrees_between(two, LEVEL) < 1 < 9 < degrees_between(one, LEVEL)


def test_the_roll_of_the_camera_is_small_unless_people_show_that_it_is_large() -> None:
    soles = np.array([[0.0, 1.4, 4.0]])
    shares = []
    for roll in (4, 30):
        up = Rotation.from_euler("z", roll, degrees=True).as_matrix() @ LEVEL
        found = fit_floor(cues(soles, bodies=up[None], balances=[Balance(up, 5.0)])).up
        shares.append(degrees_between(found, LEVEL) / roll)
    assert shares[0] < 0.6 and shares[1] > 0.9


def test_feet_outside_the_picture_give_no_direction() -> None:
    person = standing_motion()
    seen = clip_of(person)
    cut = replace(seen, height=380)  # through the shins
    whole, partial = (GroundCues.of(PersonGeometry(person, clip, BODY), None) for clip in (seen, cut))
    assert (len(whole.feet), len(whole.bodies), len(whole.balances)) == (2, 1, 1)
    assert (len(partial.feet), len(partial.bodies), len(partial.balances)) == (0, 0, 0)
    np.testing.assert_array_equal(partial.soles, whole.soles)


def test_more_cues_raise_the_confidence_and_disagreement_lowers_it() -> None:
    soles = np.array([[0.0, 1.4, 4.0], [0.2, 1.4, 4.0]])
    feet = np.tile(LEVEL, (6, 1))
    bare, with_feet, with_all = (
        fit_floor(cues(soles, feet=feet[:count], bodies=feet[:bodies])).confidence
        for count, bodies in ((0, 0), (6, 0), (6, 1))
    )
    assert bare < MIN_CONFIDENCE and bare < with_feet < with_all
    upside_down = np.concatenate([feet, -feet])
    assert fit_floor(cues(soles, feet=upside_down)).confidence < with_feet


def test_median_posture_is_used_if_nobody_is_upright() -> None:
    """Two soles do not determine a plane. Median postures determine it, and upright bodies take precedence."""
    camera = Rotation.from_euler("xz", [25, 4], degrees=True).as_matrix()
    soles = np.array([[0.0, 1.4, 4.0], [0.2, 1.4, 4.0]]) @ camera.T
    up = camera @ LEVEL
    bent = Rotation.from_rotvec([0.1, 0, 0]).apply(up)[None]
    alone, with_posture = (degrees_between(fit_floor(cues(soles, postures=some)).up, up) for some in (NONE, bent))
    assert with_posture < 8 < alone
    with_both, with_bodies = (fit_floor(cues(soles, bodies=up[None], postures=some)).up for some in (bent, NONE))
    np.testing.assert_array_equal(with_both, with_bodies)


def test_balance_determines_what_two_soles_do_not() -> None:
    camera = Rotation.from_euler("xz", [25, 4], degrees=True).as_matrix()
    soles = np.array([[0.0, 1.4, 4.0], [0.2, 1.4, 4.0]]) @ camera.T
    up = camera @ LEVEL
    alone, precise, imprecise = (
        degrees_between(fit_floor(cues(soles, balances=balances)).up, up)
        for balances in ((), [Balance(up, 3.0)], [Balance(up, 20.0)])
    )
    assert precise < 2 < imprecise < alone
    upside_down = [Balance(-up, 3.0)]
    ignored, without = (fit_floor(cues(soles, balances=some)).up for some in (upside_down, ()))
    np.testing.assert_array_equal(ignored, without)


def test_balance_corrects_the_floor_of_a_bowing_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trunk is not upright, but the center of mass is above the feet. The camera looks down."""
    camera = Rotation.from_euler("xz", [20, 4], degrees=True).as_matrix()
    bow = standing_motion()
    bow.poses[:, :3] = (
        Rotation.from_rotvec(bow.poses[:, :3]) * Rotation.from_rotvec([np.radians(45), 0, 0])
    ).as_rotvec()
    for side in ("left", "right"):
        bow.poses[:, 3 * JOINT_NAMES.index(f"{side}_hip")] = -np.radians(57)
        bow.poses[:, 3 * JOINT_NAMES.index(f"{side}_ankle")] = np.radians(12)
    clip = clip_of(with_rotated_camera(bow, camera))
    floor = find_floor(clip, BODY)
    monkeypatch.setattr("tar_core.cleanup.ground_cues.find_balance", lambda *_: None)
    without = find_floor(clip, BODY)
    assert floor is not None and without is not None
    assert degrees_between(floor.up, camera @ LEVEL) < 4 < 5 < degrees_between(without.up, camera @ LEVEL)


def test_floor_is_none_without_contact_and_level_with_low_confidence() -> None:
    person = standing_motion()
    glide = replace(person, trans=person.trans + np.arange(60)[:, None] / FPS * np.array([1.2, 0, 0]))
    assert find_floor(clip_of(glide), BODY) is None
    assert find_floor(clip_of(), BODY) is None
    lying = replace(person, poses=person.poses.copy())
    lying.poses[:, 0] = np.pi / 2
    floor = find_floor(clip_of(lying), BODY)
    assert floor is not None and floor.confidence < MIN_CONFIDENCE
    np.testing.assert_array_equal(floor.up, LEVEL)

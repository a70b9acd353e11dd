"""The floor: found where feet tell it, turned with the camera, level where they do not, and poses left alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tar_core.body.data import load_body
from tar_core.cleanup.center_of_mass import Balance
from tar_core.cleanup.contacts import find_contacts, sole_points
from tar_core.cleanup.ground_plane import TRUSTED, find_floor, fit_floor
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion, Vertical
from tar_core.skeleton import JOINT_NAMES
from tests.tar_core.cleanup.test_foot_locking import FPS, stander

BODY = load_body()


def seen_by(person: PersonMotion, camera: np.ndarray) -> PersonMotion:
    """The same motion before a camera that is turned: x' = camera @ x."""
    poses = person.poses.copy()
    poses[:, :3] = (Rotation.from_matrix(camera) * Rotation.from_rotvec(poses[:, :3])).as_rotvec()
    pelvis = BODY.J_regressor[0] @ BODY.v_template
    return replace(person, poses=poses, trans=(person.trans + pelvis) @ camera.T - pelvis)


def clip_of(*people: PersonMotion) -> MotionClip:
    return MotionClip(FPS, 640, 480, 800.0, np.array([319.5, 239.5]), "a.mp4", list(people))


def degrees_between(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (12, 0), (-8, 5), (25, -4)])
def test_pitch_roll_and_height_of_a_camera_before_who_stands(pitch: float, roll: float) -> None:
    camera = Rotation.from_euler("xz", [pitch, roll], degrees=True).as_matrix()
    person = seen_by(stander(), camera)
    floor = find_floor(clip_of(person), BODY)
    assert floor is not None and floor.confidence > TRUSTED
    assert degrees_between(floor.up, camera @ LEVEL) < 5
    assert abs(np.median(floor.heights(sole_points(person, BODY)))) < 0.01


def test_sure_lines_are_believed_and_unsure_ones_are_not() -> None:
    camera = Rotation.from_euler("xz", [12, 3], degrees=True).as_matrix()
    clip = clip_of(seen_by(stander(), camera))
    by_feet = find_floor(clip, BODY)
    told = Rotation.from_euler("xz", [20, -10], degrees=True).as_matrix() @ LEVEL
    sure = find_floor(replace(clip, vertical=Vertical(told, 2.0)), BODY)
    unsure = find_floor(replace(clip, vertical=Vertical(told, 20.0)), BODY)
    assert by_feet is not None and sure is not None and unsure is not None
    np.testing.assert_allclose(sure.up, told)
    np.testing.assert_allclose(unsure.up, by_feet.up)
    beam_for_a_post = find_floor(replace(clip, vertical=Vertical(np.array([0.9, -0.1, -0.4]), 2.0)), BODY)
    assert beam_for_a_post is not None
    np.testing.assert_allclose(beam_for_a_post.up, by_feet.up)
    assert sure.confidence > 0.99
    soles = sole_points(clip.people[0], BODY)
    assert abs(np.median(sure.heights(soles))) < 0.1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(-20, 20), st.floats(-20, 20))
def test_a_plane_with_wrong_contacts(seed: int, pitch: float, roll: float) -> None:
    """Soles spread over meters settle the plane, though every sixth lies half a meter off."""
    random = np.random.default_rng(seed)
    camera = Rotation.from_euler("xz", [pitch, roll], degrees=True).as_matrix()
    soles = np.stack([random.uniform(-3, 3, 60), 1.4 + 0.01 * random.normal(size=60), random.uniform(2, 8, 60)], -1)
    soles[::6, 1] -= 0.5
    floor = fit_floor(soles @ camera.T, *3 * [np.zeros((0, 3))])
    assert degrees_between(floor.up, camera @ LEVEL) < 2
    assert abs(floor.height - 1.4) < 0.1
    assert floor.confidence > TRUSTED


def test_more_feet_make_it_surer_and_disagreement_less_sure() -> None:
    soles = np.array([[0.0, 1.4, 4.0], [0.2, 1.4, 4.0]])
    none = np.zeros((0, 3))
    feet = np.tile(LEVEL, (6, 1))
    bare, with_feet, with_all = (
        fit_floor(soles, feet[:count], feet[:bodies], none).confidence for count, bodies in ((0, 0), (6, 0), (6, 1))
    )
    assert bare < TRUSTED and bare < with_feet < with_all
    upside_down = np.concatenate([feet, -feet])
    assert fit_floor(soles, upside_down, none, none).confidence < with_feet


def test_who_never_stands_straight_is_upright_on_average() -> None:
    """Two soles leave one direction open, which crooked bodies tell; straight ones tell it better."""
    camera = Rotation.from_euler("xz", [25, 12], degrees=True).as_matrix()
    none = np.zeros((0, 3))
    soles = np.array([[0.0, 1.4, 4.0], [0.2, 1.4, 4.0]]) @ camera.T
    up = camera @ LEVEL
    bent = Rotation.from_rotvec([0.1, 0, 0]).apply(up)[None]
    alone, with_posture = (degrees_between(fit_floor(soles, none, none, some).up, up) for some in (none, bent))
    assert with_posture < 8 < alone
    np.testing.assert_array_equal(fit_floor(soles, none, up[None], bent).up, fit_floor(soles, none, up[None], none).up)


def test_balance_tells_what_soles_leave_open() -> None:
    camera = Rotation.from_euler("xz", [25, 12], degrees=True).as_matrix()
    none = np.zeros((0, 3))
    soles = np.array([[0.0, 1.4, 4.0], [0.2, 1.4, 4.0]]) @ camera.T
    up = camera @ LEVEL
    alone, sure, unsure = (
        degrees_between(fit_floor(soles, none, none, none, balances).up, up)
        for balances in ((), [Balance(up, 3.0)], [Balance(up, 20.0)])
    )
    assert sure < 2 < unsure < alone
    upside_down = [Balance(-up, 3.0)]
    np.testing.assert_array_equal(
        fit_floor(soles, none, none, none, upside_down).up, fit_floor(soles, none, none, none).up
    )


def test_who_bends_over_tells_up_by_balance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bow in front of a camera that looks down: the trunk leads astray, the feet below the center of mass do not."""
    camera = Rotation.from_euler("xz", [20, 6], degrees=True).as_matrix()
    bow = stander()
    bow.poses[:, :3] = (
        Rotation.from_rotvec(bow.poses[:, :3]) * Rotation.from_rotvec([np.radians(45), 0, 0])
    ).as_rotvec()
    for side in ("left", "right"):
        bow.poses[:, 3 * JOINT_NAMES.index(f"{side}_hip")] = -np.radians(57)
        bow.poses[:, 3 * JOINT_NAMES.index(f"{side}_ankle")] = np.radians(12)
    clip = clip_of(seen_by(bow, camera))
    floor = find_floor(clip, BODY)
    monkeypatch.setattr("tar_core.cleanup.ground_plane.find_balance", lambda *_: None)
    without = find_floor(clip, BODY)
    assert floor is not None and without is not None
    assert degrees_between(floor.up, camera @ LEVEL) < 4 < 5 < degrees_between(without.up, camera @ LEVEL)


def test_who_never_stands_gives_no_floor_and_the_level_camera_where_unsure() -> None:
    person = stander()
    glide = replace(person, trans=person.trans + np.arange(60)[:, None] / FPS * np.array([1.2, 0, 0]))
    assert find_floor(clip_of(glide), BODY) is None
    assert find_floor(clip_of(), BODY) is None
    lying = replace(person, poses=person.poses.copy())
    lying.poses[:, 0] = np.pi / 2
    floor = find_floor(clip_of(lying), BODY)
    assert floor is not None and floor.confidence < TRUSTED
    np.testing.assert_array_equal(floor.up, LEVEL)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_soles_and_contacts_turn_with_the_camera(seed: int) -> None:
    """Only the floor's prior knows a direction: nothing else changes when the camera is turned."""
    random = np.random.default_rng(seed)
    person = stander(30)
    person.trans += 0.01 * random.normal(size=(30, 3)).cumsum(0)
    camera = Rotation.from_rotvec(random.normal(size=3)).as_matrix()
    turned = seen_by(person, camera)
    floor = Floor(LEVEL, 1.4)
    points = sole_points(person, BODY)
    np.testing.assert_allclose(sole_points(turned, BODY), points @ camera.T, atol=1e-5)
    np.testing.assert_array_equal(
        find_contacts(points @ camera.T, FPS, Floor(camera @ LEVEL, 1.4)), find_contacts(points, FPS, floor)
    )

"""The feet stand on the floor."""

import bpy
import numpy as np
import pytest

from tar_blender.scene.build import ImportOptions, import_clip, place_clip
from tar_blender.scene.ground import camera_height
from tar_blender.scene.metadata import about_floor
from tar_core.body.data import load_body
from tar_core.motion import Floor, MotionClip, PersonMotion
from tests.support.clips import FACING_CAMERA, synthetic_clip, synthetic_person
from tests.tar_blender.scene.test_body_mesh import evaluated_vertices


def standing(frames: int, height: float = 0.0) -> PersonMotion:
    """Someone who stands still in T-pose, `height` meters above the camera, facing it."""
    person = synthetic_person(1, frames, 0)
    person.poses[:] = 0
    person.poses[:, 0] = np.pi  # FACING_CAMERA: half a turn about x
    assert FACING_CAMERA[1, 1] == -1
    person.trans[:] = (0, -height, 4)
    return person


def test_soles_are_on_the_floor() -> None:
    clip = MotionClip(25, 640, 480, 800, np.array([320, 240]), "a.mp4", [standing(10)])
    imported = import_clip(clip, bpy.context)
    lowest = evaluated_vertices(imported.people[0].body)[:, 2].min()
    assert abs(lowest) < 0.003
    assert imported.camera.location.z == np.float32(imported.placement.translation[2])
    assert about_floor(imported.collection).startswith("Floor ")


def test_a_jump_and_a_bad_frame_do_not_move_the_floor() -> None:
    body = load_body()
    still = camera_height([standing(200)], body)
    person = standing(200)
    person.trans[50:120, 1] -= 0.4  # y points down: a long jump
    person.trans[7, 1] += 0.5  # one frame through the floor
    assert abs(camera_height([person], body) - still) < 1e-6


def test_soles_follow_the_legs() -> None:
    """With a bent knee the other foot carries; lying down the ground is somewhere else altogether."""
    body = load_body()
    still = camera_height([standing(5)], body)
    one_knee = standing(5)
    one_knee.poses[:, 3 * 4] = 1.5
    assert abs(camera_height([one_knee], body) - still) < 1e-6
    both_knees = standing(5)
    both_knees.poses[:, [3 * 4, 3 * 5]] = 1.5
    assert still - camera_height([both_knees], body) > 0.2


def test_long_clips_are_thinned_out_but_agree() -> None:
    body = load_body()
    short, long = synthetic_person(1, 2000, 0), synthetic_person(1, 4000, 0)
    long.poses[::2], long.trans[::2] = short.poses, short.trans
    assert camera_height([long], body) == camera_height([short], body)


def test_nobody_is_no_height() -> None:
    assert camera_height([], load_body()) == 0


def test_the_clips_floor_is_z_0_before_a_tilted_camera() -> None:
    """Someone upright before a camera that looks down by 0.3 rad: soles on z = 0, the head right above."""
    person = standing(10)
    person.poses[:, 0], person.betas = np.pi + 0.3, np.zeros(10, np.float32)
    up = np.array([0.0, -np.cos(0.3), -np.sin(0.3)])
    body = load_body()
    pelvis = body.J_regressor[0] @ body.v_template
    height = float(-(person.trans[0] + pelvis) @ up + pelvis[1] - body.v_template[:, 1].min())
    clip = MotionClip(25, 640, 480, 800, np.array([320, 240]), "a.mp4", [person], floor=Floor(up, height))
    imported = import_clip(clip, bpy.context, ImportOptions(show_video=False))
    vertices = evaluated_vertices(imported.people[0].body)
    assert abs(vertices[:, 2].min()) < 1e-3
    extent = vertices.max(0) - vertices.min(0)
    assert abs(extent[2] - np.ptp(body.v_template[:, 1])) < 1e-3
    assert abs(imported.camera.location.z - height) < 1e-6
    assert about_floor(imported.collection) == "Floor 100% sure"
    assert place_clip(clip, body, on_ground=False).translation[2] == 0


@pytest.mark.parametrize("pitch", [0, 20])
def test_camera_takes_the_tilt_that_a_standing_person_shows(pitch: float) -> None:
    """Before a camera that looks down, who stands upright leans away from it."""
    clip = synthetic_clip(frames=40)
    (person,) = clip.people
    person.poses[:] = 0
    person.poses[:, 0] = np.pi + np.radians(pitch)
    person.trans[:] = [0.2, 0.1, 4.0]
    placement = place_clip(clip, load_body(), on_ground=True)
    looks = placement.rotation @ np.array([0.0, 0.0, 1.0])
    assert np.degrees(np.arcsin(-looks[2])) == pytest.approx(pitch, abs=0.3 * pitch + 1)
    assert 0.3 < placement.translation[2] < 3

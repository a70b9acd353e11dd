"""Feet and hands do not slide in the contacts of the Dope Sheet, on the body as Blender evaluates it."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.scene.contacts import contacts_of
from tar_blender.scene.fcurves import curves_of
from tar_blender.scene.metadata import edits_of
from tar_core.body.data import load_body
from tar_core.cleanup.contacts import sole_vertices
from tar_core.edits import EFFECTORS, FEET, HANDS, ContactRange
from tests.support.standing import clip_of, leaning_motion

DEMO = Path(__file__).parents[2] / "data" / "captured_demo.npz"


def evaluated_points(body: bpy.types.Object, vertices: list[int], frames: range) -> np.ndarray:
    """Vertices [N, V, 3] of the body as Blender evaluates it, in the world, meters."""
    points = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        evaluated = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
        points.append([evaluated.matrix_world @ evaluated.data.vertices[vertex].co for vertex in vertices])
    return np.array(points)


@pytest.mark.parametrize("rate", [None, 50])
def test_soles_of_the_demo_do_not_slide_in_contacts(rate: int | None, addon: None) -> None:
    scene = bpy.context.scene
    if rate is not None:
        scene.render.fps, scene.tar_settings.timing = rate, "scene"
    bpy.ops.tar.import_motion_file(filepath=str(DEMO))
    assert scene.render.fps == (rate or 60)
    armature, body = bpy.data.objects["Person 1"], bpy.data.objects["Person 1 Body"]
    first, contacts = contacts_of(armature)
    soles = evaluated_points(body, sole_vertices(load_body()).tolist(), range(first, first + len(contacts)))
    moved = np.linalg.norm(np.diff(soles, axis=0), axis=-1).reshape(-1, 2, 2)
    held = (contacts[:-1] & contacts[1:])[:, FEET]
    assert held.sum() >= 15
    assert moved.min(-1)[held].max() < 0.001 < moved.max()


def palm_vertices(body: bpy.types.Object) -> list[int]:
    """Vertices of the left hand that follow the wrist alone, not the fingers."""
    wrist = body.vertex_groups["left_wrist"].index
    return [
        vertex.index
        for vertex in body.data.vertices
        if any(group.group == wrist and group.weight > 0.99 for group in vertex.groups)
    ]


@pytest.fixture
def leaning(addon: None, tmp_path: Path) -> bpy.types.Object:
    """The armature of a person who leans against a wall, as *Person 1*, from frame 1 on."""
    path = tmp_path / "leaning.npz"
    clip_of(leaning_motion(0.5)).save(path)
    bpy.ops.tar.import_motion_file(filepath=str(path))
    return bpy.data.objects["Person 1"]


def test_marked_hand_does_not_move_on_the_body(leaning: bpy.types.Object) -> None:
    body = bpy.data.objects["Person 1 Body"]
    vertices, frames = palm_vertices(body), range(20, 41)
    assert len(vertices) > 20
    before = evaluated_points(body, vertices, frames)
    bpy.ops.tar.set_contact(person="Person 1", effector="left_hand", contact="lock", first=20, last=40)
    after = evaluated_points(body, vertices, frames)
    steps = [np.linalg.norm(np.diff(points, axis=0), axis=-1).max() for points in (before, after)]
    assert steps[0] > 0.004 and steps[1] < 0.001
    first, contacts = contacts_of(leaning)
    assert np.flatnonzero(contacts[:, EFFECTORS.index("left_hand")]).tolist() == list(range(20 - first, 41 - first))


def test_keys_of_hands_are_used_and_older_files_have_none(leaning: bpy.types.Object) -> None:
    curves = curves_of(leaning.data)
    for curve in [curve for curve in curves if "Hand" in curve.data_path]:
        curves.remove(curve)
    _, contacts = contacts_of(leaning)
    assert len(contacts) == 60 and not contacts[:, HANDS].any()
    bpy.ops.tar.set_contact(person="Person 1", effector="right_hand", contact="lock", first=10, last=20)
    (curve,) = (curve for curve in curves_of(leaning.data) if "Right Hand" in curve.data_path)
    (start,) = (point for point in curve.keyframe_points if point.co[0] == 10)
    start.co[0] = 15
    assert bpy.ops.tar.use_contact_keys(person="Person 1") == {"FINISHED"}
    assert [one for one in edits_of(leaning).contacts if one.effector == "right_hand"] == [
        ContactRange("right_hand", 14, 19, True)
    ]

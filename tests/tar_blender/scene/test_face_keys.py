"""The shape keys of the free body's face."""

from dataclasses import replace

import bpy
import numpy as np
import pytest

from tar_blender.scene.armature import SMPL_TO_BLENDER
from tar_blender.scene.build import import_clip
from tar_blender.scene.face_keys import face_key_steps, has_face, has_face_keys, key_face, move_basis, value_path
from tar_blender.scene.fcurves import curves_of
from tar_blender.scene.removal import remove_objects
from tar_blender.util.incremental import finish
from tar_core.body.data import load_body
from tar_core.body.face_keys import load_face_keys
from tar_core.face_names import FACE_KEY_NAMES
from tar_core.motion import MotionClip
from tests.support.import_options import raw_options


@pytest.fixture
def body(clip: MotionClip) -> bpy.types.Object:
    return import_clip(clip, bpy.context, raw_options(face_keys=True)).people[0].body


def points_of(key: bpy.types.ShapeKey) -> np.ndarray:
    points = np.empty(3 * len(key.data), np.float32)
    key.data.foreach_get("co", points)
    return points.reshape(-1, 3)


def test_bodies_have_no_shape_keys_by_default(clip: MotionClip) -> None:
    assert import_clip(clip, bpy.context, raw_options()).people[0].body.data.shape_keys is None


def test_the_keys_have_arkits_names_and_the_value_zero(body: bpy.types.Object) -> None:
    blocks = body.data.shape_keys.key_blocks
    assert [key.name for key in blocks[1:]] == list(FACE_KEY_NAMES)
    assert all(key.value == 0 for key in blocks[1:])
    assert has_face_keys(body.data)


def test_a_key_moves_the_posed_body(body: bpy.types.Object) -> None:
    keys = load_face_keys()
    number = FACE_KEY_NAMES.index("jawOpen")
    blocks = body.data.shape_keys.key_blocks
    moved = points_of(blocks["jawOpen"]) - points_of(blocks[0])
    np.testing.assert_allclose(moved[keys.vertices[number]], keys.offsets[number] @ SMPL_TO_BLENDER.T, atol=1e-6)
    assert np.count_nonzero(np.abs(moved).max(1) > 1e-6) <= len(keys.vertices[number])

    def evaluated() -> np.ndarray:
        found = body.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        return np.array([vertex.co for vertex in found.vertices])

    before = evaluated()
    blocks["jawOpen"].value = 1.0
    bpy.context.view_layer.update()
    distance = np.linalg.norm(evaluated() - before, axis=1)
    np.testing.assert_allclose(distance, np.linalg.norm(moved, axis=1), atol=1e-3)  # the neck bends


def test_keys_that_exist_stay(body: bpy.types.Object) -> None:
    blocks = body.data.shape_keys.key_blocks
    blocks["jawOpen"].value = 0.5
    blocks["jawOpen"].data[0].co.z = 7.0
    body.shape_key_remove(blocks["cheekPuff"])
    finish(face_key_steps(body))
    assert blocks["jawOpen"].value == 0.5 and blocks["jawOpen"].data[0].co.z == 7.0
    assert len(blocks) == 1 + len(FACE_KEY_NAMES) and blocks[-1].name == "cheekPuff"


def test_another_shape_moves_all_keys(body: bpy.types.Object) -> None:
    blocks = body.data.shape_keys.key_blocks
    moved = points_of(blocks["jawOpen"]) - points_of(blocks[0])
    taller = points_of(blocks[0]) * 1.1
    move_basis(body.data, taller)
    np.testing.assert_allclose(points_of(blocks[0]), taller, atol=1e-6)
    np.testing.assert_allclose(points_of(blocks["jawOpen"]) - points_of(blocks[0]), moved, atol=1e-6)
    np.testing.assert_allclose(np.array([vertex.co for vertex in body.data.vertices]), taller, atol=1e-6)


def test_bodies_of_smpl_files_and_other_meshes_get_no_keys() -> None:
    assert has_face(load_body())
    assert not has_face(replace(load_body(), name="SMPL_NEUTRAL"))
    mesh = bpy.data.meshes.new("small")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    small = bpy.data.objects.new("small", mesh)
    finish(face_key_steps(small))
    assert mesh.shape_keys is None


def with_face(clip: MotionClip) -> tuple[MotionClip, np.ndarray]:
    """The clip with a jaw that opens, and the values of its key."""
    (person,) = clip.people
    jaw = np.linspace(0, 1, len(person))
    values = np.zeros((len(person), len(FACE_KEY_NAMES)))
    values[:, FACE_KEY_NAMES.index("jawOpen")] = jaw
    seen = np.ones(len(person))
    return replace(clip, people=[replace(person, face_values=values, face_confidence=seen)]), jaw


def curves_of_face(body: bpy.types.Object) -> dict[str, bpy.types.FCurve]:
    return {curve.data_path: curve for curve in curves_of(body.data.shape_keys)}


def test_a_captured_face_has_a_key_on_every_frame(clip: MotionClip) -> None:
    captured, jaw = with_face(clip)
    (person,) = import_clip(captured, bpy.context, raw_options(start_frame=7)).people
    curves = curves_of_face(person.body)
    assert curves.keys() == {value_path(name) for name in FACE_KEY_NAMES}
    points = np.array([point.co for point in curves[value_path("jawOpen")].keyframe_points])
    np.testing.assert_allclose(points[:, 0], 7 + captured.people[0].frames)
    np.testing.assert_allclose(points[:, 1], jaw, atol=1e-6)
    assert len(curves[value_path("cheekPuff")].keyframe_points) == 1, "it does not move"
    bpy.context.scene.frame_set(round(points[-1, 0]))
    assert person.body.data.shape_keys.key_blocks["jawOpen"].value == 1


def test_another_capture_replaces_the_keys_in_the_same_action(clip: MotionClip) -> None:
    (person,) = import_clip(with_face(clip)[0], bpy.context, raw_options()).people
    shape_keys = person.body.data.shape_keys
    action = shape_keys.animation_data.action
    key_face(shape_keys, "Face", np.array([1, 2]), np.ones((2, len(FACE_KEY_NAMES))))
    assert shape_keys.animation_data.action == action
    assert [point.co[1] for point in curves_of_face(person.body)[value_path("jawOpen")].keyframe_points] == [1, 1]


def test_the_action_of_a_face_is_removed_with_the_body(clip: MotionClip) -> None:
    (person,) = import_clip(with_face(clip)[0], bpy.context, raw_options()).people
    name = person.body.data.shape_keys.animation_data.action.name
    remove_objects([person.body])
    assert name not in bpy.data.actions


def test_armatures_without_a_body_have_no_face(clip: MotionClip) -> None:
    (person,) = import_clip(with_face(clip)[0], bpy.context, raw_options(figure="armature")).people
    assert person.body is None

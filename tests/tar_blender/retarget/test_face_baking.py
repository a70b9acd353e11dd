"""Captured faces on the meshes of other characters."""

from dataclasses import replace

import bpy
import numpy as np
import pytest

from tar_blender.retarget.face_baking import bake_face, captured_values
from tar_blender.retarget.known_rigs import KNOWN
from tar_blender.retarget.retarget import BakeOptions, retarget
from tar_blender.scene.build import import_clip
from tar_blender.scene.face_keys import value_path
from tar_blender.scene.fcurves import add_driver, curves_of
from tar_core.face_names import FACE_KEY_NAMES
from tar_core.motion import MotionClip
from tests.support.characters import make_character
from tests.support.import_options import raw_options

MIXAMO = KNOWN["Mixamo"]


@pytest.fixture
def speaker(clip: MotionClip) -> bpy.types.Object:
    """A person who opens the jaw more and more, and smiles on the left side only."""
    (person,) = clip.people
    values = np.zeros((len(person), len(FACE_KEY_NAMES)), np.float32)
    values[:, FACE_KEY_NAMES.index("jawOpen")] = np.linspace(0, 0.9, len(person))
    values[:, FACE_KEY_NAMES.index("mouthSmileLeft")] = 0.5
    clip = replace(clip, people=[replace(person, face_values=values, face_confidence=np.ones(len(person)))])
    return import_clip(clip, bpy.context, raw_options()).people[0].armature


def add_face(character: bpy.types.Object, *names: str) -> bpy.types.Object:
    mesh = bpy.data.meshes.new("Head")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    head = bpy.data.objects.new("Head", mesh)
    bpy.context.scene.collection.objects.link(head)
    head.modifiers.new("Armature", "ARMATURE").object = character
    for name in ("Basis", *names):
        head.shape_key_add(name=name, from_mix=False).value = 0.0
    return head


def values_of(head: bpy.types.Object, name: str, frames: range) -> list[float]:
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        found.append(head.data.shape_keys.key_blocks[name].value)
    return found


def test_the_face_of_a_character_moves_as_captured(speaker: bpy.types.Object) -> None:
    character = make_character(speaker, MIXAMO)
    head = add_face(character, "Jaw_Open", "Mouth_Smile_L", "Mouth_Smile_R", "Hat")
    baked = retarget(speaker, character, MIXAMO)
    assert baked.face.keys == ["Jaw_Open", "Mouth_Smile_L", "Mouth_Smile_R"]
    assert baked.face.messages() == ["face: 3 shape keys"]
    start = bpy.context.scene.frame_start
    frames = range(start, start + 10)
    truth = captured_values(speaker, np.array(frames))
    assert truth["jawOpen"].max() > truth["jawOpen"].min() >= 0
    np.testing.assert_allclose(values_of(head, "Jaw_Open", frames), truth["jawOpen"], atol=1e-5)
    np.testing.assert_allclose(values_of(head, "Mouth_Smile_L", frames), 0.5, atol=1e-5)
    assert values_of(head, "Mouth_Smile_R", frames) == [0.0] * 10
    assert value_path("Hat") not in {curve.data_path for curve in curves_of(head.data.shape_keys)}


def test_a_shape_key_for_both_sides_gets_the_mean(speaker: bpy.types.Object) -> None:
    character = make_character(speaker, MIXAMO)
    head = add_face(character, "Fcl_MTH_A", "Fcl_MTH_Fun")
    bake_face(speaker, character, np.arange(1, 11))
    assert values_of(head, "Fcl_MTH_Fun", range(1, 3)) == pytest.approx([0.25, 0.25])


def test_drivers_and_older_actions_are_kept(speaker: bpy.types.Object) -> None:
    character = make_character(speaker, MIXAMO)
    head = add_face(character, "jawOpen", "mouthSmileLeft")
    add_driver(head.data.shape_keys, value_path("jawOpen")).expression = "0.3"
    head.data.shape_keys.key_blocks["mouthSmileLeft"].keyframe_insert("value", frame=1)
    older = head.data.shape_keys.animation_data.action
    baked = bake_face(speaker, character, np.arange(1, 11))
    assert baked.keys == ["mouthSmileLeft"] and baked.driven == ["jawOpen"]
    assert values_of(head, "jawOpen", range(9, 10)) == pytest.approx([0.3])
    assert head.data.shape_keys.animation_data.action != older and older.use_fake_user


def test_a_character_without_known_shape_keys_is_told(speaker: bpy.types.Object) -> None:
    character = make_character(speaker, MIXAMO)
    head = add_face(character, "Smile")
    assert "no shape keys with known names" in retarget(speaker, character, MIXAMO).messages()[-1]
    assert head.data.shape_keys.animation_data is None


def test_faces_can_be_left_out(speaker: bpy.types.Object) -> None:
    character = make_character(speaker, MIXAMO)
    head = add_face(character, "jawOpen")
    assert retarget(speaker, character, MIXAMO, options=BakeOptions(face=False)).messages() == []
    assert head.data.shape_keys.animation_data is None


def test_people_without_a_captured_face(walker: bpy.types.Object) -> None:
    character = make_character(walker, MIXAMO)
    head = add_face(character, "jawOpen")
    assert retarget(walker, character, MIXAMO).messages() == []
    assert head.data.shape_keys.animation_data is None

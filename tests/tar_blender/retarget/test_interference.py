"""What acts on a character is muted, or the bake is refused; nothing is removed."""

from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from tar_blender.retarget.known_rigs import KNOWN
from tar_blender.retarget.retarget import BakeOptions, retarget
from tar_core.errors import TarError
from tests.support.characters import FRAMES, add_root, joint_errors, make_character

BONES = KNOWN["Mixamo"]


@pytest.fixture
def character(walker: bpy.types.Object) -> bpy.types.Object:
    made = make_character(walker, BONES)
    add_root(made, "Hips")
    return made


def _target() -> bpy.types.Object:
    target = bpy.data.objects.new("Target", None)
    target.location, target.rotation_euler = (1, 2, 3), (1, 2, 3)
    bpy.context.scene.collection.objects.link(target)
    return target


def _constrain(character: bpy.types.Object, bone: str, kind: str) -> bpy.types.Constraint:
    constraint = character.pose.bones[bone].constraints.new(kind)
    constraint.target = _target()
    return constraint


def _ik(character: bpy.types.Object) -> str:
    _constrain(character, "LeftForeArm", "IK").chain_count = 2
    return "constraint IK on LeftForeArm"


def _copy_rotation(character: bpy.types.Object) -> str:
    _constrain(character, "Spine", "COPY_ROTATION")
    return "constraint Copy Rotation on Spine"


def _constrained_root(character: bpy.types.Object) -> str:
    _constrain(character, "Root", "COPY_LOCATION")
    return "constraint Copy Location on Root"


def _constrained_object(character: bpy.types.Object) -> str:
    character.constraints.new("COPY_LOCATION").target = _target()
    return "constraint Copy Location on Character"


def _rest_position(character: bpy.types.Object) -> str:
    character.data.pose_position = "REST"
    return "Rest Position of the armature"


def _driver(character: bpy.types.Object) -> str:
    """A driver on a bone whose name is escaped in data paths."""
    character.data.bones["LeftForeArm"].name = 'Left "Fore" Arm'
    curve = character.pose.bones['Left "Fore" Arm'].driver_add("scale", 1)
    curve.driver.expression = "2.0"
    return 'driver of scale on Left "Fore" Arm'


def _nla_strip(character: bpy.types.Object) -> str:
    root = character.pose.bones["Root"]
    root.location = (0, 1, 0)
    root.keyframe_insert("location", frame=1)
    root.location = (0, 3, 0)
    root.keyframe_insert("location", frame=40)
    animation = character.animation_data
    track, action = animation.nla_tracks.new(), animation.action
    track.name = "Walk"
    track.strips.new("Walk", 1, action)
    animation.action = None
    return "NLA track Walk"


CASES = [
    _ik,
    _copy_rotation,
    _constrained_root,
    _constrained_object,
    _rest_position,
    _driver,
    _nla_strip,
]


@pytest.mark.parametrize("interfere", CASES, ids=lambda case: case.__name__.strip("_"))
def test_interference_is_named_and_muted_or_refused(
    walker: bpy.types.Object, character: bpy.types.Object, interfere: Callable[[bpy.types.Object], str]
) -> None:
    name = interfere(character)
    bones = BONES | {
        "left_elbow": next(
            b.name for b in character.data.bones if "Left" in b.name and "Arm" in b.name and "Fore" in b.name
        )
    }
    bpy.context.scene.frame_set(20)
    with pytest.raises(TarError) as caught:
        retarget(walker, character, bones, options=BakeOptions(mute=False))
    assert str(caught.value).startswith(name)
    assert not (character.animation_data and character.animation_data.action)
    baked = retarget(walker, character, bones)
    assert baked.muted == [name] and not baked.deviations
    errors = joint_errors(walker, character, bones)
    assert max(errors.values()) < 0.02, errors
    kept = sum(len(bone.constraints) for bone in character.pose.bones) + len(character.constraints)
    kept += len(character.animation_data.drivers) + len(character.animation_data.nla_tracks)
    assert kept == (name != "Rest Position of the armature")
    again = retarget(walker, character, bones).muted
    assert again == ([name] if "constraint" in name else []), "constraints are off on the baked frames alone"
    assert tuple(character.animation_data.action.frame_range) == (1.0, FRAMES)


def test_constraints_act_outside_the_baked_frames(walker: bpy.types.Object, character: bpy.types.Object) -> None:
    """Also after a second bake, and with the influence that they had."""
    constraint = _constrain(character, "Root", "COPY_LOCATION")
    constraint.influence = 0.75
    for start in (20, 70):
        bpy.context.scene.frame_set(start)
        retarget(walker, character, BONES)
        seen = []
        for frame in (0, 1, FRAMES, FRAMES + 1):
            bpy.context.scene.frame_set(frame)
            seen.append(constraint.influence)
        assert seen == [0.75, 0.0, 0.0, 0.75] and not constraint.mute


def test_constraints_of_other_bones_stay(walker: bpy.types.Object, character: bpy.types.Object) -> None:
    unused = _constrain(character, "LeftToeBase", "COPY_ROTATION")
    bones = {joint: bone for joint, bone in BONES.items() if joint != "left_foot"}
    assert not retarget(walker, character, bones).muted and not unused.mute


def test_uneven_scale_and_edit_mode_are_refused(walker: bpy.types.Object, character: bpy.types.Object) -> None:
    character.scale = (1, 1, 1.5)
    bpy.context.view_layer.update()
    with pytest.raises(TarError, match="uneven or negative; apply it"):
        retarget(walker, character, BONES)
    character.scale = (1, 1, 1)
    bpy.context.view_layer.objects.active = character
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(TarError, match="Edit Mode"):
        retarget(walker, character, BONES)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert character.animation_data is None


def test_linked_characters_need_an_override(
    walker: bpy.types.Object, character: bpy.types.Object, tmp_path: Path
) -> None:
    bpy.data.libraries.write(str(tmp_path / "hero.blend"), {character})
    bpy.data.objects.remove(character)
    with bpy.data.libraries.load(str(tmp_path / "hero.blend"), link=True) as (_, wanted):
        wanted.objects = ["Character"]
    (linked,) = wanted.objects
    bpy.context.scene.collection.objects.link(linked)
    bpy.context.view_layer.update()
    with pytest.raises(TarError, match="make a library override"):
        retarget(walker, linked, BONES)
    override = linked.override_create(remap_local_usages=True)
    bpy.context.view_layer.update()
    assert not retarget(walker, override, BONES).deviations
    assert max(joint_errors(walker, override, BONES).values()) < 0.02

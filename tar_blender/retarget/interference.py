"""What would change or hide a baked motion: constraints, drivers, NLA tracks, Rest Position."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import bpy

from tar_core.errors import TarError

from ..scene.fcurves import curves_of
from ..util.blender_types import data_of, pose_bones
from .baking import TRANSFORMS
from .ik_limbs import IKLimb
from .known_rigs import CONTROL_RIGS, BoneMap
from .pose_solver import with_ancestors

_BONE_PATH = re.compile(r'pose\.bones\["(.*)"\]\.(\w+)$')
_UNEVEN_SCALE = 0.01  # largest difference between the scales of an object's axes, as a share


@dataclass(frozen=True)
class Interference:
    """Something that acts on bones that are baked.

    Attributes:
        name: for the user, such as `constraint IK on Hand.L`.
        mute: turns it off at all frames; nothing is removed.
        constraint: the constraint whose influence can be keyed, so that it is off on the baked frames alone; None for
            others.
        influence: of the constraint.
    """

    name: str
    mute: Callable[[], None]
    constraint: Any = None
    influence: float = 0.0


def check_editable(character: bpy.types.Object) -> None:
    """Check whether motion can be baked to a character.

    Raises:
        TarError: it is linked, in Edit Mode, its scale is uneven, or the NLA is in Tweak Mode.
    """
    name = character.name
    if _is_linked(character):
        raise TarError(f"{name} is linked from another file; make a library override (Object > Library Override)")
    if character.mode == "EDIT":
        raise TarError(f"{name} is in Edit Mode; leave it with Tab")
    scales = [column.length for column in character.matrix_world.to_3x3().col]
    if character.matrix_world.determinant() <= 0 or max(scales) / min(scales) > 1 + _UNEVEN_SCALE:
        raise TarError(f"{name}: the scale of the object is uneven or negative; apply it (Object > Apply > Scale)")
    if character.animation_data and character.animation_data.use_tweak_mode:
        raise TarError(f"{name}: a strip is in Tweak Mode; leave it with Tab in the NLA editor")


def find_interference(
    character: bpy.types.Object, bones: BoneMap, kind: str, limbs: Sequence[IKLimb] = ()
) -> list[Interference]:
    """Return what acts on the bones of a map, on bones above them, or on the object.

    The constraints of rigs that have controls, such as Rigify's, belong to the rig and are not listed, nor are those of
    the limbs whose IK gets keys.
    """
    keyed = [constraint for limb in limbs for constraint in limb.constraints]
    driven = set(bones.values())
    if kind not in CONTROL_RIGS:
        driven |= {bone.name for bone in with_ancestors(character, driven)}
    found = [*_rest_position(character), *_nla(character), *_drivers(character, driven)]
    found += _constraints(character, character.name, character.constraints)
    for bone in () if kind in CONTROL_RIGS else pose_bones(character):
        acting = [each for each in bone.constraints if each not in keyed and driven & _moved_by(bone, each)]
        found += _constraints(character, bone.name, acting)
    return found


def _rest_position(character: bpy.types.Object) -> Iterator[Interference]:
    armature: Any = data_of(character, bpy.types.Armature)
    if armature.pose_position == "REST":
        if armature.library is not None:
            raise TarError(
                f"{armature.name} is linked and in Rest Position; make a library override, or change its file"
            )
        yield Interference("Rest Position of the armature", _setter(armature, "pose_position", "POSE"))


def _nla(character: bpy.types.Object) -> Iterator[Interference]:
    animation: Any = character.animation_data
    if animation is None or not animation.use_nla:
        return
    for track in animation.nla_tracks:
        if track.strips and (track.is_solo or not track.mute):
            yield Interference(f"NLA track {track.name}", partial(_mute_track, track))
    if animation.nla_tracks and (animation.action_blend_type != "REPLACE" or animation.action_influence < 1):
        yield Interference("blending of the active action", partial(_replace_blending, animation))


def _mute_track(track: bpy.types.NlaTrack) -> None:
    track.is_solo = False
    track.mute = True


def _replace_blending(animation: Any) -> None:
    animation.action_blend_type = "REPLACE"
    animation.action_influence = 1.0


def _drivers(character: bpy.types.Object, driven: set[str]) -> Iterator[Interference]:
    for curve in character.animation_data.drivers if character.animation_data else ():
        match = _BONE_PATH.match(curve.data_path)
        bone = bpy.utils.unescape_identifier(match[1]) if match else ""
        prop = match[2] if match else curve.data_path
        if prop in TRANSFORMS and not curve.mute and (not match or bone in driven):
            yield Interference(f"driver of {prop} on {bone or character.name}", _setter(curve, "mute", True))


def _constraints(character: bpy.types.Object, owner: str, constraints: Iterable[Any]) -> Iterator[Interference]:
    """Yield the constraints that are active. One that an earlier bake turned off on its frames counts as active."""
    drivers = character.animation_data.drivers if character.animation_data else ()
    for each in constraints:
        path = each.path_from_id("influence")
        curves = [curve for curve in curves_of(character) if curve.data_path == path]
        influence = max((point.co[1] for curve in curves for point in curve.keyframe_points), default=each.influence)
        if not each.mute and influence > 0:
            keyable = None if any(curve.data_path == path for curve in drivers) else each
            yield Interference(f"constraint {each.name} on {owner}", _setter(each, "mute", True), keyable, influence)


def _moved_by(bone: bpy.types.PoseBone, constraint: Any) -> set[str]:
    """Return the bones that a bone's constraint moves: itself, and for IK those above it in the chain."""
    if constraint.type not in ("IK", "SPLINE_IK"):
        return {bone.name}
    chain = [bone, *bone.parent_recursive]  # longer by one if the bone itself does not follow the target; no matter
    return {each.name for each in chain[: constraint.chain_count or None]}


def _setter(owner: Any, name: str, value: object) -> Callable[[], None]:
    return partial(setattr, owner, name, value)


def _is_linked(datablock: Any) -> bool:
    return datablock.library is not None

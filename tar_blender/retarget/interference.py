"""What would change or hide a baked motion: constraints, drivers, NLA tracks, Rest Position."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import bpy

from tar_core.errors import TarError

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
        mute: turns it off; nothing is removed.
    """

    name: str
    mute: Callable[[], None]


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
    found += [_constraint(character.name, constraint) for constraint in _active(character.constraints)]
    for bone in () if kind in CONTROL_RIGS else pose_bones(character):
        found += [
            _constraint(bone.name, constraint)
            for constraint in _active(bone.constraints)
            if constraint not in keyed and driven & _moved_by(bone, constraint)
        ]
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


def _active(constraints: Any) -> Iterator[bpy.types.Constraint]:
    return (constraint for constraint in constraints if not constraint.mute and constraint.influence > 0)


def _constraint(owner: str, constraint: bpy.types.Constraint) -> Interference:
    return Interference(f"constraint {constraint.name} on {owner}", _setter(constraint, "mute", True))


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

"""The people of a live preview as bodies in the scene, while a recording runs.

They have no keys, lie in a collection of their own and are removed at the end. They are found by custom properties,
because references would be invalid after the user has undone something. A copy has another name than the one that it
was made with, so it counts as the user's own.
"""

import bpy
import numpy as np

from tar_core.body.data import load_body
from tar_core.body.hand_poses import hand_pose
from tar_core.camera.placement import WorldPlacement
from tar_core.preview import LiveBody, Preview
from tar_core.skeleton import NUM_BODY_JOINTS

from ..util.blender_types import pose_bones, scene_of
from ..util.incremental import finish
from .armature import SMPL_TO_BLENDER, build_armature, rest_heads, rest_rotations
from .body_mesh import body_steps
from .bone_names import joint_bones
from .keyframes import bone_quaternions
from .mannequin import mannequin_materials
from .metadata import mark_part
from .removal import remove_objects

COLLECTION = "Live Preview"
TRACK, NAME = "tar_live_track", "tar_live_name"  # custom properties: number of the track, own name
MOST_PEOPLE = 4  # each takes some tenths of a second to build, in which Blender does not react

_IN_WORLD = WorldPlacement(np.eye(3), np.zeros(3))


def show_live_people(context: bpy.types.Context, preview: Preview, used_colors: int = 0) -> None:
    """Pose a body for each person of a preview, and hide the bodies of people who are not in it.

    A missing body is built if Blender is in Object Mode, and replaces that of a person who is not in the preview.

    Args:
        used_colors: the highest number of a color of the people in the file.
    """
    armatures = _armatures()
    unseen = [armature for track, armature in armatures.items() if track not in preview.bodies]
    for armature in unseen:
        _set_hidden(armature, True)
    for track, body in preview.bodies.items():
        shown = armatures.get(track) or _new_body(context, track, used_colors + track, unseen)
        if shown is not None:
            _set_hidden(shown, False)
            _pose(shown, body)


def _new_body(
    context: bpy.types.Context, track: int, color: int, unseen: list[bpy.types.Object]
) -> bpy.types.Object | None:
    """A body for a person, instead of one of those that are not seen; None if it cannot be built now."""
    if context.mode != "OBJECT":
        return None
    if unseen:
        _remove([unseen.pop()])
    elif len(_armatures()) == MOST_PEOPLE:
        return None
    return _build(context, track, color)


def remove_live_people() -> None:
    """Remove the bodies, and their collection if nothing of the user is in it."""
    _remove(list(_armatures().values()))
    for collection in list(filter(_is_own, bpy.data.collections)):
        if not (collection.all_objects or collection.children):
            bpy.data.collections.remove(collection)


def _remove(armatures: list[bpy.types.Object]) -> None:
    if armatures:
        remove_objects([part for armature in armatures for part in (*_bodies(armature), armature)])


def _armatures() -> dict[int, bpy.types.Object]:
    """The armatures by the numbers of their tracks."""
    return {obj[TRACK]: obj for obj in bpy.data.objects if obj.type == "ARMATURE" and _is_own(obj)}


def _mark(part: bpy.types.Object | bpy.types.Collection, track: int) -> None:
    part[TRACK], part[NAME] = track, part.name


def _is_own(part: bpy.types.Object | bpy.types.Collection) -> bool:
    return isinstance(part.get(TRACK), int) and part.get(NAME) == part.name and part.library is None


def _bodies(armature: bpy.types.Object) -> list[bpy.types.Object]:
    return [child for child in armature.children if _is_own(child)]


def _set_hidden(armature: bpy.types.Object, hidden: bool) -> None:
    for obj in (armature, *_bodies(armature)):
        obj.hide_viewport = hidden


def _build(context: bpy.types.Context, track: int, color: int) -> bpy.types.Object:
    body = load_body().with_fingers()
    betas = np.zeros(body.shapedirs.shape[-1])
    collection = next(filter(_is_own, bpy.data.collections), None)
    if collection is None:
        collection = bpy.data.collections.new(COLLECTION)
        _mark(collection, 0)
    if collection not in scene_of(context).collection.children.values():
        scene_of(context).collection.children.link(collection)
    name = f"Live Person {track}"
    armature = build_armature(context, name, body, betas, collection)
    materials = mannequin_materials(color)
    mesh = finish(body_steps(f"{name} Body", body, betas, armature, collection, materials))
    for part in (armature, mesh):
        mark_part(part)
        _mark(part, track)
    for bone in pose_bones(armature):
        bone.rotation_mode = "QUATERNION"
    return armature


def _pose(armature: bpy.types.Object, body: LiveBody) -> None:
    rest, heads = rest_rotations(armature), rest_heads(armature)
    hands = hand_pose("relaxed", heads @ SMPL_TO_BLENDER)
    poses = np.concatenate([np.array(body.poses)[:NUM_BODY_JOINTS], hands])
    quaternions = bone_quaternions(poses[None], rest, _IN_WORLD)[0]
    bones = [pose_bones(armature)[name] for name in joint_bones(armature).values()]
    for bone, quaternion in zip(bones, quaternions.tolist(), strict=True):
        bone.rotation_quaternion = quaternion
    bones[0].location = ((np.array(body.pelvis) - heads[0]) @ rest[0]).tolist()

"""Compare a baked character, as Blender poses it, with the motion that it should have."""

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..util.blender_types import pose_bones, scene_of
from .known_rigs import BoneMap
from .skeleton_motion import WorldMotion, mapped_parent

TOLERANCE = 0.02  # meters
SAMPLES = 5  # frames


@dataclass(frozen=True)
class Deviation:
    """A bone that is not where it should be.

    Attributes:
        bone: name.
        distance: largest, of its head or tail, in meters.
        cause: the likely one, for the user.
    """

    bone: str
    distance: float
    cause: str

    def __str__(self) -> str:
        return f"{self.bone} is {100 * self.distance:.0f} cm off ({self.cause})"


def verify(
    character: bpy.types.Object, bones: BoneMap, expected: WorldMotion, positions: bool = True
) -> list[Deviation]:
    """Return the bones that are more than 2 cm off on sampled frames, from the hips to the limbs' ends.

    Args:
        character: with the baked action.
        bones: joint -> bone.
        expected: the motion that was baked.
        positions: compare positions. Otherwise only the directions of the bones are compared: rigs with controls place
            them in their own way.
    """
    scene = scene_of(bpy.context)
    current, subframe = scene.frame_current, scene.frame_subframe
    before = np.array(character.matrix_world)
    worst, object_moved = dict.fromkeys(bones, 0.0), 0.0
    for index in sampled(len(expected.frames)):
        scene.frame_set(int(expected.frames[index]))
        posed: Any = character.evaluated_get(bpy.context.evaluated_depsgraph_get())
        object_moved = max(object_moved, float(np.abs(np.array(posed.matrix_world) - before).max()))
        for joint, bone in bones.items():
            head, tail = (
                np.array(posed.matrix_world @ end) for end in (posed.pose.bones[bone].head, posed.pose.bones[bone].tail)
            )
            direction = expected.rotations[joint][index][:, 1] * np.linalg.norm(tail - head)
            offsets = [tail - head - direction]
            if positions:
                offset = head - expected.positions[joint][index]
                offsets = [offset, offset + offsets[0]]
            worst[joint] = max(worst[joint], *(float(np.linalg.norm(each)) for each in offsets))
    scene.frame_set(current, subframe=subframe)
    return [
        Deviation(bones[joint], distance, _cause(character, bones, joint, object_moved))
        for joint, distance in worst.items()
        if distance > TOLERANCE
    ]


def sampled(count: int) -> np.ndarray:
    """Return the indices of the frames that are compared, of `count` frames."""
    return np.unique(np.linspace(0, count - 1, SAMPLES).round().astype(int))


def _cause(character: bpy.types.Object, bones: BoneMap, joint: str, object_moved: float) -> str:
    """Return what most likely puts a bone in another place."""
    if object_moved > TOLERANCE / 2:
        return f"{character.name} or its parent moves as an object"
    bone = pose_bones(character)[bones[joint]]
    above = {parent.name for parent in bone.parent_recursive}
    parent = mapped_parent(joint, bones)
    if joint != parent and bones[parent] not in above:
        return f"it is not below {bones[parent]} in the hierarchy; check the list of bones"
    for each in (bone, *bone.parent_recursive):
        if max(each.scale) - min(each.scale) > 0.01:
            return f"the scale of {each.name} is uneven"
    constraints = [each.name for each in bone.constraints if not each.mute]
    return f"constraint {constraints[0]}" if constraints else "something else moves it, such as another add-on"

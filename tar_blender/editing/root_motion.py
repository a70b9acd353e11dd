"""Move the travel of a person between the pelvis and the object of the armature."""

from dataclasses import replace

import bpy
import numpy as np

from tar_core.errors import TarError

from ..scene.fcurves import curves_of
from ..scene.keyframes import whole_frames
from ..scene.travel import has_travel, read_travel, remove_travel, write_travel
from ..util.blender_types import view_layer_of
from .motion_keys import captured_action, read_motion, write_motion

# Where the travel is.
PLACES = {
    "pelvis": ("Pelvis", "As captured: the object stays, and the pelvis carries the travel"),
    "object": ("Object", "Root motion for game engines: the object of the armature carries the travel"),
    "none": ("In Place", "The person stays in place. The travel is kept in muted curves of the object"),
}
_GROUND = np.array([1.0, 1.0, 0.0])


def move_travel(armature: bpy.types.Object, place: str) -> None:
    """Put the travel over the ground to one of PLACES; the height stays in the pelvis.

    The object that carries the travel is below the pelvis, as game engines expect of a root.

    Raises:
        TarError: as `read_motion`, or the object has location keys of the user.
    """
    armature.update_tag()  # recorded in the undo step: undoing then also evaluates the object's location again
    _, channels = captured_action(armature)
    if has_travel(channels):
        _to_pelvis(armature)
    if place == "pelvis":
        return
    if any(curve.data_path == "location" for curve in curves_of(armature)):
        raise TarError(f"the object of {armature.name} has location keys of its own; remove them first")
    motion = read_motion(armature)
    travel = (motion.positions - np.array(armature.matrix_world.translation)) * _GROUND
    write_motion(armature, replace(motion, positions=motion.positions - travel))
    to_parent = np.linalg.inv(_parent_axes(armature))
    locations = np.array(armature.location) + travel @ to_parent.T
    write_travel(armature, channels, motion.frames, locations, muted=place == "none")


def _to_pelvis(armature: bpy.types.Object) -> None:
    """Put the travel back into the pelvis."""
    action, channels = captured_action(armature)
    first, last = whole_frames(action)
    locations = read_travel(armature, channels, np.arange(first, last + 1))
    remove_travel(armature, channels)
    view_layer_of(bpy.context).update()
    motion = read_motion(armature)
    travel = locations @ _parent_axes(armature).T
    write_motion(armature, replace(motion, positions=motion.positions + travel))


def _parent_axes(armature: bpy.types.Object) -> np.ndarray:
    """The axes [3, 3] in the world of the space in which the object has its location."""
    own = armature.matrix_world @ armature.matrix_basis.inverted()
    return np.array(own)[:3, :3]

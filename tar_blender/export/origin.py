"""Files in which the motion of a person begins at the origin, as game engines and libraries of motions expect."""

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
from mathutils import Vector

from ..editing.layer_merging import with_merged_layers
from ..retarget.skeleton_motion import ROOT, person_motion
from ..util.blender_types import scene_of, view_layer_of


@contextmanager
def started_at_origin(armature: bpy.types.Object) -> Iterator[None]:
    """Move a person over the ground so that the pelvis begins above the origin; move it back afterwards.

    Raises:
        TarError: the person has no motion.
    """
    scene, before = scene_of(bpy.context), armature.delta_location.copy()
    with with_merged_layers(scene, [armature]):
        start = person_motion(armature).positions[ROOT][0]
    # The location itself may be keyed.
    to_parent = (armature.matrix_world @ armature.matrix_basis.inverted()).to_3x3().inverted()
    try:
        armature.delta_location = before - to_parent @ Vector((start[0], start[1], 0.0))
        view_layer_of(bpy.context).update()
        yield
    finally:
        armature.delta_location = before
        view_layer_of(bpy.context).update()

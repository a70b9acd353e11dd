"""Bones as Blender poses them, with constraints, drivers and NLA tracks."""

import contextlib
from collections.abc import Iterator, Sequence

import bpy
import numpy as np

from ..util.blender_types import scene_of, view_layer_of
from .keyframes import visibility_curves


def posed_matrices(armature: bpy.types.Object, bones: Sequence[str], frames: np.ndarray) -> np.ndarray:
    """Return the poses of bones on scene frames [N], in the armature's space: [N, B, 4, 4]."""
    scene = scene_of(bpy.context)
    current, subframe = scene.frame_current, scene.frame_subframe
    matrices = np.empty((len(frames), len(bones), 4, 4))
    with shown(armature):
        for index, frame in enumerate(frames.tolist()):
            scene.frame_set(int(frame))
            posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
            assert posed.pose is not None
            for number, bone in enumerate(bones):
                matrices[index, number] = posed.pose.bones[bone].matrix
    scene.frame_set(current, subframe=subframe)
    return matrices


@contextlib.contextmanager
def shown(obj: bpy.types.Object) -> Iterator[bool]:
    """Show an object; restore its visibility afterwards. Blender does not pose or edit hidden objects.

    Yields:
        Whether the object is visible now. It is not if its collection is hidden or excluded.
    """
    layer = view_layer_of(bpy.context)
    in_layer = obj.name in layer.objects
    eye, hidden = in_layer and obj.hide_get(), obj.hide_viewport
    curves = [curve for curve in visibility_curves(obj) if not curve.mute]
    try:
        for curve in curves:
            curve.mute = True
        obj.hide_viewport = False
        if eye:
            obj.hide_set(False)
        layer.update()
        yield in_layer and obj.visible_get()
    finally:
        for curve in curves:
            curve.mute = False
        obj.hide_viewport = hidden
        if eye:
            obj.hide_set(True)

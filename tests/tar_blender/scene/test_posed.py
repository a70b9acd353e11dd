"""Poses as Blender shows them, also of hidden objects."""

import bpy
import numpy as np

from tar_blender.scene.keyframes import hide_absent
from tar_blender.scene.posed import posed_matrices


def test_hidden_objects_are_posed_and_stay_hidden(walker: bpy.types.Object) -> None:
    frames = np.array([5, 30])
    shown = posed_matrices(walker, ["pelvis", "left_wrist"], frames)
    assert shown.shape == (2, 2, 4, 4) and np.ptp(shown[:, 0, :3, 3], axis=0).max() > 0.1
    hide_absent(walker, (10, 20), (1, 48))
    walker.hide_set(True)
    bpy.context.scene.frame_set(3)
    np.testing.assert_array_equal(posed_matrices(walker, ["pelvis", "left_wrist"], frames), shown)
    assert walker.hide_get() and walker.hide_viewport and bpy.context.scene.frame_current == 3
    assert not any(curve.mute for curve in walker.animation_data.drivers)


def test_objects_outside_the_view_layer(walker: bpy.types.Object) -> None:
    bpy.context.scene.collection.children[0].objects.unlink(walker)
    assert posed_matrices(walker, ["pelvis"], np.array([1])).shape == (1, 1, 4, 4)

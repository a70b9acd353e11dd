"""Another shape for an imported person."""

import bpy
import numpy as np

from tar_blender.scene.armature import rest_heads, rest_rotations
from tar_blender.scene.reshape import reshape
from tar_core.body.data import load_body


def test_bones_have_the_same_axes_after_a_change_and_back(walker: bpy.types.Object) -> None:
    before, rotations = rest_heads(walker), rest_rotations(walker)
    other = np.zeros(10)
    other[:2] = 3, -2
    assert reshape(bpy.context, walker, load_body(), other)
    assert np.abs(rest_heads(walker) - before).max() > 0.02
    assert reshape(bpy.context, walker, load_body(), np.zeros(10))
    np.testing.assert_allclose(rest_heads(walker), before, atol=1e-5)
    np.testing.assert_allclose(rest_rotations(walker), rotations, atol=2e-3)

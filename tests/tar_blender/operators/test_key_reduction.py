"""The operator Reduce Keys."""

import bpy
import pytest

from tar_blender.scene.build import import_clip
from tar_blender.scene.fcurves import curves_of
from tar_core.motion import MotionClip
from tests.support.import_options import raw_options

pytestmark = pytest.mark.usefixtures("addon")


def test_reduce_keys_needs_an_animated_active_object() -> None:
    bpy.context.view_layer.objects.active = None
    with pytest.raises(RuntimeError, match="Select a person"):
        bpy.ops.tar.reduce_keys()


def test_reduce_keys_of_the_active_person(clip: MotionClip) -> None:
    (person,) = import_clip(clip, bpy.context, raw_options()).people
    bpy.context.view_layer.objects.active = person.armature
    count = sum(len(curve.keyframe_points) for curve in curves_of(person.armature))
    assert bpy.ops.tar.reduce_keys(degrees=3.0) == {"FINISHED"}
    assert sum(len(curve.keyframe_points) for curve in curves_of(person.armature)) < count

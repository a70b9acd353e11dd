"""Registration of classes and properties."""

import bpy
from bpy.props import IntProperty

from tar_blender.util.registration import Pointer, registration


class TARTestGroup(bpy.types.PropertyGroup):
    number: IntProperty(default=3)


def test_classes_and_pointers_are_registered_and_unregistered() -> None:
    register, unregister = registration((TARTestGroup,), (Pointer(bpy.types.Scene, "tar_test", TARTestGroup),))
    for _ in range(2):
        register()
        assert TARTestGroup.is_registered
        assert bpy.context.scene.tar_test.number == 3
        unregister()
        assert not TARTestGroup.is_registered
        assert not hasattr(bpy.types.Scene, "tar_test")

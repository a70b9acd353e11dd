"""Operators that act on one person or one clip."""

import bpy
import pytest

from tar_blender.operators.targets import ClipOperator, PersonOperator, leave_other_modes
from tar_blender.scene.metadata import people_of

# Properties that say what an operator acts on. Menu search cannot set them.
TARGETS = {"person", "clip", "frame", "index"}


@pytest.mark.usefixtures("addon")
def test_operators_with_a_target_are_not_in_menu_search() -> None:
    operators = [getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("TAR_OT_")]
    targeted = [
        operator
        for operator in operators
        if TARGETS & set(getattr(operator, "__annotations__", {}))
        or issubclass(operator, (ClipOperator, PersonOperator))
    ]
    assert len(targeted) == 20 and all("INTERNAL" in operator.bl_options for operator in targeted)


def test_pose_mode_ends_only_if_the_posed_armature_is_changed(imported: bpy.types.Collection) -> None:
    first, second = people_of(imported)
    bpy.context.view_layer.objects.active = first
    bpy.ops.object.mode_set(mode="POSE")
    leave_other_modes(bpy.context, [second])
    assert bpy.context.mode == "POSE"
    leave_other_modes(bpy.context, [first, second])
    assert bpy.context.mode == "OBJECT"

"""The IK controls in the People panel."""

import bpy
import pytest

from tar_blender.panels.sidebar import TAR_PT_people
from tests.support.layout import DrawnPanel


@pytest.mark.usefixtures("addon", "imported")
def test_buttons_and_influences_of_the_active_person() -> None:
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    assert "tar.add_ik_controls" in DrawnPanel(TAR_PT_people).layout.operators
    assert "tar.remove_ik_controls" not in DrawnPanel(TAR_PT_people).layout.operators
    bpy.ops.tar.add_ik_controls(person="Person 1", limbs="BOTH")
    drawn = DrawnPanel(TAR_PT_people).layout
    assert "tar.add_ik_controls" not in drawn.operators and "tar.remove_ik_controls" in drawn.operators
    assert drawn.properties.count('["ik_fk"]') == 4


@pytest.mark.usefixtures("addon", "imported")
def test_bone_shapes_are_added_or_removed() -> None:
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    drawn = DrawnPanel(TAR_PT_people).layout
    assert "tar.add_bone_shapes" in drawn.operators and "show_bone_custom_shapes" not in drawn.properties
    bpy.ops.tar.add_bone_shapes(person="Person 1")
    drawn = DrawnPanel(TAR_PT_people).layout
    assert "tar.remove_bone_shapes" in drawn.operators and "show_bone_custom_shapes" in drawn.properties

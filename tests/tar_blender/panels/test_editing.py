"""The panel Edit."""

import bpy
import pytest

from tar_blender.panels.editing import TAR_PT_edit
from tests.support.layout import DrawnPanel

pytestmark = pytest.mark.usefixtures("imported")


def test_tools_of_the_active_person() -> None:
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    drawn = DrawnPanel(TAR_PT_edit).layout
    assert "Person 1" in drawn.labels
    assert {"tar.add_layer", "tar.swap_sides", "tar.make_loop", "tar.move_travel"} <= set(drawn.operators)
    assert "tar.merge_layers" not in drawn.operators
    bpy.ops.tar.add_layer()
    assert "tar.merge_layers" in DrawnPanel(TAR_PT_edit).layout.operators


def test_no_person_is_active() -> None:
    bpy.context.view_layer.objects.active = None
    drawn = DrawnPanel(TAR_PT_edit).layout
    assert drawn.labels == ["Click a person in the list above"] and not drawn.operators

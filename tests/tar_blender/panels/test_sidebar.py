"""Contents of the panels in the sidebar. For tests in a window see tests/support/window.py."""

from pathlib import Path

import bpy
import pytest

from tar_blender.panels.presets import PRESET_SETTINGS
from tar_blender.panels.retarget import TAR_PT_retarget
from tar_blender.panels.sidebar import TAR_PT_capture, TAR_PT_people, TAR_PT_scene
from tar_blender.scene.metadata import mark_implausible_ranges, mark_lens, mark_uncertain_ranges
from tar_core.cleanup.uncertainty import UncertainRange
from tests.support.layout import DrawnPanel

pytestmark = pytest.mark.usefixtures("addon")


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"frames": "part"}, {"first_frame", "last_frame"}),
        ({"people": "count"}, {"people_count"}),
        ({"people": "box"}, {"box_frame", "box_left", "box_top", "box_right", "box_bottom"}),
        ({"focal_mode": "lens"}, {"lens", "sensor"}),
        ({"body": "smpl"}, {"body_file", "gender"}),
    ],
)
def test_dependent_settings_are_drawn_if_they_have_an_effect(values: dict[str, str], shown: set[str]) -> None:
    assert not shown & set(DrawnPanel(TAR_PT_capture).layout.properties)
    for name, value in values.items():
        setattr(bpy.context.scene.tar_settings, name, value)
    assert shown <= set(DrawnPanel(TAR_PT_capture).layout.properties)


def test_every_setting_of_a_preset_can_be_reached() -> None:
    settings = bpy.context.scene.tar_settings
    drawn = set(DrawnPanel(TAR_PT_scene).layout.properties)
    settings.people, settings.body = "count", "smpl"
    for mode in ("lens", "fov", "pixels"):
        settings.focal_mode = mode
        drawn |= set(DrawnPanel(TAR_PT_capture).layout.properties)
    assert set(PRESET_SETTINGS) <= drawn


def test_box_and_scan_have_buttons() -> None:
    settings = bpy.context.scene.tar_settings
    for people, operator in (("box", "tar.draw_box"), ("picked", "tar.find_people")):
        settings.people = people
        assert operator in DrawnPanel(TAR_PT_capture).layout.operators


def test_people_panel_lists_the_first_uncertain_ranges_of_the_active_person(imported: bpy.types.Collection) -> None:
    armature = bpy.data.objects["Person 2"]
    mark_uncertain_ranges(armature, [UncertainRange("left arm uncertain", 10 * i, 10 * i + 5) for i in range(7)], 1)
    mark_implausible_ranges(armature, [], 1)
    bpy.context.view_layer.objects.active = armature
    layout = DrawnPanel(TAR_PT_people).layout
    assert layout.operators.count("tar.show_frame") == 5 and "and 2 more" in layout.labels
    assert layout.operators.count("tar.select_person") == 2
    bpy.context.view_layer.objects.active = None
    assert "tar.show_frame" not in DrawnPanel(TAR_PT_people).layout.operators


def test_people_panel_shows_the_quality_of_a_clip(imported: bpy.types.Collection) -> None:
    first, second = (bpy.data.objects[f"Person {number}"] for number in (1, 2))
    mark_implausible_ranges(first, [], 1)
    mark_implausible_ranges(second, [], 1)
    assert "Quality: nothing to check" in DrawnPanel(TAR_PT_people).layout.labels
    mark_implausible_ranges(second, [UncertainRange("feet 34 mm below the floor", 4, 9)], 1)
    bpy.context.view_layer.objects.active = second
    layout = DrawnPanel(TAR_PT_people).layout
    assert "Quality: 1 range to check" in layout.labels
    assert "5 to 10: feet 34 mm below the floor" in layout.texts and "tar.show_frame" in layout.operators
    mark_implausible_ranges(first, [UncertainRange("feet 34 mm below the floor", 4, 9)], 1)
    assert "Quality: 2 ranges to check" in DrawnPanel(TAR_PT_people).layout.labels


def test_people_panel_shows_no_quality_for_clips_of_older_versions(imported: bpy.types.Collection) -> None:
    for number in (1, 2):
        del bpy.data.objects[f"Person {number}"]["tar_implausible"]
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    layout = DrawnPanel(TAR_PT_people).layout
    assert not any(label.startswith("Quality") for label in layout.labels)


def test_people_panel_shows_the_focal_length_of_a_clip(imported: bpy.types.Collection) -> None:
    mark_lens(imported, "Lens 31 mm ± 35 %, a guess")
    assert "Lens 31 mm ± 35 %, a guess" in DrawnPanel(TAR_PT_people).layout.labels


def test_people_panel_says_if_the_captured_motion_was_deleted(
    imported: bpy.types.Collection, motion_file: Path
) -> None:
    assert "Re-import..." in DrawnPanel(TAR_PT_people).layout.texts
    motion_file.unlink()
    assert "Motion No Longer in Cache" in DrawnPanel(TAR_PT_people).layout.texts


def test_people_panel_warns_if_a_clip_plays_at_another_speed(imported: bpy.types.Collection) -> None:
    assert "tar.bake_frame_rate" not in DrawnPanel(TAR_PT_people).layout.operators
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 60, 1.001
    layout = DrawnPanel(TAR_PT_people).layout
    assert "tar.bake_frame_rate" in layout.operators
    assert "Plays at 200 % speed: keyed for 29.97 fps, the scene has 59.94" in " ".join(layout.labels)
    bpy.ops.tar.bake_frame_rate(keyed_fps=30000 / 1001, fps=60)
    assert "tar.bake_frame_rate" not in DrawnPanel(TAR_PT_people).layout.operators


def test_people_panel_lists_people_without_a_clip(imported: bpy.types.Collection, tmp_path: Path) -> None:
    """As after appending an armature alone to another file."""
    bpy.data.libraries.write(str(tmp_path / "person.blend"), {bpy.data.objects["Person 1"]})
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    assert not TAR_PT_people.poll(bpy.context)
    bpy.ops.wm.append(directory=str(tmp_path / "person.blend" / "Object") + "/", filename="Person 1")
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    assert TAR_PT_people.poll(bpy.context) and TAR_PT_retarget.poll(bpy.context)
    layout = DrawnPanel(TAR_PT_people).layout
    assert "Without a clip" in layout.labels and "tar.add_ik_controls" in layout.operators
    assert "tar.set_contact" not in layout.operators, "there is no captured motion"


def test_people_panel_offers_to_hide_the_startup_cube(imported: bpy.types.Collection) -> None:
    assert "tar.hide_cube" not in DrawnPanel(TAR_PT_people).layout.operators
    bpy.ops.mesh.primitive_cube_add()
    assert "tar.hide_cube" in DrawnPanel(TAR_PT_people).layout.operators
    bpy.ops.tar.hide_cube()
    assert "tar.hide_cube" not in DrawnPanel(TAR_PT_people).layout.operators

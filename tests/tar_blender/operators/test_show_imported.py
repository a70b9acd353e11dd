"""What is selected and seen after an import."""

from pathlib import Path

import bpy
import pytest

from tar_blender.operators.show_imported import moved_into
from tar_blender.util.preview import Rectangle
from tests.support.clips import synthetic_clip


@pytest.fixture
def startup_scene(addon: None) -> bpy.types.Object:
    """A scene with a selected cube, and windows with viewports."""
    cube = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    bpy.context.scene.collection.objects.link(cube)
    cube.select_set(True)
    bpy.context.view_layer.objects.active = cube
    return cube


def import_clip_file(folder: Path, people: int = 2) -> None:
    synthetic_clip(people=people).save(folder / "clip.npz")
    bpy.ops.tar.import_motion_file(filepath=str(folder / "clip.npz"))


def views() -> set[str]:
    areas = bpy.context.screen.areas if bpy.context.screen else []
    spaces = [space for area in areas for space in area.spaces if space.type == "VIEW_3D"]
    return {space.region_3d.view_perspective for space in spaces}


def test_visible_people_are_selected(startup_scene: bpy.types.Object, tmp_path: Path) -> None:
    import_clip_file(tmp_path)
    selected = {obj.name for obj in bpy.context.view_layer.objects if obj.select_get()}
    assert selected and selected <= {"Person 1", "Person 2"} and not startup_scene.select_get()
    assert bpy.context.view_layer.objects.active.name in selected


def test_viewports_look_through_the_camera_of_an_empty_scene(addon: None, tmp_path: Path) -> None:
    if not views():
        pytest.skip("there is no window")
    import_clip_file(tmp_path)
    assert views() == {"CAMERA"}


def test_viewports_of_a_scene_with_a_camera_stay_as_they_are(addon: None, tmp_path: Path) -> None:
    mine = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    bpy.context.scene.collection.objects.link(mine)
    bpy.context.scene.camera = mine
    before = views()
    import_clip_file(tmp_path)
    assert views() == before and bpy.context.scene.camera == mine


def test_picture_moves_between_toolbar_and_sidebar() -> None:
    """The numbers are those of a window of Blender 4.3, in which a portrait picture was seen to be between them."""
    free, size, shape, zoom = Rectangle(58, 0, 766, 915), (1057, 969), 1080 / 1920, 1.02313
    moved, (right, up) = moved_into(free, size, shape, zoom)
    assert moved == pytest.approx(-1.24, abs=0.1)
    assert (right, up) == pytest.approx((0.1137, 0.0287), abs=0.001)
    wide = Rectangle(0, 0, *size)
    moved, offset = moved_into(wide, size, shape, zoom)
    assert moved == pytest.approx(zoom, abs=0.5) and offset == (0, 0)

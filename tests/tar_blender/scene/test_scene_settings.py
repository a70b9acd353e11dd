"""What an import changes in a scene that is empty, and what it keeps in one that is in use."""

from collections.abc import Callable

import bpy
import pytest

from tar_blender.scene.build import import_clip
from tar_blender.scene.scene_settings import cube_in_the_way, is_in_use, keeps_frame_rate
from tar_core.motion import MotionClip
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options


@pytest.fixture
def clip() -> MotionClip:
    return synthetic_clip()


def settings(scene: bpy.types.Scene) -> tuple[object, ...]:
    render = scene.render
    rate = render.fps, round(render.fps_base, 5)
    return rate, scene.frame_start, scene.frame_end, render.resolution_x, render.resolution_y, scene.camera


def cube(name: str) -> bpy.types.Object:
    obj = bpy.data.objects.new(name, bpy.data.meshes.new(name))
    bpy.context.scene.collection.objects.link(obj)
    return obj


def add_camera() -> None:
    camera = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera


@pytest.mark.parametrize(
    "work",
    [
        add_camera,
        lambda: cube("Ball").keyframe_insert("location", frame=3),
        lambda: cube("Ball").driver_add("hide_render"),
        lambda: bpy.context.scene.timeline_markers.new("Mine", frame=3),
    ],
)
def test_a_scene_in_use_keeps_its_settings(clip: MotionClip, work: Callable[[], object]) -> None:
    scene = bpy.context.scene
    work()
    scene.render.fps, scene.frame_current = 25, 7
    before, markers = settings(scene), len(scene.timeline_markers)
    imported = import_clip(clip, bpy.context, raw_options())
    assert settings(scene)[:-1] == before[:-1] and scene.frame_current == 7
    assert scene.camera == (before[-1] or imported.camera) and len(scene.timeline_markers) == markers
    assert imported.clip.fps == 25
    assert imported.about_scene.startswith("The scene is in use: its frame range")


def test_the_motion_outside_the_kept_range_is_told(clip: MotionClip) -> None:
    add_camera()
    bpy.context.scene.frame_end = 20
    assert "; the motion is at frames" in import_clip(clip, bpy.context, raw_options()).about_scene


def test_the_startup_scene_takes_the_settings_of_the_video(clip: MotionClip) -> None:
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    scene = bpy.context.scene
    assert {obj.name for obj in scene.objects} == {"Camera", "Cube", "Light"}
    assert not is_in_use(scene)
    imported = import_clip(clip, bpy.context, raw_options())
    assert scene.camera == imported.camera and scene.render.resolution_x == clip.width
    assert scene.render.fps / scene.render.fps_base == pytest.approx(clip.fps, rel=1e-4)
    assert imported.about_scene.startswith("Scene set to ") and str(clip.width) in imported.about_scene
    assert is_in_use(scene)


def test_another_frame_rate_is_kept_in_an_empty_scene(clip: MotionClip) -> None:
    scene = bpy.context.scene
    scene.render.fps = 60
    assert not is_in_use(scene) and keeps_frame_rate(scene, "auto")
    imported = import_clip(clip, bpy.context, raw_options())
    assert scene.render.fps == 60 and imported.clip.fps == 60
    assert scene.camera == imported.camera


def test_the_frame_rate_can_be_chosen(clip: MotionClip) -> None:
    scene = bpy.context.scene
    add_camera()
    assert keeps_frame_rate(scene, "auto") and keeps_frame_rate(scene, "scene") and not keeps_frame_rate(scene, "video")


def test_startup_cube_is_in_the_way_of_the_camera_until_it_is_changed(clip: MotionClip) -> None:
    bpy.ops.wm.read_homefile(use_empty=False, use_factory_startup=True)
    scene, startup = bpy.context.scene, bpy.data.objects["Cube"]
    assert cube_in_the_way(scene, bpy.data.objects["Camera"]) is None
    camera = import_clip(clip, bpy.context, raw_options(figure="armature")).camera
    assert cube_in_the_way(scene, camera) == startup
    for name, value, before in (("scale", (1, 1, 2), (1, 1, 1)), ("location", (0, 0, -3), (0, 0, 0))):
        setattr(startup, name, value)
        bpy.context.view_layer.update()
        assert cube_in_the_way(scene, camera) is None
        setattr(startup, name, before)
    bpy.context.view_layer.update()
    assert cube_in_the_way(scene, camera) == startup
    startup.modifiers.new("Mine", "BEVEL")
    assert cube_in_the_way(scene, camera) is None

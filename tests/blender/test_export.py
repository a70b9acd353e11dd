"""Files are whole or not there."""

import resource
import signal
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.export import check_output, save_scene
from tar_blender.import_motion import import_clip
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tests.blender.clips import synthetic_clip


def test_blend_opens_again_with_everything(clip: MotionClip, tmp_path: Path) -> None:
    import_clip(clip, bpy.context)
    path = tmp_path / "out.blend"
    save_scene(path)
    assert [file.name for file in tmp_path.iterdir()] == ["out.blend"], "no .blend1, nothing temporary"
    assert not bpy.data.filepath, "the open file keeps its name"

    bpy.ops.wm.open_mainfile(filepath=str(path))
    armature = bpy.data.objects["Person 1"]
    bpy.context.scene.frame_set(20)
    first = armature.pose.bones["pelvis"].head.copy()
    bpy.context.scene.frame_set(40)
    assert (armature.pose.bones["pelvis"].head - first).length > 0.1
    assert bpy.data.objects["Person 1 Body"].modifiers["Armature"].object == armature
    assert bpy.context.scene.camera.name == "TAR Camera"


def test_writing_again_replaces(clip: MotionClip, tmp_path: Path) -> None:
    path = tmp_path / "out.blend"
    path.write_text("old")
    import_clip(clip, bpy.context)
    save_scene(path)
    assert path.stat().st_size > 10_000
    assert [file.name for file in tmp_path.iterdir()] == ["out.blend"]


def test_fbx_keeps_bones_and_motion(clip: MotionClip, tmp_path: Path) -> None:
    import_clip(clip, bpy.context)
    path = tmp_path / "out.fbx"
    save_scene(path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.fbx(filepath=str(path))
    (armature,) = (thing for thing in bpy.data.objects if thing.type == "ARMATURE")
    assert "left_elbow" in armature.data.bones
    assert armature.animation_data.action


@pytest.mark.parametrize("ending", [".usd", ".usdc"])
def test_usd_keeps_body_and_motion(clip: MotionClip, tmp_path: Path, ending: str) -> None:
    import_clip(clip, bpy.context)
    path = tmp_path / f"out{ending}"
    if "usd_export" not in dir(bpy.ops.wm):
        with pytest.raises(TarError, match="without USD"):
            save_scene(path)
        return
    save_scene(path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.usd_import(filepath=str(path))
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    bodies = [thing for thing in bpy.data.objects if thing.type == "MESH" and len(thing.data.vertices) > 5000]
    assert bodies and len(armature.data.bones) == 24
    places = []
    for frame in (20, 40):
        bpy.context.scene.frame_set(frame)
        places.append(armature.matrix_world @ armature.pose.bones["left_wrist"].head)
    assert (places[1] - places[0]).length > 0.1


@pytest.mark.parametrize("ending", [".fbx", ".glb"])
def test_people_who_are_hidden_at_the_moment_are_exported_whole(ending: str, tmp_path: Path) -> None:
    import_clip(synthetic_clip(people=2), bpy.context)
    bpy.context.scene.frame_set(5)
    assert bpy.data.objects["Person 2"].hide_viewport
    path = tmp_path / f"out{ending}"
    save_scene(path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    importer = bpy.ops.import_scene.fbx if ending == ".fbx" else bpy.ops.import_scene.gltf
    importer(filepath=str(path))
    bpy.context.view_layer.update()
    armature, body = bpy.data.objects["Person 2"], bpy.data.objects["Person 2 Body"]
    assert not (armature.hide_viewport or armature.hide_render or body.hide_viewport or body.hide_render)
    if armature.animation_data.action is None:  # glTF's importer assigns only the first animation
        armature.animation_data.action = armature.animation_data.nla_tracks[0].strips[0].action
        if hasattr(armature.animation_data, "action_slot"):
            armature.animation_data.action_slot = armature.animation_data.action_suitable_slots[0]
    places = []
    for frame in (15, 45):
        bpy.context.scene.frame_set(frame)
        posed = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
        places.append(np.array(posed.matrix_world @ posed.data.vertices[0].co))
    assert np.linalg.norm(places[1] - places[0]) > 0.1


def test_export_puts_visibility_back(clip: MotionClip, tmp_path: Path) -> None:
    (person,) = import_clip(clip, bpy.context).people
    save_scene(tmp_path / "out.fbx")
    bpy.context.scene.frame_set(3)
    assert person.armature.hide_viewport and person.body.hide_viewport


def test_full_disk_leaves_what_was_there(clip: MotionClip, tmp_path: Path) -> None:
    """A limit on file sizes stands for a full disk: the write fails in the middle."""
    import_clip(clip, bpy.context)
    path = tmp_path / "out.blend"
    path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as plain Python does; in a real Blender it would kill
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(TarError, match=r"cannot write .*out\.blend"):
            save_scene(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["out.blend"]


@pytest.mark.parametrize("function", [check_output, save_scene])
def test_places_that_cannot_be_written(tmp_path: Path, function: object) -> None:
    with pytest.raises(TarError, match="choose another place"):
        function(tmp_path / "missing" / "out.blend")
    with pytest.raises(TarError, match="ends in"):
        function(tmp_path / "out.obj")
    (tmp_path / "folder.blend").mkdir()
    with pytest.raises(TarError, match="folder"):
        function(tmp_path / "folder.blend")


def test_check_leaves_no_trace(tmp_path: Path) -> None:
    check_output(tmp_path / "out.blend")
    assert not list(tmp_path.iterdir())

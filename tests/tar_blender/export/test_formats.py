"""Files are whole or not there."""

import resource
import shutil
import signal
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.export.formats import _reason, check_output, save_each, save_scene
from tar_blender.scene.build import import_clip
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tests.support.characters import SMPL_BONES, heads_of
from tests.support.clips import synthetic_clip
from tests.support.readers import gltf_report, usd_scene


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


def test_usd_joints_in_pixars_library(clip: MotionClip, tmp_path: Path) -> None:
    if "usd_export" not in dir(bpy.ops.wm):
        pytest.skip("this Blender was built without USD")
    person = import_clip(clip, bpy.context).people[0].armature
    save_scene(tmp_path / "out.usdc")
    frames = [4, 20, 50]
    read = usd_scene(tmp_path / "out.usdc", frames)
    assert (read["up"], read["meters"]) == ("Z", 1.0) and read["rate"] == pytest.approx(clip.fps, rel=1e-4)
    for frame in frames:
        shown = heads_of(person, SMPL_BONES, frame)
        for name, place in zip(read["names"], read[str(frame)], strict=True):
            np.testing.assert_allclose(place, shown[name], atol=1e-4, err_msg=f"{name} at {frame}")


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


def test_glb_is_valid_by_khronos(tmp_path: Path) -> None:
    people = [person.armature for person in import_clip(synthetic_clip(people=2), bpy.context).people]
    save_scene(tmp_path / "all.glb")
    save_each(tmp_path / "each.glb", people)
    for name, animated in (("all", 2), ("each", 1), ("each_person2", 1)):
        report = gltf_report(tmp_path / f"{name}.glb")
        issues = report["issues"]
        assert issues["numErrors"] == 0, issues
        # The body hangs on its armature, which stands at the origin.
        warned = {issue["code"] for issue in issues["messages"] if issue["severity"] == 1}
        assert warned <= {"NODE_SKINNED_MESH_NON_ROOT"}
        assert report["info"]["animationCount"] == 1, "all move together"
        assert report["info"]["drawCallCount"] == animated and report["info"]["maxInfluences"] <= 4


@pytest.mark.parametrize("ending", [".fbx", ".glb", ".usdc"])
def test_everybody_is_exported_moving_though_hidden_at_the_moment(ending: str, tmp_path: Path) -> None:
    if ending == ".usdc" and "usd_export" not in dir(bpy.ops.wm):
        pytest.skip("this Blender was built without USD")
    people = [person.armature for person in import_clip(synthetic_clip(people=2, fps=30), bpy.context).people]
    frames = (15, 45)
    shown = [[heads_of(person, SMPL_BONES, frame) for frame in frames] for person in people]
    bpy.context.scene.frame_set(5)
    assert bpy.data.objects["Person 2"].hide_viewport
    names = [person.name for person in people]
    save_scene(tmp_path / f"out{ending}")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    import_file(tmp_path / f"out{ending}")
    for name, expected in zip(names, shown, strict=True):
        (armature,) = (thing for thing in armatures() if thing.name.replace("_", " ").startswith(name))
        assert not (armature.hide_viewport or armature.hide_render)
        for frame, heads in zip(frames, expected, strict=True):
            read = heads_of(armature, SMPL_BONES, frame)
            for joint in SMPL_BONES:
                np.testing.assert_allclose(read[joint], heads[joint], atol=1e-3, err_msg=f"{name} {joint} at {frame}")


def test_each_gets_a_file_with_the_same_skeleton(tmp_path: Path) -> None:
    people = [person.armature for person in import_clip(synthetic_clip(people=2, fps=30), bpy.context).people]
    shown = [heads_of(person, SMPL_BONES, 30) for person in people]
    endings = ["blend", "bvh", "fbx", "glb"] + ["usdc"] * ("usd_export" in dir(bpy.ops.wm))
    for ending in endings:
        written = save_each(tmp_path / f"out.{ending}", people)
        assert written[0] == tmp_path / f"out.{ending}" and all(file.is_file() for file in written)
    assert [person.name for person in people] == ["Person 1", "Person 2"]
    expected = {f"out.{ending}" for ending in endings} | {
        f"out_person2.{ending}" for ending in endings if ending != "blend"
    }
    assert {file.name for file in tmp_path.iterdir()} == expected
    for ending in ("fbx", "glb", "usdc"):
        for number, name in enumerate(("out", "out_person2")):
            if ending in endings:
                bpy.ops.wm.read_factory_settings(use_empty=True)
                import_file(tmp_path / f"{name}.{ending}")
                (armature,) = armatures()
                assert armature.name.startswith("root") and not any(
                    thing.type == "CAMERA" for thing in bpy.data.objects
                )
                read = heads_of(armature, SMPL_BONES, 30)
                np.testing.assert_allclose(read["left_wrist"], shown[number]["left_wrist"], atol=1e-3)


def armatures() -> list[bpy.types.Object]:
    return [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]


def import_file(path: Path) -> None:
    bpy.context.scene.render.fps = 30
    if path.suffix == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)
    elif path.suffix == ".usdc":
        bpy.ops.wm.usd_import(filepath=str(path))
    else:
        bpy.ops.import_scene.gltf(filepath=str(path))
    bpy.context.view_layer.update()


def test_export_puts_visibility_back(clip: MotionClip, tmp_path: Path) -> None:
    (person,) = import_clip(clip, bpy.context).people
    save_scene(tmp_path / "out.fbx")
    bpy.context.scene.frame_set(3)
    assert person.armature.hide_viewport and person.body.hide_viewport


@pytest.mark.parametrize("ending", ["blend", "fbx", "glb", "usdc", "bvh"])
def test_full_disk_leaves_what_was_there(
    ending: str, clip: MotionClip, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A limit on file sizes stands for a full disk: the write fails in the middle."""
    if ending == "usdc" and "usd_export" not in dir(bpy.ops.wm):
        pytest.skip("this Blender was built without USD")
    import_clip(clip, bpy.context)
    path = tmp_path / f"out.{ending}"
    path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as plain Python does; in a real Blender it would kill
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(TarError, match=rf"cannot write .*out\.{ending}: .*; choose another place") as caught:
            save_scene(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert "\n" not in str(caught.value) and "Location" not in str(caught.value)
    assert "Traceback" not in capfd.readouterr().err
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ["fbx", "glb", "usdc"])
def test_full_disk_is_free_again_at_once(ending: str, clip: MotionClip, tmp_path: Path) -> None:
    """A real full disk; what could not be written takes no room for the next file."""
    if ending == "usdc" and "usd_export" not in dir(bpy.ops.wm):
        pytest.skip("this Blender was built without USD")
    mounted = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    if shutil.which("mount") is None or subprocess.run(mounted, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        free = shutil.disk_usage(tmp_path).free
        import_clip(clip, bpy.context)
        with pytest.raises(TarError, match="cannot write .*; choose another place or free some space"):
            save_scene(tmp_path / f"out.{ending}")
        assert not list(tmp_path.iterdir()) and shutil.disk_usage(tmp_path).free == free
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_bug_of_an_exporter_is_no_full_disk() -> None:
    report = "Error: Python: Traceback (most recent call last):\n  File ...\nKeyError: 'x'\nLocation: ops.py:109\n"
    assert _reason(report) == "Blender's exporter failed (KeyError: 'x'); choose another format"


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

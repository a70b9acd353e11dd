"""Exported files: complete or absent, in every format."""

import os
import shutil
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.export.formats import FORMATS, _reason, check_format, save_each, save_scene
from tar_blender.scene.build import import_clip
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tests.support.characters import SMPL_BONES, heads_of
from tests.support.clips import synthetic_clip
from tests.support.full_disk import full_disk
from tests.support.import_options import raw_options
from tests.support.readers import gltf_report, usd_scene


def test_blend_file_contains_everything(clip: MotionClip, tmp_path: Path) -> None:
    import_clip(clip, bpy.context, raw_options())
    path = tmp_path / "out.blend"
    save_scene(path)
    assert [file.name for file in tmp_path.iterdir()] == ["out.blend"], "no .blend1 and no temporary file"
    assert not bpy.data.filepath, "the path of the open file stays the same"
    assert not bpy.data.libraries, "reading the file to check it leaves nothing"

    bpy.ops.wm.open_mainfile(filepath=str(path))
    armature = bpy.data.objects["Person 1"]
    bpy.context.scene.frame_set(20)
    first = armature.pose.bones["pelvis"].head.copy()
    bpy.context.scene.frame_set(40)
    assert (armature.pose.bones["pelvis"].head - first).length > 0.1
    assert bpy.data.objects["Person 1 Body"].modifiers["Armature"].object == armature
    assert bpy.context.scene.camera.name == "TAR Camera"


def test_existing_file_is_replaced(clip: MotionClip, tmp_path: Path) -> None:
    path = tmp_path / "out.blend"
    path.write_text("old")
    import_clip(clip, bpy.context, raw_options())
    save_scene(path)
    assert path.stat().st_size > 10_000
    assert [file.name for file in tmp_path.iterdir()] == ["out.blend"]


def test_usd_joints_read_by_pixars_library(clip: MotionClip, tmp_path: Path) -> None:
    if "usd_export" not in dir(bpy.ops.wm):
        pytest.skip("this build of Blender has no USD")
    person = import_clip(clip, bpy.context, raw_options()).people[0].armature
    save_scene(tmp_path / "out.usdc")
    frames = [4, 20, 50]
    read = usd_scene(tmp_path / "out.usdc", frames)
    assert (read["up"], read["meters"]) == ("Z", 1.0) and read["rate"] == pytest.approx(clip.fps, rel=1e-4)
    for frame in frames:
        shown = heads_of(person, SMPL_BONES, frame)
        for name, position in zip(read["names"], read[str(frame)], strict=True):
            np.testing.assert_allclose(position, shown[name], atol=1e-4, err_msg=f"{name} at {frame}")


@pytest.mark.parametrize("ending", [".usd", ".usdc"])
def test_usd_contains_body_and_motion(clip: MotionClip, tmp_path: Path, ending: str) -> None:
    import_clip(clip, bpy.context, raw_options())
    path = tmp_path / f"out{ending}"
    if "usd_export" not in dir(bpy.ops.wm):
        with pytest.raises(TarError, match="without USD"):
            save_scene(path)
        return
    save_scene(path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.usd_import(filepath=str(path))
    (armature,) = [obj for obj in bpy.data.objects if obj.type == "ARMATURE"]
    bodies = [obj for obj in bpy.data.objects if obj.type == "MESH" and len(obj.data.vertices) > 5000]
    assert bodies and len(armature.data.bones) == 52
    positions = []
    for frame in (20, 40):
        bpy.context.scene.frame_set(frame)
        positions.append(armature.matrix_world @ armature.pose.bones["left_wrist"].head)
    assert (positions[1] - positions[0]).length > 0.1


@pytest.mark.slow
def test_glb_passes_the_khronos_validator(tmp_path: Path) -> None:
    people = [person.armature for person in import_clip(synthetic_clip(people=2), bpy.context, raw_options()).people]
    save_scene(tmp_path / "all.glb")
    save_each(tmp_path / "each.glb", people)
    for name, animated in (("all", 2), ("each", 1), ("each_person2", 1)):
        report = gltf_report(tmp_path / f"{name}.glb")
        issues = report["issues"]
        assert issues["numErrors"] == 0, issues
        # The body is a child of its armature, which is at the origin.
        warned = {issue["code"] for issue in issues["messages"] if issue["severity"] == 1}
        assert warned <= {"NODE_SKINNED_MESH_NON_ROOT"}
        assert report["info"]["animationCount"] == 1, "one animation moves all people"
        assert report["info"]["drawCallCount"] == 3 * animated, "suit, skin and shoes"
        assert report["info"]["maxInfluences"] <= 4


@pytest.mark.parametrize("ending", [".fbx", ".glb", ".usdc"])
def test_people_hidden_on_the_current_frame_are_exported(
    ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if ending == ".usdc" and "usd_export" not in dir(bpy.ops.wm):
        pytest.skip("this build of Blender has no USD")
    people = [
        person.armature for person in import_clip(synthetic_clip(people=2, fps=30), bpy.context, raw_options()).people
    ]
    frames = (15, 45)
    shown = [[heads_of(person, SMPL_BONES, frame) for frame in frames] for person in people]
    bpy.context.scene.frame_set(5)
    assert bpy.data.objects["Person 2"].hide_viewport
    names = [person.name for person in people]
    capsys.readouterr()
    save_scene(tmp_path / f"out{ending}")
    assert capsys.readouterr().out == "", "exporters of Blender print the name of the temporary file"
    bpy.ops.wm.read_factory_settings(use_empty=True)
    import_file(tmp_path / f"out{ending}")
    for name, expected in zip(names, shown, strict=True):
        (armature,) = (obj for obj in armatures() if obj.name.replace("_", " ").startswith(name))
        assert not (armature.hide_viewport or armature.hide_render)
        for frame, heads in zip(frames, expected, strict=True):
            read = heads_of(armature, SMPL_BONES, frame)
            for joint in SMPL_BONES:
                np.testing.assert_allclose(read[joint], heads[joint], atol=1e-3, err_msg=f"{name} {joint} at {frame}")


@pytest.mark.slow
def test_separate_files_have_the_same_skeleton(tmp_path: Path) -> None:
    people = [
        person.armature for person in import_clip(synthetic_clip(people=2, fps=30), bpy.context, raw_options()).people
    ]
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
                assert armature.name.startswith("root") and not any(obj.type == "CAMERA" for obj in bpy.data.objects)
                read = heads_of(armature, SMPL_BONES, 30)
                np.testing.assert_allclose(read["left_wrist"], shown[number]["left_wrist"], atol=1e-3)


def armatures() -> list[bpy.types.Object]:
    return [obj for obj in bpy.data.objects if obj.type == "ARMATURE"]


def import_file(path: Path) -> None:
    bpy.context.scene.render.fps = 30
    if path.suffix == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)
    elif path.suffix == ".usdc":
        bpy.ops.wm.usd_import(filepath=str(path))
    else:
        bpy.ops.import_scene.gltf(filepath=str(path))
    bpy.context.view_layer.update()


def test_export_restores_the_visibility(tmp_path: Path) -> None:
    person = import_clip(synthetic_clip(people=2), bpy.context, raw_options()).people[1]
    save_scene(tmp_path / "out.fbx")
    bpy.context.scene.frame_set(5)
    assert person.armature.hide_viewport and person.body.hide_viewport


@pytest.mark.parametrize("ending", ["blend", "fbx", "glb", "usdc", "bvh"])
def test_full_disk_leaves_the_existing_file(
    ending: str, clip: MotionClip, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A limit on file sizes simulates a full disk: writing fails halfway."""
    if ending == "usdc" and "usd_export" not in dir(bpy.ops.wm):
        pytest.skip("this build of Blender has no USD")
    import_clip(clip, bpy.context, raw_options(figure="armature", show_video=False))
    path = tmp_path / f"out.{ending}"
    path.write_text("old")
    expected = rf"cannot write .*out\.{ending}: .*; choose another place"
    with full_disk(5_000), pytest.raises(TarError, match=expected) as caught:
        save_scene(path)
    assert "\n" not in str(caught.value) and "Location" not in str(caught.value)
    assert "Traceback" not in capfd.readouterr().err
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ["fbx", "glb", "usdc"])
def test_failed_export_frees_the_disk_space(ending: str, clip: MotionClip, tmp_path: Path) -> None:
    """With a full disk: the incomplete file no longer takes any space."""
    if ending == "usdc" and "usd_export" not in dir(bpy.ops.wm):
        pytest.skip("this build of Blender has no USD")
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    if shutil.which("mount") is None or subprocess.run(mounted, capture_output=True).returncode:
        pytest.skip("needs permission to mount a small disk")
    try:
        free = shutil.disk_usage(tmp_path).free
        import_clip(clip, bpy.context, raw_options(figure="armature", show_video=False))
        with pytest.raises(TarError, match="cannot write .*; choose another place or free some space"):
            save_scene(tmp_path / f"out.{ending}")
        assert not list(tmp_path.iterdir()) and shutil.disk_usage(tmp_path).free == free
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_bug_of_an_exporter_is_not_reported_as_a_full_disk() -> None:
    report = "Error: Python: Traceback (most recent call last):\n  File ...\nKeyError: 'x'\nLocation: ops.py:109\n"
    assert _reason(report) == "Blender's exporter failed (KeyError: 'x'); choose another format"


def test_unwritable_paths_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(TarError, match="choose another place"):
        save_scene(tmp_path / "missing" / "out.blend")
    for function in (check_format, save_scene):
        with pytest.raises(TarError, match="ends in"):
            function(tmp_path / "out.obj")
    (tmp_path / "folder.blend").mkdir()
    os.mkfifo(tmp_path / "pipe.blend")
    for name in ("folder.blend", "pipe.blend"):
        with pytest.raises(TarError, match="give a file name"):
            save_scene(tmp_path / name)


@pytest.mark.parametrize("target", ["real{}", "real.dat", "real"])
@pytest.mark.parametrize("suffix", [f".{name}" for name in FORMATS if not name.startswith("usd")])
def test_files_are_written_through_symbolic_links(
    suffix: str, target: str, walker: bpy.types.Object, tmp_path: Path
) -> None:
    real, link = tmp_path / "elsewhere" / target.format(suffix), tmp_path / f"link{suffix}"
    real.parent.mkdir()
    link.symlink_to(real)
    save_scene(link)
    assert link.is_symlink() and real.stat().st_size > 100
    assert [path.name for path in real.parent.iterdir()] == [real.name]

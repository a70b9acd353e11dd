"""Files that the headless command writes for a clip."""

import json
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.engine.cache import find_motion
from tar_blender.headless.arguments import build_parser
from tar_blender.headless.command import EXIT_BAD_INPUT, main
from tar_blender.headless.convert import convert
from tar_blender.scene.fcurves import curves_of
from tar_blender.scene.metadata import clip_record, imported_clips, people_of, person_id
from tar_core.batch.report import REPORT
from tar_core.motion import MotionClip, Vertical
from tar_core.shot_files import load_shots, save_shots
from tests.support.clips import clips_of_shots, synthetic_clip


def test_separate_writes_one_file_per_person(motion_file: Path, tmp_path: Path) -> None:
    arguments = [str(motion_file), "-o", str(tmp_path / "out"), "--format", "glb,amass", "--separate"]
    assert main([*arguments, "--figure", "armature"]) == 0
    (*_, done) = map(json.loads, (tmp_path / "out" / REPORT).read_text().splitlines())
    names = ["motion.glb", "motion_person2.glb", "motion.amass.npz", "motion_person2.amass.npz"]
    assert [Path(file).name for file in done["files"]] == names
    assert {file.name for file in (tmp_path / "out").iterdir()} == {*names, REPORT}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "out" / "motion.glb"))
    armatures = [thing.name for thing in bpy.data.objects if thing.type == "ARMATURE"]
    assert armatures == ["root"] and not any(len(mesh.vertices) > 5000 for mesh in bpy.data.meshes)


def test_motion_and_amass_files_have_the_given_frame_rate(motion_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.amass.npz"
    assert main([str(motion_file), "-o", str(output), "-o", str(tmp_path / "plain.npz"), "--fps", "15"]) == 0
    assert MotionClip.load(tmp_path / "plain.npz").fps == 15
    with np.load(output) as data:
        assert data["mocap_framerate"] == 15
    gone = tmp_path / "gone" / "out.npz"
    assert main([str(motion_file), "-o", str(gone)]) == EXIT_BAD_INPUT


def test_reduce_keys_keeps_fewer_keys(motion_file: Path, tmp_path: Path) -> None:
    counts = []
    for options in ([], ["--reduce-keys", "3"]):
        arguments = build_parser().parse_args([str(motion_file), "-o", "out.npz", "--figure", "armature", *options])
        assert convert([MotionClip.load(motion_file)], [tmp_path / "out.npz"], arguments) == (2, [tmp_path / "out.npz"])
        counts.append(sum(len(curve.keyframe_points) for curve in curves_of(bpy.data.objects["Person 1"])))
    assert counts[1] < 0.8 * counts[0]


def test_startup_file_does_not_affect_the_result(motion_file: Path, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    arguments = build_parser().parse_args([str(motion_file), "-o", "out.npz"])
    convert([MotionClip.load(motion_file)], [], arguments)
    assert "Cube" not in bpy.data.objects


def test_smoothing_is_applied(motion_file: Path, tmp_path: Path) -> None:
    for strength in ("0", "1"):
        arguments = [str(motion_file), "-o", str(tmp_path / strength), "--format", "npz", "--foot-locking", "0"]
        assert main([*arguments, "--smoothing", strength]) == 0
    raw, smooth = (MotionClip.load(tmp_path / strength / "motion.npz").people[0] for strength in ("0", "1"))
    assert np.abs(np.diff(smooth.poses, 2, axis=0)).mean() < np.abs(np.diff(raw.poses, 2, axis=0)).mean()
    assert main([str(motion_file), "-o", str(tmp_path / "x"), "--smoothing", "2"]) == EXIT_BAD_INPUT


def test_lean_correction_can_be_disabled(tmp_path: Path) -> None:
    """A person who is upright in the image, whereas vanishing points say that the camera is tilted."""
    tip = np.radians(8)
    clip = replace(synthetic_clip(), vertical=Vertical(np.array([0, -np.cos(tip), -np.sin(tip)]), 1.0))
    upright = np.zeros_like(clip.people[0].poses)
    upright[:, 0] = np.pi  # facing the camera
    standing = replace(clip.people[0], poses=upright, trans=np.tile([0.0, 0.2, 4.0], (len(upright), 1)))
    motion = tmp_path / "motion.npz"
    replace(clip, people=[standing]).save(motion)
    poses = []
    for name, switch in (("corrected", []), ("raw", ["--no-lean-correction"])):
        as_captured = ["--format", "npz", "--foot-locking", "0", "--smoothing", "0"]
        assert main([str(motion), "-o", str(tmp_path / name), *as_captured, *switch]) == 0
        poses.append(MotionClip.load(tmp_path / name / "motion.npz").people[0].poses)
    np.testing.assert_array_equal(poses[1], standing.poses)
    changed = (poses[0] != poses[1]).any(0)
    assert changed[:3].any() and not changed[3:].any(), "global_orient only"


def test_shots_are_written_together_or_one_is_chosen(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    save_shots(tmp_path / "shots.npz", clips_of_shots())
    arguments = [str(tmp_path / "shots.npz"), "-o", str(tmp_path / "out.blend"), "-o", str(tmp_path / "out.npz")]
    assert main([*arguments, "-o", str(tmp_path / "out.amass.npz"), "--figure", "armature"]) == 0
    printed = capsys.readouterr().out
    assert "shot 2: frames 30 to 59, 0:01.00 to 0:02.00" in printed and "out.blend: 2 people, 60 frames" in printed
    assert [clip.shot.number for clip in load_shots(tmp_path / "out.npz")] == [1, 2]
    assert (tmp_path / "out_person2.amass.npz").exists()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    assert sorted(marker.name for marker in bpy.context.scene.timeline_markers) == ["Shot 1", "Shot 2"]
    assert main([*arguments, "--shot", "2", "--figure", "armature"]) == 0
    assert [clip.shot.number for clip in load_shots(tmp_path / "out.npz")] == [2]
    assert main([*arguments, "--shot", "3"]) == EXIT_BAD_INPUT
    assert "there is no shot 3; choose from: 1, 2" in capsys.readouterr().err


def test_a_blend_file_has_the_list_of_people(motion_file: Path, tmp_path: Path) -> None:
    assert main([str(motion_file), "-o", str(tmp_path / "out.blend")]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    (collection,) = imported_clips(bpy.context.scene)
    assert [person_id(armature) for armature in people_of(collection)] == [1, 2]
    assert find_motion(clip_record(collection).motion, tmp_path) is None, "it is not in the cache"

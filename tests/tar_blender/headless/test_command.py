"""The headless command: scenes from videos and motion files, one line and exit code 2 for what the user can mend."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.engine.paths import PYTHON_VARIABLE
from tar_blender.headless import command as command_module
from tar_blender.headless.command import EXIT_BAD_INPUT, EXIT_INTERRUPTED, NAME, main
from tar_core.motion import MotionClip, Vertical
from tar_core.people.selection import save_detected
from tests.support.clips import detected_person, synthetic_clip
from tests.support.paths import PYTHON


@pytest.fixture
def motion_file(tmp_path: Path) -> Path:
    path = tmp_path / "motion.npz"
    synthetic_clip(people=2).save(path)
    return path


@pytest.fixture
def engine_python(tmp_path: Path, motion_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python whose `tar_core.engine` is a few lines that copy a finished motion, or who was found."""
    found_file = tmp_path / "found.npz"
    save_detected([detected_person(1, gray=200), detected_person(2, gray=50)], found_file)
    package = tmp_path / "site" / "tar_core"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "engine.py").write_text(
        "import json, shutil, sys\n"
        "job = json.loads(sys.stdin.readline())\n"
        "def say(event, **values):\n    print(json.dumps({'protocol': 2, 'event': event, **values}), flush=True)\n"
        "if job.get('people') == 3:\n    say('error', message='no person found; give a box')\n    sys.exit(2)\n"
        "say('progress', stage='capture', done=1, total=2, fps=9.0)\n"
        f"shutil.copy({str(found_file)!r} if job.get('scan') else {str(motion_file)!r}, job['output'])\n"
        "say('result', output=job['output'])\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncd "{package.parent}"\nPYTHONPATH=. exec "{PYTHON}" "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv(PYTHON_VARIABLE, str(python))
    return python


def test_video_becomes_a_blend(engine_python: Path, tiny_video: Path, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    output = tmp_path / "out.blend"
    assert main([str(tiny_video), "-o", str(output), "--start-frame", "11"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert sorted(thing.name for thing in bpy.data.objects) == [
        "Person 1",
        "Person 1 Body",
        "Person 2",
        "Person 2 Body",
        "TAR Camera",
    ]
    assert bpy.context.scene.frame_start == 14


def test_motion_file_needs_no_engine(motion_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = [tmp_path / "out.blend", tmp_path / "out.fbx"]
    assert main([str(motion_file), "-o", str(outputs[0]), "-o", str(outputs[1])]) == 0
    assert all(output.stat().st_size > 10_000 for output in outputs)
    assert "2 people" in capsys.readouterr().out


def test_batch_writes_a_folder_and_a_report(
    engine_python: Path, tiny_video: Path, motion_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "walk.mp4").write_bytes(tiny_video.read_bytes())
    out = tmp_path / "out"
    arguments = [str(videos), str(tmp_path / "gone.mp4"), str(motion_file), "-o", str(out), "--format", "glb,npz"]
    assert main(arguments) == EXIT_BAD_INPUT
    assert sorted(file.name for file in out.iterdir()) == [
        "motion.glb",
        "motion.npz",
        "report.json",
        "walk.glb",
        "walk.npz",
    ]
    report = json.loads((out / "report.json").read_text())
    assert [row["status"] for row in report] == ["done", "failed", "done"] and report[0]["people"] == 2
    assert "no such video" in capsys.readouterr().err
    assert main([str(videos), "-o", str(out), "--format", "glb,npz", "--resume"]) == 0
    assert "skipped" in capsys.readouterr().out
    assert main([str(videos), "-o", str(out), "--format", "dae"]) == EXIT_BAD_INPUT


def test_several_engines_do_the_same(engine_python: Path, tiny_video: Path, tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    for name in ("a.mp4", "b with space.mp4", "100% tänzer.mp4"):
        (videos / name).write_bytes(tiny_video.read_bytes())
    assert main([str(videos), "-o", str(tmp_path / "out"), "--format", "npz", "--jobs", "2"]) == 0
    written = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert written == ["100% tänzer.npz", "a.npz", "b with space.npz", "report.json"]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [row["status"] for row in report] == ["done"] * 3


def test_each_person_a_file_bones_alone_and_amass(motion_file: Path, tmp_path: Path) -> None:
    arguments = [str(motion_file), "-o", str(tmp_path / "out"), "--format", "glb,amass", "--separate"]
    assert main([*arguments, "--figure", "armature"]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    names = ["motion.glb", "motion_person2.glb", "motion.amass.npz", "motion_person2.amass.npz"]
    assert [Path(file).name for file in report[0]["files"]] == names
    assert {file.name for file in (tmp_path / "out").iterdir()} == {*names, "report.json"}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "out" / "motion.glb"))
    armatures = [thing.name for thing in bpy.data.objects if thing.type == "ARMATURE"]
    assert armatures == ["root"] and not any(len(mesh.vertices) > 5000 for mesh in bpy.data.meshes)


def test_single_motion_files(motion_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.amass.npz"
    assert main([str(motion_file), "-o", str(output), "-o", str(tmp_path / "plain.npz"), "--fps", "15"]) == 0
    assert MotionClip.load(tmp_path / "plain.npz").fps == 15
    with np.load(output) as data:
        assert data["mocap_framerate"] == 15
    gone = tmp_path / "gone" / "out.npz"
    assert main([str(motion_file), "-o", str(gone)]) == EXIT_BAD_INPUT


def test_ctrl_c_leaves_finished_clips_whole(
    engine_python: Path, tiny_video: Path, motion_file: Path, tmp_path: Path
) -> None:
    """A process of its own, as in a terminal: the engines are told, too."""
    (engine_python.parent / "site" / "tar_core" / "engine.py").write_text(
        "import json, shutil, sys, time\n"
        "for line in sys.stdin:\n"
        "    job = json.loads(line)\n"
        "    if 'second' in job['video']:\n"
        "        open(job['video'] + '.begun', 'w').close()\n"
        "        time.sleep(600)\n"
        f"    shutil.copy({str(motion_file)!r}, job['output'])\n"
        "    print(json.dumps({'event': 'result'}), flush=True)\n"
    )
    videos = [tmp_path / f"{name}.mp4" for name in ("first", "second", "third")]
    for video in videos:
        video.write_bytes(tiny_video.read_bytes())
    out = tmp_path / "out"
    command = [*start_by_path(), *map(str, videos), "-o", str(out), "--format", "blend"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not ((out / "first.blend").exists() and Path(f"{videos[1]}.begun").exists()):
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == EXIT_INTERRUPTED, errors
    assert "cancelled" in errors and "Traceback" not in errors
    assert sorted(file.name for file in out.iterdir()) == ["first.blend", "report.json"]
    report = json.loads((out / "report.json").read_text())
    assert [row["status"] for row in report] == ["done", "cancelled", "cancelled"]


def start_by_path() -> list[str]:
    """From a checkout: by `blender -b -P`, or by Python where Blender is a module."""
    script, binary = str(Path(command_module.__file__)), bpy.app.binary_path
    return [binary, "-b", "-P", script, "--"] if binary else [sys.executable, script]


def test_smoothing_is_applied(motion_file: Path, tmp_path: Path) -> None:
    for strength in ("0", "1"):
        arguments = [str(motion_file), "-o", str(tmp_path / strength), "--format", "npz", "--foot-locking", "0"]
        assert main([*arguments, "--smoothing", strength]) == 0
    raw, smooth = (MotionClip.load(tmp_path / strength / "motion.npz").people[0] for strength in ("0", "1"))
    assert np.abs(np.diff(smooth.poses, 2, axis=0)).mean() < np.abs(np.diff(raw.poses, 2, axis=0)).mean()
    assert main([str(motion_file), "-o", str(tmp_path / "x"), "--smoothing", "2"]) == EXIT_BAD_INPUT


def test_balance_is_kept_unless_told_otherwise(tmp_path: Path) -> None:
    """Somebody who stands straight by the picture, whose lines say that up is elsewhere."""
    tip = np.radians(8)
    clip = replace(synthetic_clip(), vertical=Vertical(np.array([0, -np.cos(tip), -np.sin(tip)]), 1.0))
    upright = np.zeros_like(clip.people[0].poses)
    upright[:, 0] = np.pi  # before a camera
    stands = replace(clip.people[0], poses=upright, trans=np.tile([0.0, 0.2, 4.0], (len(upright), 1)))
    motion = tmp_path / "motion.npz"
    replace(clip, people=[stands]).save(motion)
    poses = []
    for name, switch in (("kept", []), ("raw", ["--no-lean-correction"])):
        as_captured = ["--format", "npz", "--foot-locking", "0", "--smoothing", "0"]
        assert main([str(motion), "-o", str(tmp_path / name), *as_captured, *switch]) == 0
        poses.append(MotionClip.load(tmp_path / name / "motion.npz").people[0].poses)
    np.testing.assert_array_equal(poses[1], stands.poses)
    changed = (poses[0] != poses[1]).any(0)
    assert changed[:3].any() and not changed[3:].any(), "global_orient alone"


def test_runs_by_its_path(motion_file: Path, tmp_path: Path) -> None:
    start = start_by_path()
    output, model = tmp_path / "out.blend", tmp_path / "out.glb"
    subprocess.run([*start, str(motion_file), "-o", str(output), "-o", str(model)], cwd=tmp_path, check=True)
    assert output.stat().st_size > 10_000
    assert model.read_bytes()[:4] == b"glTF"
    refused = subprocess.run([*start, "gone.mp4", "-o", str(output)], cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == EXIT_BAD_INPUT
    assert "gone.mp4: no such video" in refused.stderr and "Traceback" not in refused.stderr


def test_engines_error_is_the_commands(
    engine_python: Path, tiny_video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.blend"
    assert main([str(tiny_video), "-o", str(output), "--people", "3"]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err.strip() == f"{NAME}: no person found; give a box"
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.mp4", "-o", "{tmp}/out.blend"], "no such video"),
        (["/dev/null", "-o", "{tmp}/out.blend"], "a pipe or a device"),
        (["{motion}", "-o", "{tmp}/missing/out.blend"], "cannot write"),
        (["{motion}", "-o", "{tmp}/out.xyz"], "ends in"),
        (["{text}", "-o", "{tmp}/out.blend"], "not a TAR motion file"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], message: str, motion_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    filled = [argument.format(tmp=tmp_path, motion=motion_file, text=text) for argument in arguments]
    assert main(filled) == EXIT_BAD_INPUT
    error = capsys.readouterr().err.strip()
    assert message in error and error.startswith(f"{NAME}: ") and "\n" not in error
    assert not (tmp_path / "out.blend").exists()


@pytest.mark.parametrize("name", ["out.blend", ""])
def test_read_only_disk_is_found_out_before_the_capture(
    name: str, engine_python: Path, tiny_video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real one: permissions alone would not keep root out."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mounted, capture_output=True).returncode:
        pytest.skip("needs the right to mount a disk")
    try:
        engine_python.unlink()  # nothing may be captured
        assert main([str(tiny_video), "-o", str(disk / name)]) == EXIT_BAD_INPUT
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    error = capsys.readouterr().err.strip()
    assert error.startswith(f"{NAME}: cannot write") and "Read-only" in error and "\n" not in error


def test_no_engine_python_says_how_to_make_one(
    tiny_video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    assert main([str(tiny_video), "-o", str(tmp_path / "out.blend")]) == EXIT_BAD_INPUT
    assert "Set Up Engine" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["a.mp4"], ["a.mp4", "-o", "b.blend", "--people", "0"], ["--nonsense"]])
def test_wrong_arguments(arguments: list[str]) -> None:
    assert main(arguments) == EXIT_BAD_INPUT


def test_help() -> None:
    assert main(["--help"]) == 0


def test_name_is_one_that_blender_takes() -> None:
    assert NAME.isidentifier()
    assert NAME in sys.modules["tar_blender.headless.command"].__doc__

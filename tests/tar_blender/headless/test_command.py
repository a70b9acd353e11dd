"""The headless command: output files, exit codes and messages."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import bpy
import pytest

from tar_blender.engine.paths import PYTHON_VARIABLE
from tar_blender.headless import command as command_module
from tar_blender.headless.command import EXIT_BAD_INPUT, NAME, main
from tar_core.batch.report import REPORT
from tar_core.program import EXIT_INTERRUPTED, EXIT_TERMINATED


def test_video_is_written_as_a_blend_file(
    engine_python: Path, tiny_video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.mesh.primitive_cube_add()
    output = tmp_path / "out.blend"
    assert main([str(tiny_video), "-o", str(output), "--start-frame", "11"]) == 0
    assert f"{NAME}: the camera moves (--camera-trajectory FILE)\n" in capsys.readouterr().err
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
    assert main([str(motion_file), "-o", str(outputs[0]), "-o", str(outputs[1]), "--figure", "armature"]) == 0
    assert all(output.stat().st_size > 10_000 for output in outputs)
    assert "2 people" in capsys.readouterr().out


def outcomes_in(folder: Path) -> dict[str, dict[str, Any]]:
    """The last outcome of each video in the report of a folder, by name; without a line that is being written."""
    rows = map(json.loads, (folder / REPORT).read_text().rpartition("\n")[0].splitlines())
    return {row["name"]: row for row in rows}


def test_batch_writes_a_folder_and_a_report(
    engine_python: Path, tiny_video: Path, motion_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "walk.mp4").write_bytes(tiny_video.read_bytes())
    out = tmp_path / "out"
    arguments = [str(videos), str(tmp_path / "gone.mp4"), str(motion_file), "-o", str(out), "--format", "glb,npz"]
    assert main([*arguments, "--figure", "armature"]) == EXIT_BAD_INPUT
    assert sorted(file.name for file in out.iterdir()) == [
        "motion.glb",
        "motion.npz",
        REPORT,
        "walk.glb",
        "walk.npz",
    ]
    ended = outcomes_in(out)
    assert {name: row["status"] for name, row in ended.items()} == {"walk": "done", "gone": "failed", "motion": "done"}
    assert ended["walk"]["people"] == 2
    assert "no such video" in capsys.readouterr().err
    assert main([str(videos), "-o", str(out), "--format", "glb,npz", "--figure", "armature", "--resume"]) == 0
    assert "skipped" in capsys.readouterr().out
    assert main([str(videos), "-o", str(out), "--format", "dae"]) == EXIT_BAD_INPUT


@pytest.mark.slow
def test_several_engines_write_the_same_files(engine_python: Path, tiny_video: Path, tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    for name in ("a.mp4", "b with space.mp4", "100% tänzer.mp4"):
        (videos / name).write_bytes(tiny_video.read_bytes())
    assert main([str(videos), "-o", str(tmp_path / "out"), "--format", "npz", "--workers", "2"]) == 0
    written = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert written == ["100% tänzer.npz", "a.npz", "b with space.npz", REPORT]
    assert [row["status"] for row in outcomes_in(tmp_path / "out").values()] == ["done"] * 3


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, EXIT_INTERRUPTED), (signal.SIGTERM, EXIT_TERMINATED)])
def test_interruption_keeps_finished_files_and_no_temporary_ones(
    number: signal.Signals, code: int, engine_python: Path, tiny_video: Path, motion_file: Path, tmp_path: Path
) -> None:
    """As in a terminal, the engines get the signal too: all are in one process group."""
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
    command = [*start_by_path(), *map(str, videos), "-o", str(out), "--format", "blend", "--workers", "1"]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (Path(f"{videos[1]}.begun").exists() and outcomes_in(out)["first"]["status"] == "done"):
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.05)
    assert list(temporary.glob("tar-engine-*"))
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert "cancelled" in errors and "Traceback" not in errors
    assert sorted(file.name for file in out.iterdir()) == ["first.blend", REPORT]
    assert [row["status"] for row in outcomes_in(out).values()] == ["done", "started", "started"]
    assert not list(temporary.glob("tar-engine-*"))


@pytest.mark.parametrize("how", ["the same", "relative", "symbolic", "hard", "second person"])
@pytest.mark.parametrize("role", ["video", "character"])
def test_outputs_that_are_inputs_are_refused(
    role: str,
    how: str,
    motion_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    suffix = ".bvh" if how == "second person" else ".npz" if role == "video" else ".blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "character.blend"), copy=True)
    given = motion_file if role == "video" else tmp_path / "character.blend"
    output = tmp_path / "out" / f"out{suffix}"
    output.parent.mkdir()
    monkeypatch.chdir(output.parent)
    if how == "the same":
        output = given
    elif how == "relative":
        output = Path("..") / given.name
    elif how == "symbolic":
        output.symlink_to(given)
    elif how == "hard":
        output.hardlink_to(given)
    elif role == "character":
        pytest.skip("a character file is no .bvh file")
    else:
        output.with_name("out_person2.bvh").hardlink_to(given)
    before = given.read_bytes()
    arguments = [str(motion_file), "-o", str(output), "--overwrite"]
    assert main([*arguments, *(["--character", str(given)] if role == "character" else [])]) == EXIT_BAD_INPUT
    assert "it is also an input" in capsys.readouterr().err
    assert given.read_bytes() == before


def start_by_path() -> list[str]:
    """The start of a command line that runs the command from a checkout, with Blender or with Python and bpy."""
    script, binary = str(Path(command_module.__file__)), bpy.app.binary_path
    return [binary, "-b", "-P", script, "--"] if binary else [sys.executable, script]


def test_command_runs_as_a_script(motion_file: Path, tmp_path: Path) -> None:
    start = start_by_path()
    output, model = tmp_path / "out.blend", tmp_path / "out.glb"
    outputs = ["-o", str(output), "-o", str(model), "--figure", "armature"]
    subprocess.run([*start, str(motion_file), *outputs], cwd=tmp_path, check=True)
    assert output.stat().st_size > 10_000
    assert model.read_bytes()[:4] == b"glTF"
    refused = subprocess.run([*start, "gone.mp4", "-o", str(output)], cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == EXIT_BAD_INPUT
    assert "gone.mp4: no such video" in refused.stderr and "Traceback" not in refused.stderr


def test_errors_of_the_engine_are_reported(
    engine_python: Path, tiny_video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.blend"
    assert main([str(tiny_video), "-o", str(output), "--people", "3"]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err.strip() == f"{NAME}: no person found; give a box (--box FRAME,X0,Y0,X1,Y1)"
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
def test_bad_input_is_reported_in_one_line(
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
def test_read_only_disk_is_reported_before_the_capture(
    name: str, engine_python: Path, tiny_video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mounted read-only disk, since file permissions do not stop root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mounted, capture_output=True).returncode:
        pytest.skip("needs the right to mount a disk")
    try:
        engine_python.unlink()  # no capture may start
        assert main([str(tiny_video), "-o", str(disk / name)]) == EXIT_BAD_INPUT
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    error = capsys.readouterr().err.strip()
    assert error.startswith(f"{NAME}: cannot write") and "Read-only" in error and "\n" not in error


def test_missing_engine_is_an_error(
    tiny_video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    assert main([str(tiny_video), "-o", str(tmp_path / "out.blend")]) == EXIT_BAD_INPUT
    assert "Set Up Engine" in capsys.readouterr().err

"""`tar-capture batch`. The engine of most tests is a small program."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from tar_core.batch import command
from tar_core.batch.report import REPORT
from tar_core.cli import main
from tar_core.engine.blocking_client import BlockingEngine
from tar_core.program import EXIT_TERMINATED
from tar_core.shot_files import load_shots
from tests.support.clips import synthetic_clip
from tests.support.engine_programs import SAY
from tests.support.paths import PYTHON, REPOSITORY

ENGINE = """
import os, shutil, sys
from pathlib import Path
for line in sys.stdin:
    job = json.loads(line)
    job["process"] = os.getpid()
    with open(LOG, "a") as log:
        print(json.dumps(job), file=log)
    if "empty" in job["video"]:
        say("error", message="no person found", topic="nobody_detected")
    elif job["video"].endswith("crash.mp4"):
        say("progress", stage="capture", done=1, total=5, fps=9.0)
        os.kill(os.getpid(), SIGNAL)
    else:
        shutil.copy(MOTION, job["output"])
        say("result", output=job["output"])
"""


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to which the engines write their jobs."""
    synthetic_clip(frames=5).save(tmp_path / "motion.npz")
    log = tmp_path / "jobs.jsonl"
    log.touch()
    names = f"MOTION = {str(tmp_path / 'motion.npz')!r}\nLOG = {str(log)!r}\nSIGNAL = {signal.SIGSEGV}\n"
    program = ("-c", "import json\n" + SAY + names + ENGINE)
    monkeypatch.setattr(command, "BlockingEngine", lambda find_python: BlockingEngine(lambda: PYTHON, program))
    return log


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def takes(tmp_path: Path, demo_video: Path) -> Path:
    folder = tmp_path / "takes"
    folder.mkdir()
    for name in ("a", "b", "empty"):
        shutil.copy(demo_video, folder / f"{name}.mp4")
    return folder


def test_videos_become_motion_files(
    jobs: Path, takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["batch", str(takes), "-o", str(out), "--workers", "2", "--fov", "60"]) == 2
    assert sorted(path.name for path in out.iterdir()) == ["a.npz", "b.npz", REPORT]
    (clip,) = load_shots(out / "a.npz")
    assert len(clip.people[0]) == 5
    assert all(job["fov"] == 60 for job in read(jobs))
    ended = {row["name"]: row for row in read(out / REPORT)}
    assert (ended["a"]["status"], ended["a"]["people"], ended["a"]["frames"]) == ("done", 1, 5)
    printed = capsys.readouterr()
    assert "no person found (--box" in printed.err and "2 captured, 0 already finished, 1 failed" in printed.out

    jobs.write_text("")
    assert main(["batch", str(takes), "-o", str(out), "--fov", "60", "--resume"]) == 2
    assert [Path(job["video"]).name for job in read(jobs)] == ["empty.mp4"], "failed videos are tried again"
    assert main(["batch", str(takes / "a.mp4"), "-o", str(out), "--fov", "50", "--resume"]) == 0
    assert Path(read(jobs)[-1]["video"]).name == "a.mp4", "with other options"


@pytest.mark.parametrize("address", ["memory://bucket/takes", "file://{folder}/shared/takes/"])
def test_motion_files_are_written_to_a_storage(
    address: str, jobs: Path, takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, results = tmp_path / "out", address.format(folder=tmp_path)
    command = ["batch", str(takes), "-o", str(out), "--results", results]
    files, folder = fsspec.core.url_to_fs(results)
    assert main(command) == 2, "one of the videos shows nobody"
    assert sorted(Path(path).name for path in files.ls(folder, detail=False)) == ["a.npz", "b.npz"]
    assert [path.name for path in out.iterdir()] == [REPORT]
    files.get(f"{folder}/a.npz", str(tmp_path / "fetched.npz"))
    assert len(load_shots(tmp_path / "fetched.npz")[0].people[0]) == 5

    jobs.write_text("")
    assert main([*command, "--resume"]) == 2
    assert [Path(job["video"]).name for job in read(jobs)] == ["empty.mp4"], "the others are finished"
    files.rm(f"{folder}/a.npz")
    files.pipe(f"{folder}/b.npz", b"of somebody else")
    capsys.readouterr()
    assert main([*command, "--resume"]) == 2
    assert "b.npz: already exists; it is not from this batch" in capsys.readouterr().err
    assert files.exists(f"{folder}/a.npz") and files.cat(f"{folder}/b.npz") == b"of somebody else"
    files.rm(folder, recursive=True)


def test_storage_that_cannot_be_used_is_an_error(
    jobs: Path, takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", str(takes), "-o", str(tmp_path / "out"), "--results", "abacus://a/b"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "abacus://a/b/a.npz" in line and "check the address" in line
    assert not read(jobs)


def test_list_gives_videos_their_own_options(jobs: Path, takes: Path, tmp_path: Path) -> None:
    listed = takes / "list.csv"
    listed.write_text("video,name,focal_length,static_camera\na.mp4,one,1200,true\nb.mp4,two,,\n")
    assert main(["batch", str(listed), "-o", str(tmp_path / "out"), "--people", "largest", "--workers", "1"]) == 0
    first, second = read(jobs)
    assert (first["focal_length"], first["static_camera"], first["people"]) == (1200, True, "largest")
    assert not second.get("static_camera") and second["people"] == "largest"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"one.npz", "two.npz", REPORT}


def test_views_belong_to_one_video(
    jobs: Path, takes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["batch", str(takes), "-o", str(out), "--views", str(takes / "b.mp4")]) == 2
    assert "other views belong to one video; give a list" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)  # the engine runs in another folder
    (tmp_path / "list.csv").write_text("video,views\ntakes/a.mp4,takes/b.mp4\n")
    assert main(["batch", "list.csv", "-o", str(out)]) == 0
    assert read(jobs)[-1]["views"] == [str(takes / "b.mp4")]


def test_motion_files_are_cleaned_up_again(jobs: Path, tmp_path: Path) -> None:
    clip = synthetic_clip(frames=40)
    (tmp_path / "raw").mkdir()
    clip.save(tmp_path / "raw" / "walk.npz")
    (tmp_path / "raw" / "other.npz").write_bytes(b"not a motion file")
    inputs = [str(tmp_path / "raw" / name) for name in ("walk.npz", "other.npz")]
    assert main(["batch", *inputs, "-o", str(tmp_path / "out"), "--smoothing", "1"]) == 2
    assert main(["cleanup", inputs[0], "-o", str(tmp_path / "single.npz"), "--smoothing", "1"]) == 0
    (batched,), (single,) = (load_shots(path) for path in (tmp_path / "out" / "walk.npz", tmp_path / "single.npz"))
    np.testing.assert_array_equal(batched.people[0].poses, single.people[0].poses)
    assert not np.array_equal(batched.people[0].poses, clip.people[0].poses)
    assert not read(jobs) and not (tmp_path / "out" / "other.npz").exists()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("flux", "3", "there is no option flux"),
        ("focal_length", "long", "is not a number"),
        ("static_camera", "maybe", "is not one of true, false"),
        ("fov", "500", "fov"),
    ],
)
def test_unusable_options_in_lists_are_errors(
    column: str, value: str, message: str, jobs: Path, takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (takes / "list.csv").write_text(f"video,{column}\na.mp4,\nb.mp4,{value}\n")
    assert main(["batch", str(takes / "list.csv"), "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error and "b.mp4" in error and len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists() and not read(jobs)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_termination_deletes_temporary_files(takes: Path, tmp_path: Path) -> None:
    temporary, out = tmp_path / "temporary", tmp_path / "out"
    temporary.mkdir()
    batch = [sys.executable, "-m", "tar_core", "batch", str(takes), "-o", str(out), "--workers", "1"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(batch, env=environment, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not list(temporary.glob("tar-engine-*")):
            assert time.monotonic() < deadline and process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.terminate()
        _, errors = process.communicate(timeout=60)
    assert process.returncode == EXIT_TERMINATED and "Traceback" not in errors, errors
    assert [path.name for path in out.iterdir()] == [REPORT]
    assert not list(temporary.glob("tar-engine-*"))


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_engine_that_crashes_loses_one_video(jobs: Path, takes: Path, tmp_path: Path) -> None:
    """The program dies of a segmentation fault in the middle of a video; another one captures the next."""
    (takes / "empty.mp4").rename(takes / "b crash.mp4")
    (takes / "b.mp4").rename(takes / "c.mp4")
    out = tmp_path / "out"
    assert main(["batch", str(takes), "-o", str(out), "--workers", "1"]) == 2
    ended = {row["name"]: row for row in read(out / REPORT) if row["status"] != "started"}
    assert {name: row["status"] for name, row in ended.items()} == {"a": "done", "b crash": "failed", "c": "done"}
    assert "the engine crashed (SIGSEGV)" in ended["b crash"]["message"]
    first, crashed, last = (job["process"] for job in read(jobs))
    assert first == crashed != last, "each video is tried once"


def engine_of(process: int) -> int:
    """The process ID of the engine, the only child of a batch with one worker."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            _, parent, *_ = stat.read_text().rpartition(")")[2].split()
            children += [int(stat.parent.name)] if int(parent) == process else []
    (child,) = children
    return child


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads /proc")
def test_killed_engine_loses_one_video(takes: Path, tmp_path: Path) -> None:
    """The real engine is killed, as a system without memory does it, while it captures the second of three videos."""
    (takes / "empty.mp4").rename(takes / "c.mp4")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "tar_core", "batch", str(takes), "-o", str(out), "--workers", "1", "--end", "20"]
    with subprocess.Popen(command, cwd=REPOSITORY) as batch:
        deadline = time.monotonic() + 300
        while not (out / REPORT).exists() or '"done"' not in (out / REPORT).read_text():
            assert time.monotonic() < deadline and batch.poll() is None
            time.sleep(0.01)
        time.sleep(0.3)
        os.kill(engine_of(batch.pid), signal.SIGKILL)
    assert batch.returncode == 2
    ended = {row["name"]: row for row in read(out / REPORT) if row["status"] != "started"}
    assert {name: row["status"] for name, row in ended.items()} == {"a": "done", "b": "failed", "c": "done"}
    assert "killed" in ended["b"]["message"]
    assert sorted(path.name for path in out.iterdir()) == ["a.npz", "c.npz", REPORT]


@pytest.mark.slow
def test_batch_equals_single_captures(demo_video: Path, tmp_path: Path) -> None:
    options = ["--start", "10", "--end", "40"]
    assert main(["capture", str(demo_video), "-o", str(tmp_path / "single.npz"), "--quiet", *options]) == 0
    assert main(["batch", str(demo_video), "-o", str(tmp_path / "out"), *options]) == 0
    (single,), (batched,) = (
        load_shots(path) for path in (tmp_path / "single.npz", tmp_path / "out" / f"{demo_video.stem}.npz")
    )
    assert len(single.people) == len(batched.people)
    for one, other in zip(single.people, batched.people, strict=True):
        np.testing.assert_allclose(one.poses, other.poses, atol=1e-5)
        np.testing.assert_allclose(one.trans, other.trans, atol=1e-5)

"""Command-line programs whose standard streams are closed or full, or that are terminated."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tar_core.motion import MotionClip
from tar_core.video.reader import VideoReader
from tests.support.clips import make_person
from tests.support.senders import Sender


@pytest.fixture
def clip_file(tmp_path: Path) -> Path:
    clip = MotionClip(25, 640, 480, 800, np.array([319.5, 239.5]), "v.mp4", [make_person(1)])
    clip.save(tmp_path / "clip.npz")
    return tmp_path / "clip.npz"


@pytest.mark.parametrize(
    ("arguments", "streams", "code", "words"),
    [
        ("check {clip}", ">&-", 0, ""),
        ("check {clip}", "2>&-", 0, ""),
        ("check absent.npz", ">&- 2>&- <&-", 2, ""),
        ("ground {clip} -o new.npz", ">&- 2>&- <&-", 0, ""),
        (
            "check {clip}",
            "> /dev/full",
            2,
            "tar-capture: cannot write to standard output: No space left on device\n",
        ),
        ("check absent.npz", "2> /dev/full", 1, ""),
    ],
)
def test_closed_and_full_standard_streams(
    arguments: str, streams: str, code: int, words: str, clip_file: Path, tmp_path: Path
) -> None:
    command = f"{sys.executable} -m tar_core {arguments.format(clip=clip_file)} {streams}"
    found = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (code, words)
    if "new.npz" in arguments:
        MotionClip.load(tmp_path / "new.npz")


def test_closed_pipe(clip_file: Path) -> None:
    command = f"({sys.executable} -m tar_core check {clip_file}; echo code $? >&2) | true"
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert found.stderr == "code 2\n"


def test_termination_deletes_temporary_files(demo_video: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tar_core", "capture", str(demo_video), "-o", str(tmp_path / "clip.npz"), "--raw"]
    overlay = ["--overlay", str(tmp_path / "overlay.mp4"), "--end", "9", "--box", "0,240,330,620,1260", "--quiet"]
    with subprocess.Popen([*command, *overlay]) as process:
        # The first temporary file tests, before the capture, whether the overlay can be written.
        while process.poll() is None and not (list(tmp_path.glob("clip.npz")) and list(tmp_path.glob(".overlay*"))):
            time.sleep(0.02)
        process.terminate()
        assert process.wait() == 143
    assert [path.name for path in tmp_path.iterdir()] == ["clip.npz"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have names of text only")
def test_names_that_are_not_text(clip_file: Path, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe \x1b[31m\n.npz"
    clip_file.rename(os.fsdecode(name))
    command = [sys.executable, "-m", "tar_core", "ground", name, "-o", name[:-4] + b"2.npz"]
    found = subprocess.run(command, capture_output=True)
    assert (found.returncode, found.stderr) == (0, b"")
    found = subprocess.run([sys.executable, "-m", "tar_core", "cleanup", name, "-o", name], capture_output=True)
    assert found.returncode == 2 and found.stderr.count(b"\n") == 1 and b"\x1b" not in found.stderr


def test_too_little_memory_is_one_line(demo_video: Path, tmp_path: Path) -> None:
    capture = f"-m tar_core capture '{demo_video}' -o '{tmp_path / 'clip.npz'}' --end 1 --quiet"
    command = f"ulimit -v 150000; OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 {sys.executable} {capture}"
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert found.returncode == 2 and found.stderr.count("\n") == 1, found.stderr
    assert not list(tmp_path.iterdir())


def test_ctrl_c_ends_a_recording_and_keeps_it(tmp_path: Path) -> None:
    sender, video = Sender("udp", "mpegts", 60), tmp_path / "take.mp4"
    command = [sys.executable, "-m", "tar_core", "record", sender.address, "-o", str(video), "--seconds", "60"]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while not any(file.stat().st_size > 20_000 for file in tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=20)
    finally:
        sender.end()
    assert process.returncode == 0 and printed == f"{video}\n"
    assert 0 < VideoReader(video).frame_count < 60 * sender.fps

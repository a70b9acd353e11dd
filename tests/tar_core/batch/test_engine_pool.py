"""Several engines at the same time. The engines of these tests are small programs."""

import os
import time
from pathlib import Path

import pytest

from tar_core.batch.engine_pool import EnginePool
from tar_core.batch.inputs import BatchVideo
from tar_core.engine.blocking_client import BlockingEngine
from tar_core.engine.protocol import Job
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tests.support.clips import synthetic_clip
from tests.support.engine_programs import SAY
from tests.support.paths import PYTHON

# Runs jobs until its input ends. For each video, it writes its process ID to a file and waits for another file.
ENGINE = """
import json, os, shutil, sys, time
from pathlib import Path
for line in sys.stdin:
    job = json.loads(line)
    video = Path(job["video"])
    Path(f"{video}.begun").write_text(str(os.getpid()))
    while not Path(f"{video}.go").exists():
        time.sleep(0.01)
    if "bad" in video.name:
        say("error", message="nobody was found")
    else:
        shutil.copy(MOTION, job["output"])
        say("result", output=job["output"])
"""


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    synthetic_clip(frames=5).save(tmp_path / "motion.npz")
    return "-c", "import json\n" + SAY + f"MOTION = {str(tmp_path / 'motion.npz')!r}\n" + ENGINE


def pool_of(count: int, command: tuple[str, ...]) -> EnginePool[list[MotionClip]]:
    engines = [BlockingEngine(lambda: PYTHON, command) for _ in range(count)]
    return EnginePool(engines, capture)


def capture(video: BatchVideo, engine: BlockingEngine) -> list[MotionClip]:
    return engine.capture(Job(video=str(video)), lambda event: None)


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 60
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline, f"{path.name} did not appear"
        time.sleep(0.01)
    return path.read_text()


def test_videos_are_yielded_as_they_finish(command: tuple[str, ...], tmp_path: Path) -> None:
    videos = [BatchVideo(tmp_path / name, name) for name in ("slow.mp4", "bad.mp4", "third.mp4")]
    with pool_of(2, command) as captures:
        for quick in videos[1:]:
            Path(f"{quick}.go").touch()
        finished = captures.finished(videos)
        first = next(finished).video
        assert first != videos[0]
        second = next(finished).video
        assert {first, second} == set(videos[1:]), "one engine waits, the other captures both"
        processes = [wait_for(Path(f"{video}.begun")) for video in videos]
        assert processes[1] == processes[2] != processes[0], "an engine continues, also after an error"
        with pytest.raises(TarError, match="nobody was found"):
            captures.result(videos[1])
        (clip,) = captures.result(videos[2])
        assert len(clip.people) == 1
        Path(f"{videos[0]}.go").touch()
        assert next(finished).video == videos[0]
        (clip,) = captures.result(videos[0])
        assert len(clip.people) == 1


def test_leaving_the_pool_ends_the_engines(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tar_core.engine.client._PATIENCE", 0.5)  # for engines that wait for a file
    videos = [BatchVideo(tmp_path / name, name) for name in ("a.mp4", "b.mp4", "c.mp4")]
    with pytest.raises(KeyboardInterrupt), pool_of(2, command) as captures:
        finished = captures.finished(videos)
        Path(f"{videos[0]}.go").touch()
        next(finished)
        for video in videos:
            wait_for(Path(f"{video}.begun"))
        begun = time.monotonic()
        raise KeyboardInterrupt
    assert time.monotonic() - begun < 60
    for video in videos[1:]:
        with pytest.raises(ProcessLookupError):
            process = int(wait_for(Path(f"{video}.begun")))
            os.kill(process, 0)


def test_closed_engine_takes_no_job(command: tuple[str, ...], tmp_path: Path) -> None:
    engine = BlockingEngine(lambda: PYTHON, command)
    engine.close()
    with pytest.raises(TarError, match="stopped"):
        capture(BatchVideo(tmp_path / "a.mp4", "a"), engine)
    assert not (tmp_path / "a.mp4.begun").exists()

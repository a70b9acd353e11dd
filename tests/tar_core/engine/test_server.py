"""The engine process: jobs, events and cancelling."""

import gc
import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tar_core.capture.progress import Progress
from tar_core.engine.protocol import LONGEST_LINE, PROTOCOL, STOP_LINE
from tar_core.engine.server import (
    EventStream,
    LoadedNetworks,
    _WarningsAsEvents,
    load_libraries,
    progress_events,
    run_line,
)
from tar_core.motion import MotionClip
from tar_core.options import CaptureOptions, StartBox
from tar_core.people.selection import Scan
from tar_core.preview import Preview
from tar_core.video.reader import VideoReader
from tests.support.senders import Sender

# An engine on a computer that takes a minute to load the networks.
SLOW_ENGINE = """
import sys, time
from tar_core.capture.networks import Networks
from tar_core.engine.server import main
load = Networks.load
Networks.load = lambda options: (time.sleep(60), load(options))[1]
sys.exit(main())
"""


class Engine:
    """A running engine process with one job."""

    def __init__(self, job: dict[str, Any] | str, *program: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *(program or ("-m", "tar_core.engine"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self.stdin, self.stdout, self.stderr = self.process.stdin, self.process.stdout, self.process.stderr
        self.stdin.write((job if isinstance(job, str) else json.dumps(job)) + "\n")
        self.stdin.flush()

    def events(self) -> list[dict[str, Any]]:
        """The remaining events of the last job; every line must be JSON."""
        events = []
        for line in self.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] in ("result", "error"):
                self.stdin.close()  # no other job
        return events

    def read_until(self, stage: str) -> None:
        """Wait for a progress event of the stage."""
        for line in self.stdout:
            event = json.loads(line)
            assert event["event"] != "error", event
            if event.get("stage") == stage:
                return
        pytest.fail(f"ended before the stage {stage}: {self.stderr.read()}")


@pytest.mark.capture
def test_whole_job(demo_video: Path, untrained_checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "clip.npz"
    job = {"video": str(demo_video), "output": str(output), "end": 3, "people": "largest", "focal_length": None}
    engine = Engine({**job, "checkpoint": str(untrained_checkpoint), "device": "cpu"})
    events = engine.events()
    assert engine.process.wait() == 0
    kinds = [event["event"] for event in events]
    assert set(kinds) == {"progress", "preview", "person", "result"}
    assert kinds[-1] == "result" and events[-1]["output"] == str(output)
    progress = [event for event in events if event["event"] == "progress"]
    assert progress[0]["stage"] == "load"
    assert (progress[-1]["stage"], progress[-1]["done"], progress[-1]["total"]) == ("capture", 4, 4)
    person = next(event for event in events if event["event"] == "person")
    assert (person["first"], person["last"]) == (0, 3)
    assert len(MotionClip.load(output).people) == 1


@pytest.mark.capture
def test_one_job_after_the_other(demo_video: Path, untrained_checkpoint: Path, tmp_path: Path) -> None:
    """A failed job does not end the engine; the exit code is the last job's, a scan."""
    job = {"video": str(demo_video), "end": 1, "people": "largest", "checkpoint": str(untrained_checkpoint)}
    engine = Engine({**job, "output": str(tmp_path / "a.npz"), "device": "cpu"})
    for changed in (
        {"video": str(tmp_path / "absent.mp4"), "output": str(tmp_path / "b.npz")},
        {"end": 20, "people": "all", "scan": True, "output": str(tmp_path / "found.npz")},
    ):
        engine.stdin.write(json.dumps({**job, **changed, "device": "cpu"}) + "\n")
    engine.stdin.flush()
    ended: list[str] = []
    last: list[dict[str, Any]] = []
    while len(ended) < 3:
        event = json.loads(next(engine.stdout))
        last = [event] if last and last[-1]["event"] in ("result", "error") else [*last, event]
        ended += [event["event"]] if event["event"] in ("result", "error") else []
    assert ended == ["result", "error", "result"]
    engine.stdin.close()
    assert engine.process.wait(timeout=20) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "found.npz"]
    assert {event.get("stage") for event in last if event["event"] == "progress"} == {"load", "scan"}
    people = Scan.load(tmp_path / "found.npz").people
    assert [person.person_id for person in people] == [1, 2]
    for person in people:
        found = {"event": "person", "id": person.person_id, "first": person.first_frame, "last": person.last_frame}
        assert {"protocol": PROTOCOL, **found} in last


def test_recording_is_stopped_and_kept(tmp_path: Path) -> None:
    sender, video = Sender("udp", "mpegts", 60), tmp_path / "take.mp4"
    try:
        job = {"video": str(video), "output": str(tmp_path / "unused.npz")}
        engine = Engine({**job, "record": {"source": sender.address, "seconds": 60}})
        engine.read_until("record")
        engine.stdin.write(STOP_LINE)
        engine.stdin.flush()
        assert engine.events()[-1] == {"protocol": PROTOCOL, "event": "result", "output": str(video)}
        assert engine.process.wait(timeout=20) == 0
    finally:
        sender.end()
    assert [path.name for path in tmp_path.iterdir()] == ["take.mp4"]
    assert 0 < VideoReader(video).frame_count < 60 * sender.fps


@pytest.mark.slow
@pytest.mark.capture
def test_live_recording_sends_previews_of_its_people(demo_video: Path, tmp_path: Path) -> None:
    sender, video, began = Sender("udp", "mpegts", 60, demo_video), tmp_path / "take.mp4", time.time()
    try:
        job = {"video": str(video), "output": str(tmp_path / "unused.npz"), "device": "cpu"}
        engine = Engine({**job, "record": {"source": sender.address, "seconds": 60, "live": True}})
        previews: list[Preview] = []
        for line in engine.stdout:
            event = json.loads(line)
            assert event["event"] in ("progress", "preview"), event
            if event["event"] == "preview":
                previews.append(Preview.from_json(event))
                assert previews[-1].time is not None and began < previews[-1].time <= time.time()
            if sum(bool(preview.people) for preview in previews) >= 5:
                break
        engine.stdin.write(STOP_LINE)
        engine.stdin.flush()
        assert engine.events()[-1]["event"] == "result"
        assert engine.process.wait(timeout=30) == 0
    finally:
        sender.end()
    assert all(preview.bodies.keys() == preview.people.keys() for preview in previews)
    frames = [preview.frame for preview in previews]
    assert frames == sorted(set(frames)) and len(frames) < frames[-1] + 1, "images are dropped, none comes twice"
    assert VideoReader(video).frame_count > len(frames), "the recording has images that the preview has dropped"


@pytest.mark.capture
def test_recording_ends_before_the_networks_of_its_preview_are_loaded(tmp_path: Path) -> None:
    sender, video = Sender("udp", "mpegts", 60), tmp_path / "take.mp4"
    try:
        job = {"video": str(video), "output": str(tmp_path / "unused.npz"), "device": "cpu"}
        engine = Engine({**job, "record": {"source": sender.address, "seconds": 60, "live": True}}, "-c", SLOW_ENGINE)
        engine.read_until("record")
        engine.stdin.write(STOP_LINE)
        engine.stdin.flush()
        began = time.monotonic()
        assert engine.events()[-1]["event"] == "result"
        assert engine.process.wait(timeout=20) == 0
        assert time.monotonic() - began < 20
    finally:
        sender.end()
    assert VideoReader(video).frame_count > 0


def test_cancelled_recording_leaves_nothing(tmp_path: Path) -> None:
    sender = Sender("udp", "mpegts", 60)
    try:
        job = {"video": str(tmp_path / "take.mp4"), "output": str(tmp_path / "unused.npz")}
        engine = Engine({**job, "record": {"source": sender.address, "seconds": 60}})
        engine.read_until("record")
        engine.stdin.close()
        assert engine.process.wait(timeout=20) == 130
    finally:
        sender.end()
    assert not list(tmp_path.iterdir())


def test_networks_are_kept_for_a_job_that_needs_the_same(untrained_checkpoint: Path) -> None:
    loaded = LoadedNetworks()
    options = CaptureOptions(checkpoint=untrained_checkpoint, device="cpu")
    first = loaded.of(options)
    assert loaded.of(replace(options, start=7)) is first
    boxed = loaded.of(replace(options, box=StartBox(0, (0, 0, 9, 9))))
    assert boxed is not first and boxed.detector is None


@pytest.mark.capture
@pytest.mark.parametrize("how", ["stdin", "signal"])
def test_cancel(how: str, demo_video: Path, untrained_checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "clip.npz"
    engine = Engine({"video": str(demo_video), "output": str(output), "checkpoint": str(untrained_checkpoint)})
    engine.read_until("capture")
    if how == "stdin":
        engine.stdin.close()
    else:
        engine.process.send_signal(signal.SIGTERM)
    # The engine kills itself after 0.8 s; the machine may take longer to end a process.
    assert engine.process.wait(timeout=10) == 130
    assert not list(tmp_path.iterdir())


@pytest.mark.capture
def test_engine_ends_when_its_client_is_gone(demo_video: Path, untrained_checkpoint: Path, tmp_path: Path) -> None:
    job = {"video": str(demo_video), "output": str(tmp_path / "clip.npz"), "checkpoint": str(untrained_checkpoint)}
    engine = Engine(job)
    engine.read_until("capture")
    engine.stdout.close()
    assert engine.process.wait(timeout=20) == 130
    assert "Traceback" not in engine.stderr.read()
    assert not list(tmp_path.iterdir())


def test_error_is_an_event(tmp_path: Path) -> None:
    engine = Engine({"video": str(tmp_path / "absent.mp4"), "output": str(tmp_path / "clip.npz")})
    (event,) = [event for event in engine.events() if event["event"] != "progress"]
    assert event["event"] == "error" and "no such video" in event["message"]
    assert engine.process.wait() == 2
    assert "Traceback" not in engine.stderr.read()


def test_engine_answers_garbage_and_goes_on(tmp_path: Path) -> None:
    job = {"video": str(tmp_path / "absent.mp4"), "output": str(tmp_path / "clip.npz")}
    garbage: list[bytes] = [
        *(
            b"\n",
            b"hello\n",
            b"\xff\xfe\0\n",
            b"[1]\n",
            b"null\n",
            100_000 * b"[" + b"\n",
            (LONGEST_LINE + 9) * b"{" + b"\n",
        ),
        *(json.dumps(job | {key: value}).encode() + b"\n" for key in job for value in (3, [], "", "\0", "\ud800")),
        *(json.dumps(job | {"start": value}).encode() + b"\n" for value in (float("nan"), 10**400, {}, True)),
        json.dumps(job | {"device": "cpu", "selection": [{"wanted": True, "boxes": [[10**400] * 5]}]}).encode() + b"\n",
        json.dumps({"event": "dance"}).encode() + b"\n",
    ]
    engine = Engine(job)
    engine.stdin.buffer.write(b"".join(garbage))
    engine.stdin.write(json.dumps(job) + "\n")
    engine.stdin.flush()
    answers = [json.loads(next(engine.stdout)) for _ in range(len(garbage) + 2)]
    assert {answer["event"] for answer in answers} == {"error"}
    assert "no such video" in answers[-1]["message"]
    assert max(len(answer["message"]) for answer in answers) < 3000
    engine.stdin.close()
    assert engine.process.wait(timeout=20) == 2


def test_unexpected_error_ends_the_job_and_not_the_engine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("bug")

    monkeypatch.setattr("tar_core.engine.server.run_job", fail)
    line = '{"video": "a.mp4", "output": "b.npz"}'
    event, values = run_line(line, EventStream(io.StringIO()), LoadedNetworks())
    assert event == "error" and values["message"] == "unexpected ZeroDivisionError: bug; see the log"
    assert "Traceback" in capsys.readouterr().err


def test_warnings_are_events_with_their_topic() -> None:
    output, logger = io.StringIO(), logging.getLogger("tar_core.test")
    handler = _WarningsAsEvents(EventStream(output))
    logger.addHandler(handler)
    logger.warning("the camera moves", extra={"topic": "moving_camera"})
    logger.warning("the video is %s", "dark")
    logger.removeHandler(handler)
    moves, dark = map(json.loads, output.getvalue().splitlines())
    assert moves == {"protocol": PROTOCOL, "event": "warning", "message": "the camera moves", "topic": "moving_camera"}
    assert dark["message"] == "the video is dark" and "topic" not in dark


def test_previews_come_at_most_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    output, seconds = io.StringIO(), 3
    now = 100.0
    monkeypatch.setattr("tar_core.engine.server.time.monotonic", lambda: now)
    report = progress_events(EventStream(output))
    for done in range(1, 240 * seconds):
        now += 1 / 240
        report(Progress("capture", done, 100_000, 240.0, Preview(done, 64, 48, {})))
    previews = [event for event in map(json.loads, output.getvalue().splitlines()) if event["event"] == "preview"]
    assert 9 * seconds <= len(previews) <= 10 * seconds
    assert previews[0]["frame"] == 1 and previews[-1]["frame"] > 230 * seconds - 30


def test_unknown_options_are_in_the_error_event(tmp_path: Path) -> None:
    engine = Engine({"video": "a.mp4", "output": str(tmp_path / "b.npz"), "hands": True})
    (event,) = engine.events()
    assert event["unknown_options"] == ["hands"] and event["protocol"] == PROTOCOL
    assert engine.process.wait() == 2


def test_libraries_are_frozen_once_without_the_garbage_of_jobs() -> None:
    load_libraries()
    before = gc.get_freeze_count()
    leavings = [[number] for number in range(1000)]
    load_libraries()
    assert gc.get_freeze_count() == before and gc.isenabled()
    del leavings
    gc.unfreeze()

"""Events of an engine process, its crashes, and cancelling. The engines of these tests are small programs."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tar_core.engine.client import EngineProcess
from tar_core.engine.protocol import (
    PROTOCOL,
    Cancelled,
    Event,
    Failure,
    Job,
    Notice,
    PersonFound,
    Progress,
    Result,
)
from tar_core.errors import TarError
from tar_core.options import CaptureOptions, StartBox
from tests.support.clips import synthetic_clip
from tests.support.engine_programs import READ_JOB, SAY
from tests.support.hostile_folder import HostileFolder
from tests.support.paths import PYTHON

JOB = Job("walk.mp4", CaptureOptions(people=2, focal_length=1400.0, box=StartBox(0, (10, 20, 30, 40))))


def engine(program: str) -> EngineProcess:
    return EngineProcess(PYTHON, JOB, ("-c", READ_JOB + SAY + program))


def follow(process: EngineProcess, seconds: float = 20) -> list[Event]:
    events: list[Event] = []
    took: list[float] = []
    deadline = time.monotonic() + seconds
    while not process.finished and time.monotonic() < deadline:
        begin = time.monotonic()
        events += process.poll()
        took.append(time.monotonic() - begin)
        time.sleep(0.01)
    process.close()
    # The median, since a busy machine may delay single calls.
    assert sorted(took)[len(took) // 2] < 0.03, "poll blocks Blender"
    return events


def test_events_arrive_in_order(tmp_path: Path) -> None:
    motion = tmp_path / "ready.npz"
    synthetic_clip().save(motion)
    program = f"""
say("progress", stage="load", done=0, total=None, fps=0)
say("progress", stage="capture", done=50, total=100, fps=12.5)
say("warning", message="the video is dark")
say("person", id=1, first=0, last=99)
import shutil
shutil.copy({str(motion)!r}, job["output"])
say("result", output=job["output"])
"""
    process = engine(program)
    events: list[Event] = []
    while not process.finished:
        events += process.poll()
    assert events == [
        Progress("load", 0, 0, 0.0),
        Progress("capture", 50, 100, 12.5),
        Notice("the video is dark"),
        PersonFound(1, 0, 99),
        Result(),
    ]
    (clip,) = process.motion()
    assert len(clip.people) == 1
    process.close()
    with pytest.raises(TarError):
        process.motion()  # the file is deleted


def test_job_contains_no_default_options() -> None:
    events = follow(engine("say('error', message=json.dumps(job))"))
    job = json.loads(events[0].message)
    assert job.pop("output").endswith(".npz")
    options = {"people": 2, "focal_length": 1400.0, "box": [0, 10, 20, 30, 40]}
    assert job == {"protocol": PROTOCOL, "video": "walk.mp4", **options}


def test_engine_without_a_protocol_number_is_outdated() -> None:
    """The engine of the first version sends this error."""
    old = "print(json.dumps({'event': 'error', 'message': 'the job has unknown keys: protocol'}), flush=True)"
    (event,) = follow(engine(old))
    assert isinstance(event, Failure) and event.outdated and "update the engine" in event.message


def test_engine_with_unknown_options_is_outdated() -> None:
    (event,) = follow(engine("say('error', message='unknown options: hands', unknown_options=['hands'])"))
    assert isinstance(event, Failure) and event.outdated and "does not support hands" in event.message


def test_error_of_a_crashed_engine_has_its_last_output_line() -> None:
    process = engine("sys.stderr.write('loading\\nout of memory\\n'); os._exit(9)")
    (event,) = follow(process)
    assert event == Failure("the engine stopped (exit code 9): out of memory; try again, or run the network on the CPU")
    assert list(process.errors) == ["loading", "out of memory"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
@pytest.mark.parametrize(("number", "words"), [("SIGKILL", "killed by the system"), ("SIGSEGV", "crashed (SIGSEGV)")])
def test_killed_engine_is_reported_and_its_folder_deleted(number: str, words: str) -> None:
    process = engine("say('progress', stage='capture', done=1, total=9, fps=1.0); time.sleep(60)")
    while not process.poll():
        time.sleep(0.01)
    folder = process._folder.path
    assert folder.is_dir()
    os.kill(process._process.pid, getattr(signal, number))
    (event,) = follow(process)
    assert isinstance(event, Failure) and words in event.message
    assert not folder.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
def test_engine_does_not_outlive_blender() -> None:
    """A Python process plays Blender and is killed. For real Blenders see tests/support/window.py."""
    waits = "say('progress', stage=str(os.getpid()), done=0, total=0, fps=0)\nsys.stdin.readline()"
    parent = (
        "import sys, time; from pathlib import Path; from tests.tar_core.engine.test_client import engine\n"
        f"process = engine({waits!r})\n"
        "while not (events := process.poll()): time.sleep(0.01)\n"
        "print(events[0].stage, flush=True); time.sleep(60)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([PYTHON, "-c", parent], stdout=subprocess.PIPE, text=True, env=environment) as blender:
        pid = int(blender.stdout.readline())
        blender.kill()
    deadline = time.monotonic() + 20
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # an ended process may remain as a zombie
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_error_of_a_python_without_tar_core_has_the_install_command() -> None:
    process = EngineProcess(PYTHON, JOB, ("-I", "-m", "tar_core_that_is_not_there"))
    (event,) = follow(process)
    assert "lacks tar_core_that_is_not_there; run" in event.message and "pip install" in event.message


def test_python_of_another_version_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text(
        '#!/bin/sh\ncase "$*" in *version_info*) echo 3 10;; *) echo "No module named tar_core" >&2; exit 1; esac'
    )
    old.chmod(0o755)
    (event,) = follow(EngineProcess(old, JOB))
    assert event == Failure(f"{old} is Python 3.10, but the engine needs 3.11 to 3.14; choose another Python")


def test_engine_imports_nothing_from_the_current_folder_or_the_variables_of_python(
    hostile_folder: HostileFolder,
) -> None:
    events = follow(EngineProcess(PYTHON, Job("/absent.mp4")))
    assert isinstance(events[-1], Failure)  # there is no such video, or Blender's Python has no tar_core
    assert hostile_folder.imported() == []


def test_output_of_libraries_is_separated_from_events() -> None:
    process = engine("print('hello'); print('[1, 2]'); print('{\"event\": \"dance\"}'); say('error', message='no')")
    assert follow(process) == [Failure("no")]
    assert list(process.errors) == ["hello", "[1, 2]", '{"event": "dance"}']


def test_garbage_on_both_outputs_does_not_stop_the_client() -> None:
    garbage = """
import random
noise = random.Random(3)
for kind in range(200):
    for stream in (sys.stdout.buffer, sys.stderr.buffer):
        stream.write(noise.randbytes(noise.randrange(300)) + b"\\n")
        done = noise.choice([None, "x", -1, 10**400])
        spoiled = {"event": "progress", "stage": 3, "total": 1, "fps": 1, "done": done}
        stream.write(json.dumps(spoiled).encode() + b"\\n")
        stream.flush()
sys.stdout.write(17 * 2**20 * "x" + "\\n" + 50000 * "[" + "\\n")
sys.stdout.write('{"event": "progress", "stage": "a", "done": 1, "total": 2, "fps": NaN}\\n')
say('error', message='no')
"""
    process = engine(garbage)
    assert follow(process) == [Failure("no")]
    assert all(len(line) <= 1000 for line in process.errors)


def test_cancel_closes_standard_input() -> None:
    process = engine("say('progress', stage='capture', done=1, total=9, fps=1); sys.stdin.read(); sys.exit(1)")
    while not process.poll():
        time.sleep(0.01)
    process.cancel()
    assert follow(process) == [Cancelled()]


def test_cancel_kills_an_engine_that_ignores_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tar_core.engine.client._PATIENCE", 0.2)
    process = engine(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsay('warning', message='deaf')\n"
        "while True: time.sleep(1)"
    )
    while not process.poll():
        time.sleep(0.01)
    process.cancel()
    assert follow(process) == [Cancelled()]


def test_close_ends_a_running_engine(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    process = engine(f"sys.stdin.read(); open({str(alive)!r}, 'w').close()")
    process.close()
    assert alive.exists()


def test_result_is_not_replaced_by_a_later_cancellation() -> None:
    """The client closes the input after a result. An engine that still runs may report that as a cancellation."""
    process = engine("say('result'); sys.stdin.read(); say('cancelled')")
    assert follow(process) == [Result()]


def test_engine_that_waits_after_its_result_is_ended() -> None:
    events = follow(engine("say('result', output=job['output']); sys.stdin.read()"))
    assert events == [Result()]


def test_python_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("not a program")
    os.chmod(broken, 0o755)
    with pytest.raises(TarError, match="cannot start"):
        EngineProcess(broken, JOB)

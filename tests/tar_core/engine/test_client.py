"""Following a process: results, errors, deaths and cancelling. The engines here are small real programs."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tar_core.engine.blocking_client import BlockingEngine
from tar_core.engine.client import EngineProcess
from tar_core.engine.pipes import broken_pipe_is_an_error
from tar_core.engine.protocol import (
    LAST_EVENTS,
    PROTOCOL,
    Cancelled,
    Event,
    Failure,
    Job,
    Notice,
    PersonFound,
    Progress,
    Result,
    parse_event,
)
from tar_core.errors import TarError
from tar_core.options import CaptureOptions, StartBox
from tests.support.clips import synthetic_clip
from tests.support.engine_programs import READ_JOB, SAY
from tests.support.paths import PYTHON

JOB = Job("walk.mp4", CaptureOptions(people=2, focal_length=1400.0, box=StartBox(0, (10, 20, 30, 40))))


def engine(program: str) -> EngineProcess:
    return EngineProcess(PYTHON, JOB, ("-c", READ_JOB + SAY + program))


def patient(program: str) -> BlockingEngine:
    return BlockingEngine(lambda: PYTHON, ("-c", READ_JOB + SAY + program))


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
    # A busy machine may hold any one of them up.
    assert sorted(took)[len(took) // 2] < 0.03, "poll must not block Blender"
    return events


def test_events_of_a_good_run_arrive_in_order(tmp_path: Path) -> None:
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
    assert len(process.motion().people) == 1
    process.close()
    with pytest.raises(TarError):
        process.motion()  # deleted


def test_engine_gets_the_job_without_defaults() -> None:
    events = follow(engine("say('error', message=json.dumps(job))"))
    job = json.loads(events[0].message)
    assert job.pop("output").endswith(".npz")
    options = {"people": 2, "focal_length": 1400.0, "box": [0, 10, 20, 30, 40]}
    assert job == {"protocol": PROTOCOL, "video": "walk.mp4", **options}


def test_an_engine_without_protocol_is_outdated() -> None:
    """The engine of the first version answers like this."""
    old = "print(json.dumps({'event': 'error', 'message': 'the job has unknown keys: protocol'}), flush=True)"
    (event,) = follow(engine(old))
    assert isinstance(event, Failure) and event.outdated and "update the engine" in event.message


def test_an_engine_that_does_not_know_an_option_is_outdated() -> None:
    (event,) = follow(engine("say('error', message='unknown options: hands', unknown_options=['hands'])"))
    assert isinstance(event, Failure) and event.outdated and "does not know hands" in event.message


def test_death_without_a_word_tells_the_last_line() -> None:
    process = engine("sys.stderr.write('loading\\nout of memory\\n'); os._exit(9)")
    (event,) = follow(process)
    assert event == Failure("the engine stopped (exit code 9): out of memory; try again, or use the device cpu")
    assert list(process.errors) == ["loading", "out of memory"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
@pytest.mark.parametrize(("number", "words"), [("SIGKILL", "killed by the system"), ("SIGSEGV", "crashed (SIGSEGV)")])
def test_killed_engine_is_told_and_leaves_nothing(number: str, words: str) -> None:
    process = engine("say('progress', stage='capture', done=1, total=9, fps=1.0); time.sleep(60)")
    while not process.poll():
        time.sleep(0.01)
    folder = Path(process._folder.name)
    assert folder.is_dir()
    os.kill(process._process.pid, getattr(signal, number))
    (event,) = follow(process)
    assert isinstance(event, Failure) and words in event.message
    assert not folder.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
def test_engine_does_not_outlive_blender() -> None:
    """Something stands for Blender that is killed; in a real one: window.py."""
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
    stat = Path(f"/proc/{pid}/stat")  # one that ended may wait for somebody to ask how
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_python_without_tar_core_says_how_to_install_it() -> None:
    process = EngineProcess(PYTHON, JOB, ("-I", "-m", "tar_core_that_is_not_there"))
    (event,) = follow(process)
    assert "lacks tar_core_that_is_not_there; run" in event.message and "pip install" in event.message


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="Windows has no such signal")
@pytest.mark.parametrize("in_thread", [False, True])
def test_engine_that_is_gone_does_not_take_blender_along(in_thread: bool) -> None:
    """A real Blender leaves SIGPIPE as the system has it: deadly. Batches write to their engines in threads."""
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    reading, writing = os.pipe()
    os.close(reading)

    def write() -> None:
        with pytest.raises(BrokenPipeError), broken_pipe_is_an_error():
            os.write(writing, b"job")
        assert signal.SIGPIPE not in signal.pthread_sigmask(signal.SIG_BLOCK, ())

    try:
        if in_thread:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(write).result()
        else:
            write()
        assert signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL
    finally:
        os.close(writing)
        signal.signal(signal.SIGPIPE, before)


def test_chatter_between_events_is_kept_apart() -> None:
    process = engine("print('hello'); print('[1, 2]'); print('{\"event\": \"dance\"}'); say('error', message='no')")
    assert follow(process) == [Failure("no")]
    assert list(process.errors) == ["hello", "[1, 2]", '{"event": "dance"}']


def test_cancel_closes_the_engines_input() -> None:
    process = engine("say('progress', stage='capture', done=1, total=9, fps=1); sys.stdin.read(); sys.exit(1)")
    while not process.poll():
        time.sleep(0.01)
    process.cancel()
    assert follow(process) == [Cancelled()]


def test_cancel_insists(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_result_stands_when_the_slow_end_of_the_engine_looks_like_a_cancellation() -> None:
    """Its input is closed once the result is there; an engine that still runs then takes that for a cancellation."""
    process = engine("say('result'); sys.stdin.read(); say('cancelled')")
    assert follow(process) == [Result()]


def test_engine_that_lingers_after_its_result_is_let_go() -> None:
    events = follow(engine("say('result', output=job['output']); sys.stdin.read()"))
    assert events == [Result()]


def test_capture_waits_and_raises() -> None:
    events: list[Event] = []
    with pytest.raises(TarError, match="no person"):
        patient("say('error', message='no person found')").capture(JOB, events.append)
    assert isinstance(events[-1], LAST_EVENTS)


def test_capture_of_an_engine_that_somebody_ended() -> None:
    with pytest.raises(TarError, match="from outside"):
        patient("say('cancelled')").capture(JOB, lambda event: None)


def test_one_process_takes_one_job_after_the_other(tmp_path: Path) -> None:
    """Videos that fail in between do not end it; when it dies all the same, another one takes the next."""
    synthetic_clip().save(tmp_path / "motion.npz")
    program = f"""
import shutil
while True:
    if job['video'] == 'bad.mp4':
        say('error', message='bad')
    elif job['video'] == 'deadly.mp4':
        os._exit(9)
    else:
        shutil.copy({str(tmp_path / "motion.npz")!r}, job['output'])
        open({str(tmp_path / "pids")!r}, 'a').write(f'{{os.getpid()}} ')
        say('result', output=job['output'])
    line = sys.stdin.readline()
    if not line:
        break
    job = json.loads(line)
"""
    with patient(program) as engine:
        for video, words in (("a.mp4", ""), ("bad.mp4", "bad"), ("b.mp4", ""), ("deadly.mp4", "code 9"), ("c.mp4", "")):
            job = replace(JOB, video=video)
            if words:
                with pytest.raises(TarError, match=words):
                    engine.capture(job, lambda event: None)
            else:
                assert len(engine.capture(job, lambda event: None).people) == 1
    first, second, third = (tmp_path / "pids").read_text().split()
    assert first == second != third


@pytest.mark.parametrize(
    "line", ["", "{", "3", "null", '{"event": 1}', '{"event": "progress", "done": "x"}', '{"stage": "capture"}']
)
def test_other_lines_are_no_events(line: str) -> None:
    assert parse_event(line) is None


def test_python_that_cannot_start(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("not a program")
    os.chmod(broken, 0o755)
    with pytest.raises(TarError, match="cannot start"):
        EngineProcess(broken, JOB)

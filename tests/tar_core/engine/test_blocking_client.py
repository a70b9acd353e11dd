"""The blocking client: jobs one after the other. The engines of these tests are small programs."""

from dataclasses import replace
from pathlib import Path

import pytest

from tar_core.engine.blocking_client import BlockingEngine
from tar_core.engine.protocol import LAST_EVENTS, Event, Job
from tar_core.errors import TarError
from tests.support.clips import synthetic_clip
from tests.support.engine_programs import READ_JOB, SAY
from tests.support.paths import PYTHON

JOB = Job("walk.mp4")


def blocking(program: str) -> BlockingEngine:
    return BlockingEngine(lambda: PYTHON, ("-c", READ_JOB + SAY + program))


def test_capture_raises_the_error_of_the_engine() -> None:
    events: list[Event] = []
    with pytest.raises(TarError, match="no person") as error:
        blocking("say('error', message='no person found', topic='nobody_detected')").capture(JOB, events.append)
    assert error.value.topic == "nobody_detected"
    assert isinstance(events[-1], LAST_EVENTS)


def test_cancelled_engine_is_an_error() -> None:
    with pytest.raises(TarError, match="from outside"):
        blocking("say('cancelled')").capture(JOB, lambda event: None)


def test_one_process_runs_all_jobs_until_it_dies(tmp_path: Path) -> None:
    """A failed job does not end the process. If the process dies, another one runs the next job."""
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
    with blocking(program) as engine:
        for video, words in (("a.mp4", ""), ("bad.mp4", "bad"), ("b.mp4", ""), ("deadly.mp4", "code 9"), ("c.mp4", "")):
            job = replace(JOB, video=video)
            if words:
                with pytest.raises(TarError, match=words):
                    engine.capture(job, lambda event: None)
            else:
                (clip,) = engine.capture(job, lambda event: None)
                assert len(clip.people) == 1
    first, second, third = (tmp_path / "pids").read_text().split()
    assert first == second != third


def test_closed_engine_runs_no_job() -> None:
    engine = blocking("say('result')")
    engine.close()
    with pytest.raises(TarError, match="was stopped"):
        engine.capture(JOB, lambda event: None)

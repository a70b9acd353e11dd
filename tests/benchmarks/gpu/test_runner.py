"""Stages that resume where they were stopped."""

import time

import pytest

from benchmarks.gpu.runner import Session, Stage, run_stages
from tar_core.errors import TarError


def session_of(tmp_path, seconds=60.0):
    return Session("cpu", True, tmp_path / "pack", tmp_path / "out", tmp_path / "work", time.monotonic() + seconds)


def test_a_killed_stage_repeats_no_measurement(tmp_path):
    done, kills = [], []

    def run(session):
        for number in range(3):
            session.measure(f"row {number}", lambda number=number: done.append(number) or {"value": number})
            if len(done) == 2 and number == 1 and not kills:
                kills.append(number)
                raise KeyboardInterrupt

    stage = Stage("first", "numbers", run, 1)
    with pytest.raises(KeyboardInterrupt):
        run_stages([stage], session_of(tmp_path))
    assert run_stages([stage], session_of(tmp_path)) == 0 and done == [0, 1, 2]
    rows = session_of(tmp_path).results()["first"]
    assert rows["row 2"] == {"value": 2} and rows["finished"]["device"].startswith("cpu")
    assert run_stages([stage], session_of(tmp_path)) == 0 and done == [0, 1, 2]


def test_without_time_the_stages_are_left_for_the_next_call(tmp_path, capsys):
    def run(session):
        session.measure("row", lambda: {"value": 1})

    stages = [Stage("first", "a number", run, 1), Stage("second", "a number", run, 1)]
    assert run_stages(stages, session_of(tmp_path, seconds=-1)) == 3
    assert "repeat the command to resume" in capsys.readouterr().out
    assert run_stages(stages, session_of(tmp_path)) == 0
    assert session_of(tmp_path).results().keys() == {"first", "second"}


def test_a_failed_stage_does_not_stop_the_others(tmp_path):
    def fail(session):
        raise TarError("no OpenGL")

    stages = [Stage("first", "nothing", fail, 1), Stage("second", "nothing", lambda session: None, 1)]
    assert run_stages(stages, session_of(tmp_path)) == 2
    results = session_of(tmp_path).results()
    assert results["first"] == {"failed": {"error": "no OpenGL"}} and "finished" in results["second"]

    stages[0] = Stage("first", "nothing", lambda session: None, 1)
    assert run_stages(stages, session_of(tmp_path)) == 0
    assert session_of(tmp_path).results()["first"].keys() == {"finished"}, "the failure is over"

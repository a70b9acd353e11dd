"""Programs with a time limit, folders that are filled once, pinned packages."""

import time
from pathlib import Path

import pytest

from tests.support.gui import is_running
from tests.support.paths import PYTHON
from tests.support.steps import (
    TEST_PACKAGES,
    StepFailed,
    fill_once,
    last_match,
    pinned_packages,
    pytest_processes,
    pytest_totals,
    run,
)


def test_run_returns_the_output_of_the_expected_exit_code() -> None:
    assert run([str(PYTHON), "-c", "print('refused'); raise SystemExit(2)"], exit_code=2) == "refused\n"


def test_a_crash_is_told_from_a_failure(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StepFailed, match="ended by SIGSEGV"):
        run(
            [str(PYTHON), "-c", "import os, signal; print('working', flush=True); os.kill(os.getpid(), signal.SIGSEGV)"]
        )
    assert "working" in capfd.readouterr().err
    with pytest.raises(StepFailed, match="exit code 1, expected 0"):
        run([str(PYTHON), "-c", "raise SystemExit(1)"])


def test_time_limit_fails_the_step_and_prints_its_output(capfd: pytest.CaptureFixture[str]) -> None:
    program = "import time; print('working', flush=True); time.sleep(60)"
    with pytest.raises(StepFailed, match="not finished after 3 s"):
        run([str(PYTHON), "-c", program], seconds=3)
    assert "working" in capfd.readouterr().err


def test_time_limit_ends_all_that_the_program_has_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(StepFailed):
        run(["sh", "-c", f"sleep 60 & echo $! >{note}; wait"], seconds=1)
    deadline = time.monotonic() + 30
    while is_running(int(note.read_text())):  # a killed process needs a moment to end
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_last_match() -> None:
    assert last_match(r"\d passed", "1 passed\n2 passed") == "2 passed"
    with pytest.raises(StepFailed, match="no output matches"):
        last_match(r"\d passed", "nothing")


def test_totals_add_up_several_runs_of_pytest() -> None:
    output = "5 passed is no closing line\n4 passed, 1 skipped in 2.5s\n== 1 failed, 2 passed in 61.0s (0:01:01) ==\n"
    assert pytest_totals(output) == "6 passed, 1 skipped, 1 failed"
    with pytest.raises(StepFailed, match="no closing line"):
        pytest_totals("Segmentation fault")


def test_processes_have_few_files_and_each_test_runs_once(tmp_path: Path) -> None:
    names = ["blender/test_a.py", "blender/scene/test_b.py", "blender/export/test_c.py", "test_d.py"]
    many = [f"blender/util/test_{number}.py" for number in range(7)]
    for name in [*names, *many, "blender/presets/data.txt"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    a, b, c, d = (tmp_path / name for name in names)
    utilities = [tmp_path / name for name in many]
    assert pytest_processes([tmp_path / "blender", d]) == [[a, d], [c], [b], utilities[:5], utilities[5:]]


def test_unfinished_folder_is_filled_again(tmp_path: Path) -> None:
    with pytest.raises(ValueError), fill_once(tmp_path) as needed:
        assert needed
        raise ValueError
    with fill_once(tmp_path) as needed:
        assert needed
    with fill_once(tmp_path) as needed:
        assert not needed


def test_pinned_packages_are_those_of_the_requirements() -> None:
    pinned = pinned_packages()
    assert [pin.partition("==")[0] for pin in pinned] == sorted(TEST_PACKAGES)
    assert all(pin.partition("==")[2] for pin in pinned)

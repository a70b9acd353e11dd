"""Programs with a time limit, folders that are filled once, pinned packages."""

from pathlib import Path

import pytest

from tests.support.paths import PYTHON
from tests.support.steps import TEST_PACKAGES, StepFailed, fill_once, last_match, pinned_packages, run


def test_run_returns_the_output_of_the_expected_exit_code() -> None:
    assert run([str(PYTHON), "-c", "print('refused'); raise SystemExit(2)"], exit_code=2) == "refused\n"


def test_time_limit_fails_the_step_and_prints_its_output(capfd: pytest.CaptureFixture[str]) -> None:
    program = "import time; print('working', flush=True); time.sleep(60)"
    with pytest.raises(StepFailed, match="not finished after 3 s"):
        run([str(PYTHON), "-c", program], seconds=3)
    assert "working" in capfd.readouterr().err


def test_last_match() -> None:
    assert last_match(r"\d passed", "1 passed\n2 passed") == "2 passed"
    with pytest.raises(StepFailed, match="no output matches"):
        last_match(r"\d passed", "nothing")


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

"""Tests in bpy that are repeated. Nothing is downloaded: a program takes the place of Python."""

import sys
from pathlib import Path

import pytest

from tests.support import module_blender
from tests.support.artifacts import Artifacts
from tests.support.module_blender import ModuleBlender
from tests.support.steps import StepFailed

NO_ARTIFACTS = Artifacts(Path(), Path(), Path(), Path())

FAILS_ONCE = """#!{python}
from pathlib import Path
runs = Path({runs!r})
runs.write_text(runs.read_text() + "x" if runs.exists() else "x")
print("3 passed in 1.0s" if len(runs.read_text()) > {failures} else "1 failed in 1.0s")
raise SystemExit(len(runs.read_text()) <= {failures})
"""


def runtime(folder: Path, failures: int, unreliable: bool) -> ModuleBlender:
    """A runtime whose Python fails for the first runs."""
    python = folder / "bpy-1.0" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(FAILS_ONCE.format(python=sys.executable, runs=str(folder / "runs"), failures=failures))
    python.chmod(0o755)
    return ModuleBlender("1.0", "3.11", "numpy", unreliable)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module_blender, "BLENDERS", tmp_path)
    monkeypatch.setattr(module_blender, "TESTS", [tmp_path / "test_one.py"])
    (tmp_path / "test_one.py").touch()
    return tmp_path


def test_only_an_unreliable_blender_repeats_a_failed_process(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "3 passed" in runtime(folder, failures=1, unreliable=True).test(NO_ARTIFACTS)
    assert "exit code 1, expected 0; the tests of this process are repeated" in capsys.readouterr().out


@pytest.mark.parametrize(("failures", "unreliable", "runs"), [(1, False, 1), (2, True, 2)])
def test_tests_that_fail_again_fail(folder: Path, failures: int, unreliable: bool, runs: int) -> None:
    with pytest.raises(StepFailed, match="exit code 1"):
        runtime(folder, failures, unreliable).test(NO_ARTIFACTS)
    assert len((folder / "runs").read_text()) == runs

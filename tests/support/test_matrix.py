"""Selection of runtimes, and the results of failing ones. Nothing is downloaded."""

from pathlib import Path

import pytest

from tar_core.errors import TarError
from tests.support import debian_blender, matrix, steps
from tests.support.artifacts import Artifacts
from tests.support.paths import PYTHON

NO_ARTIFACTS = Artifacts(Path(), Path(), Path(), Path())


def test_runtimes_are_selected_by_name_or_age() -> None:
    def names(text: str) -> list[str]:
        return [runtime.name for runtime in matrix.selected_runtimes(text)]

    assert names("newest oldest") == ["4.2.23", "5.2.3"]
    assert names("trixie") == ["trixie"]
    assert names("") == []
    with pytest.raises(TarError, match="unknown runtime 7.0"):
        names("7.0")


@pytest.mark.parametrize("with_tests", [True, False])
def test_tests_may_be_left_out(with_tests: bool) -> None:
    ran = []

    class Recorded(matrix.ModuleBlender):
        def set_up(self) -> None:
            pass

        def test(self, artifacts: Artifacts) -> str:
            ran.append("tests")
            return "3 passed in 1.0s"

        def install(self, artifacts: Artifacts, user: dict[str, str]) -> None:
            ran.append("install")
            raise steps.StepFailed("full")

    result = matrix.check_runtime(Recorded("1.0", "3.11", "numpy"), NO_ARTIFACTS, with_tests)[2]
    assert ran == ["tests", "install"][not with_tests :]
    assert result == ("3 passed, " if with_tests else "") + "install FAILED: full"


def test_window_sessions_run_in_the_blenders_of_debian() -> None:
    assert [runtime.name for runtime in matrix.RUNTIMES if isinstance(runtime, matrix.DebianBlender)] == [
        "trixie",
        "sid",
    ]


def test_failing_step_fails_the_runtime(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(matrix.ModuleBlender):
        def set_up(self) -> None:
            steps.run([str(PYTHON), "-c", "print('why'); raise SystemExit(4)"])

    name, _, result = matrix.check_runtime(Broken("1.0", "3.11", "numpy"), NO_ARTIFACTS)
    assert (name, result) == ("1.0", "set up FAILED: exit code 4, expected 0")
    assert "why" in capsys.readouterr().err


def test_failed_installation_is_a_warning_for_a_rolling_suite_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(matrix.DebianBlender):
        def _install_debian(self) -> None:
            raise steps.StepFailed("exit code 25, expected 0")

    monkeypatch.setattr(debian_blender, "BLENDERS", tmp_path)
    results = [
        matrix.check_runtime(Broken(f"suite-{rolling}", rolling=rolling), NO_ARTIFACTS)[2] for rolling in (True, False)
    ]
    assert results == [
        "warning: cannot be installed today: exit code 25, expected 0",
        "set up FAILED: exit code 25, expected 0",
    ]

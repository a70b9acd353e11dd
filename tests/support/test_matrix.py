"""The matrix's own parts that need no download."""

from pathlib import Path

import pytest

from tar_core.errors import TarError
from tests.support import matrix
from tests.support.paths import PYTHON


def test_runtimes_are_chosen_by_name_or_age() -> None:
    def names(text: str) -> list[str]:
        return [runtime.name for runtime in matrix.chosen_runtimes(text)]

    assert names("newest oldest") == ["4.2.23", "5.2.3"]
    assert names("trixie") == ["trixie"]
    assert len(names("")) == len(matrix.RUNTIMES)
    with pytest.raises(TarError, match="7.0"):
        names("7.0")


def test_pins_are_those_of_the_requirements() -> None:
    pinned = matrix.pinned_packages()
    assert [pin.partition("==")[0] for pin in pinned] == sorted(matrix.TEST_PACKAGES)
    assert all(pin.partition("==")[2] for pin in pinned)


def test_failing_step_fails_its_runtime(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(matrix.ModuleBlender):
        def set_up(self) -> None:
            matrix.run([str(PYTHON), "-c", "print('why'); raise SystemExit(4)"])

    material = matrix.Material(Path(), Path(), Path())
    name, _, result = matrix.examine(Broken("1.0", "3.11", "numpy"), material)
    assert (name, result) == ("1.0", "set up FAILED: exit code 4, not 0")
    assert "why" in capsys.readouterr().err


def test_suite_that_cannot_be_installed_today_is_a_warning_where_it_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(matrix.DebianBlender):
        def _install_debian(self) -> None:
            raise matrix.StepFailed("exit code 25, not 0")

    monkeypatch.setattr(matrix, "CACHE", tmp_path)
    results = [
        matrix.examine(Broken(f"suite-{moves}", moves=moves), matrix.Material(Path(), Path(), Path()))[2]
        for moves in (True, False)
    ]
    assert results == [
        "warning: cannot be installed today: exit code 25, not 0",
        "set up FAILED: exit code 25, not 0",
    ]


def test_unfinished_folder_is_made_again(tmp_path: Path) -> None:
    with pytest.raises(ValueError), matrix.once(tmp_path) as needed:
        assert needed
        raise ValueError
    with matrix.once(tmp_path) as needed:
        assert needed
    with matrix.once(tmp_path) as needed:
        assert not needed


def test_linked_tree_leaves_out_what_it_should(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "bpy").mkdir(parents=True)
    (source / "bpy" / "big").touch()
    (source / "kept").write_text("kept")
    matrix.link_tree(source, tmp_path / "target", skip=("bpy",))
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["kept"]
    assert (tmp_path / "target" / "kept").samefile(source / "kept")

"""How other Pythons are started."""

import sys
from pathlib import Path

import pytest

from tar_core.engine.python import clean_variables, find_program


def test_only_the_variables_of_python_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/blender")
    monkeypatch.setenv("PYTHONUSERBASE", "/blender")
    monkeypatch.setenv("PIP_INDEX_URL", "https://example.org")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    variables = clean_variables()
    assert not [name for name in variables if name.startswith("PYTHON")]
    assert variables["PIP_INDEX_URL"] == "https://example.org" and variables["HTTPS_PROXY"] == "http://proxy"


@pytest.mark.parametrize("path", ["", ".", "{folder}"])
def test_programs_of_the_current_folder_are_not_found(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path / "downloads", tmp_path / "bin"):
        folder.mkdir()
        (folder / "python3").symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path / "downloads")
    monkeypatch.setenv("PATH", path.format(folder=tmp_path / "downloads"))
    assert find_program("python3") is None
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_program("python3") == str(tmp_path / "bin" / "python3")

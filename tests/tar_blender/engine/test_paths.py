"""Where the user's choices lead."""

from pathlib import Path

import pytest

from tar_blender.engine.paths import PYTHON_VARIABLE, find_engine_python
from tar_core.errors import TarError
from tests.support.paths import PYTHON


def test_python_comes_from_the_variable_then_the_preference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert find_engine_python("elsewhere") == PYTHON
    monkeypatch.delenv(PYTHON_VARIABLE)
    assert find_engine_python(str(PYTHON)) == PYTHON
    with pytest.raises(TarError, match="Set Up Engine"):
        find_engine_python()
    with pytest.raises(TarError, match="no such Python"):
        find_engine_python(str(tmp_path / "python"))

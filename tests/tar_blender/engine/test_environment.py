"""The engine's environment: finding a Python, the commands that create it, and its removal."""

from dataclasses import replace
from pathlib import Path

import pytest

from tar_blender.engine.environment import (
    REQUIREMENTS,
    environment_python,
    find_base_python,
    remove_environment,
    set_up_commands,
    set_up_info,
    unused_card,
    update_reason,
)
from tar_core.errors import TarError
from tests.support.engine_setup import INFO, OFFLINE


def test_pythons_without_venv_are_skipped(tmp_path: Path, base_python: Path) -> None:
    incomplete = tmp_path / "python3.12"
    incomplete.write_text("#!/bin/sh\nexit 1\n")
    incomplete.chmod(0o755)
    candidates = [str(incomplete), None, str(tmp_path / "absent" / "python3"), str(base_python)]
    assert find_base_python(candidates) == base_python
    with pytest.raises(TarError, match="python3-venv"):
        find_base_python([str(incomplete)])


def test_broken_environment_is_created_again(base_python: Path, tmp_path: Path) -> None:
    folder = tmp_path / "engine"
    environment_python(folder).parent.mkdir(parents=True)
    environment_python(folder).write_text("half a download")
    assert "--clear" in set_up_commands(folder, base_python, "tar_core", OFFLINE)[0]


def test_pip_is_upgraded_only_if_there_is_a_network(base_python: Path, tmp_path: Path) -> None:
    online = set_up_commands(tmp_path, base_python, "tar_core", ["--index-url", "https://example.org"])
    offline = set_up_commands(tmp_path, base_python, "tar_core", OFFLINE)
    assert len(online) == len(offline) + 2 and any("pip>=" in part for part in online[1])
    assert "--dry-run" in online[2] and online[2][-1] == "tar_core", "the sizes are shown before the download"
    assert "--progress-bar=raw" in online[-1] and "--progress-bar=raw" not in offline[-1]


def test_pinned_packages_are_wheels_with_hashes(base_python: Path, tmp_path: Path) -> None:
    _, newer_pip, sizes, packages, tar_core = set_up_commands(tmp_path, base_python, "tar_core.whl", pinned=True)
    for command, name in ((newer_pip, "pip.txt"), (packages, "engine.txt")):
        assert {"--require-hashes", "--only-binary=:all:"} <= set(command)
        assert command[-1] == str(REQUIREMENTS / name)
    assert "--dry-run" in sizes and "--require-hashes" not in sizes
    assert "--no-deps" in tar_core and tar_core[-1] == "tar_core.whl"


def test_absent_environment_can_be_removed(tmp_path: Path) -> None:
    remove_environment(tmp_path / "engine")
    assert set_up_info(tmp_path / "engine") is None


@pytest.mark.parametrize(("program", "maker"), [("nvidia-smi", "NVIDIA"), ("rocminfo", "AMD")])
def test_unused_graphics_card_is_reported(
    program: str, maker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert unused_card("cpu") == ""
    (tmp_path / program).write_text("#!/bin/sh\nexit 9\n")
    (tmp_path / program).chmod(0o755)
    assert unused_card("cpu") == "", "a driver without a card"
    (tmp_path / program).write_text("#!/bin/sh\necho card 0\n")
    assert unused_card("cpu") == maker and unused_card("cuda") == ""
    assert f"cpu (not the {maker} card)" in str(replace(INFO, device="cpu", unused_card=maker))


def test_update_depends_on_protocol_and_options_not_on_versions() -> None:
    assert update_reason(replace(INFO, tar_core="0.0.1")) == ""
    assert update_reason(replace(INFO, options=(*INFO.options, "newer"))) == ""
    assert "does not support end; update it" in update_reason(replace(INFO, options=tuple(set(INFO.options) - {"end"})))
    assert "older than the add-on" in update_reason(replace(INFO, protocol=1))
    assert update_reason(None) == ""

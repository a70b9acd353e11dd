"""Making environments: real Pythons, real venvs, real pip; wheels of our own instead of gigabytes."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tar_blender.engine.setup import (
    READY,
    EngineSetup,
    Failed,
    Ready,
    Stage,
    Stopped,
    environment_python,
    find_base_python,
    is_older,
    read_self_test,
    read_stage,
    remove_environment,
    set_up_commands,
    set_up_info,
    unused_card,
)
from tar_core.errors import TarError
from tests.support.engine_setup import INFO, OFFLINE, follow, make_wheel
from tests.support.paths import PYTHON


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return make_wheel(tmp_path, INFO)


def test_environment_is_made_tested_marked_and_removed(base_python: Path, wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "en gine"
    commands = set_up_commands(folder, base_python, str(wheel), OFFLINE)
    assert "venv" in commands[0]
    events = follow(EngineSetup(environment_python(folder), commands, folder))
    assert events[-1] == Ready(INFO) and set_up_info(folder) == INFO
    assert Stage("Making the environment") in events and Stage("Testing the engine") in events
    assert "venv" not in set_up_commands(folder, base_python, str(wheel), OFFLINE)[0], "what is there is continued"
    again = make_wheel(tmp_path, replace(INFO, torch="another"))  # built anew, of the same version
    commands = set_up_commands(folder, base_python, str(again), OFFLINE)
    assert follow(EngineSetup(environment_python(folder), commands, folder))[-1] == Ready(
        replace(INFO, torch="another")
    )
    remove_environment(folder)
    assert not folder.exists() and set_up_info(folder) is None
    remove_environment(folder)  # nothing to do


def test_what_pip_says_is_told_and_nothing_is_marked(base_python: Path, tmp_path: Path) -> None:
    folder = tmp_path / "engine"
    folder.mkdir()
    (folder / READY).write_text(json.dumps(vars(INFO)))
    commands = set_up_commands(folder, base_python, "tar-core-that-is-nowhere", OFFLINE)
    setup = EngineSetup(environment_python(folder), commands, folder)
    last = follow(setup)[-1]
    assert isinstance(last, Failed) and "No matching distribution" in last.message and "set up again" in last.message
    assert set_up_info(folder) is None and any("nowhere" in line for line in setup.lines)


def test_broken_environment_is_made_anew(base_python: Path, wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "engine"
    environment_python(folder).parent.mkdir(parents=True)
    environment_python(folder).write_text("half a download")
    assert "--clear" in set_up_commands(folder, base_python, str(wheel), OFFLINE)[0]


def test_cancel_ends_the_running_command(tmp_path: Path) -> None:
    begin = time.monotonic()
    setup = EngineSetup(PYTHON, [[str(PYTHON), "-c", "import time; time.sleep(60)"], ["never-run"]], tmp_path)
    time.sleep(0.3)
    setup.cancel()
    assert follow(setup)[-1] == Stopped()
    assert time.monotonic() - begin < 30 and set_up_info(tmp_path) is None


def test_engine_that_fails_its_test_is_not_ready(tmp_path: Path) -> None:
    last = follow(EngineSetup(Path("/gone/python"), (), tmp_path))[-1]
    assert isinstance(last, Failed) and "cannot be started" in last.message
    with pytest.raises(TarError, match="torch is broken"):
        read_self_test('{"event": "error", "message": "torch is broken"}')
    with pytest.raises(TarError, match="Segmentation"):
        read_self_test("Segmentation fault")


def test_pythons_without_venv_are_passed_over(tmp_path: Path, base_python: Path) -> None:
    poor = tmp_path / "python3.12"
    poor.write_text("#!/bin/sh\nexit 1\n")
    poor.chmod(0o755)
    assert find_base_python([str(poor), None, str(tmp_path / "gone" / "python3"), str(base_python)]) == base_python
    with pytest.raises(TarError, match="python3-venv"):
        find_base_python([str(poor)])


@pytest.mark.parametrize(
    ("line", "stage"),
    [
        ("Progress 50 of 200", Stage("Downloading torch", 0.25)),
        (
            "  Downloading torch-2.13.0-cp311-linux.whl (175.3 MB)",
            Stage("Downloading torch (175.3 MB)", 0.0),
        ),
        ("Collecting opencv-python-headless>=4.8 (from tar_core==0.1.0)", Stage("Looking for opencv-python-headless")),
        ("Installing collected packages: numpy, torch, tar_core", Stage("Installing 3 packages")),
        ("Requirement already satisfied: numpy", Stage("Downloading torch", 0.5)),
    ],
)
def test_pips_lines_become_stages(line: str, stage: Stage) -> None:
    assert read_stage(line, Stage("Downloading torch", 0.5)) == stage


def test_versions() -> None:
    assert is_older("0.9.1", "0.10.0") and is_older("0.1.0", "1.0.0")
    assert not is_older("0.1.0", "0.1.0") and not is_older("1.0.0", "0.9.9")


def test_engine_tests_itself() -> None:
    if "python" not in Path(sys.executable).name:
        pytest.skip("a real Blender has no torch")
    pytest.importorskip("torch")
    answer = subprocess.run(
        [sys.executable, "-m", "tar_core.engine", "--self-test"], capture_output=True, text=True, check=True
    ).stdout
    info = read_self_test(answer.splitlines()[-1])
    assert info.torch and info.device and info.seconds > 0


@pytest.mark.parametrize(("program", "maker"), [("nvidia-smi", "NVIDIA"), ("rocminfo", "AMD")])
def test_a_card_that_this_pytorch_leaves_unused_is_told(
    program: str, maker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert unused_card("cpu") == ""
    (tmp_path / program).write_text("#!/bin/sh\nexit 9\n")
    (tmp_path / program).chmod(0o755)
    assert unused_card("cpu") == "", "a driver without a card"
    (tmp_path / program).write_text("#!/bin/sh\necho card 0\n")
    assert unused_card("cpu") == maker and unused_card("cuda") == ""
    assert f"cpu (no PyTorch for the {maker} card)" in str(replace(INFO, device="cpu", unused_card=maker))

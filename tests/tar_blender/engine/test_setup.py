"""Setting up the engine with real Pythons, venv and pip; small wheels take the place of tar_core and PyTorch."""

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tar_blender.engine import environment as environment_module
from tar_blender.engine.downloads import Downloads
from tar_blender.engine.environment import (
    READY_FILE,
    environment_python,
    find_base_python,
    remove_environment,
    set_up_commands,
    set_up_info,
)
from tar_blender.engine.setup import EngineSetup, Event, Failed, Ready, Stage, Stopped, read_self_test, read_stage
from tar_core.errors import TarError
from tests.support.engine_setup import INFO, OFFLINE, follow, make_wheel
from tests.support.hostile_folder import HostileFolder
from tests.support.paths import PYTHON


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return make_wheel(tmp_path, INFO)


@pytest.mark.slow
def test_environment_is_created_tested_marked_and_removed(
    base_python: Path, wheel: Path, tmp_path: Path, hostile_folder: HostileFolder
) -> None:
    """Nothing is imported from the current folder or the folders in the variables of Python."""
    folder = tmp_path / "en gine"
    commands = set_up_commands(folder, base_python, str(wheel), OFFLINE)
    assert "venv" in commands[0]
    events = follow(EngineSetup(environment_python(folder), commands, folder))
    assert events[-1] == Ready(INFO) and set_up_info(folder) == INFO
    assert Stage("Creating the environment") in events and Stage("Testing the engine") in events
    assert "venv" not in set_up_commands(folder, base_python, str(wheel), OFFLINE)[0], "an environment is reused"
    rebuilt = make_wheel(tmp_path, replace(INFO, runtime="another"))  # another build of the same version
    commands = set_up_commands(folder, base_python, str(rebuilt), OFFLINE)
    last = follow(EngineSetup(environment_python(folder), commands, folder))[-1]
    assert last == Ready(replace(INFO, runtime="another"))
    remove_environment(folder)
    assert not folder.exists() and set_up_info(folder) is None
    assert find_base_python([str(base_python)]) == base_python
    assert hostile_folder.imported() == []


def test_setup_obeys_the_variables_of_pip(
    base_python: Path, wheel: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    commands = set_up_commands(environment, base_python, "tar_core", OFFLINE)
    setup = EngineSetup(environment_python(environment), commands, environment)
    assert follow(setup)[-1] == Ready(INFO)


def test_package_with_another_hash_is_refused(
    base_python: Path, wheel: Path, environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment_module, "REQUIREMENTS", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    (tmp_path / "wheels").mkdir()
    needed = make_wheel(tmp_path / "wheels", INFO)
    tested = hashlib.sha256(needed.read_bytes()).hexdigest()
    commands = set_up_commands(environment, base_python, str(wheel), pinned=True)

    def last_event(digest: str) -> Event:
        (tmp_path / "engine.txt").write_text(f"tar_core==9.9.9 --hash=sha256:{digest}\n")
        return follow(EngineSetup(environment_python(environment), commands, environment))[-1]

    refused = last_event(64 * "0")
    assert isinstance(refused, Failed) and "\n" not in refused.message
    assert refused.message.startswith("the download of tar_core==9.9.9 is not the tested file")
    assert set_up_info(environment) is None and not list(environment.rglob("tar_core"))
    assert last_event(tested) == Ready(INFO)


def test_error_of_pip_is_reported_and_nothing_is_marked(base_python: Path, environment: Path) -> None:
    (environment / READY_FILE).write_text(json.dumps(vars(INFO)))
    commands = set_up_commands(environment, base_python, "tar-core-that-is-nowhere", OFFLINE)
    setup = EngineSetup(environment_python(environment), commands, environment)
    last = follow(setup)[-1]
    assert isinstance(last, Failed) and "No matching distribution" in last.message and "set up again" in last.message
    assert set_up_info(environment) is None and any("nowhere" in line for line in setup.lines)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError: cannot connect", "no network connection"),
        ("ProxyError('Cannot connect to proxy.', NewConnectionError('refused'))", "the proxy does not connect"),
        ("SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "certificate of the server cannot be verified"),
        ("ReadTimeoutError: Read timed out.", "the server does not answer"),
        ("ERROR: something else", "something else; set up again"),
        ('{"event": "error", "message": "torch is broken"}', "torch is broken"),
    ],
)
def test_failed_command_gives_the_reason(output: str, words: str, tmp_path: Path) -> None:
    command = [str(PYTHON), "-c", f"print({output!r}); raise SystemExit(1)"]
    last = follow(EngineSetup(PYTHON, [command], tmp_path))[-1]
    assert isinstance(last, Failed) and words in last.message


def test_cancel_ends_the_running_command(tmp_path: Path) -> None:
    begin = time.monotonic()
    setup = EngineSetup(PYTHON, [[str(PYTHON), "-c", "import time; time.sleep(60)"], ["never-run"]], tmp_path)
    time.sleep(0.3)
    setup.cancel()
    assert follow(setup)[-1] == Stopped()
    assert time.monotonic() - begin < 30 and set_up_info(tmp_path) is None


def test_engine_that_fails_its_self_test_is_not_ready(tmp_path: Path) -> None:
    last = follow(EngineSetup(Path("/absent/python"), (), tmp_path))[-1]
    assert isinstance(last, Failed) and "cannot be started" in last.message
    with pytest.raises(TarError, match="torch is broken"):
        read_self_test('{"event": "error", "message": "torch is broken"}')
    with pytest.raises(TarError, match="Segmentation"):
        read_self_test("Segmentation fault")


@pytest.mark.parametrize(
    ("line", "stage"),
    [
        ("Progress 50 of 200", Stage("Downloading torch", 0.25)),
        (
            "  Downloading torch-2.13.0-cp311-linux.whl (175.3 MB)",
            Stage("Downloading torch (175.3 MB)", 0.0),
        ),
        ("  Downloading numpy-2.4.6-cp311-linux.whl.metadata (62 kB)", Stage("Downloading torch", 0.5)),
        ("Collecting opencv-python-headless>=4.8 (from tar_core==0.1.0)", Stage("Finding opencv-python-headless")),
        ("Installing collected packages: numpy, torch, tar_core", Stage("Installing 3 packages")),
        ("Requirement already satisfied: numpy", Stage("Downloading torch", 0.5)),
    ],
)
def test_output_of_pip_becomes_stages(line: str, stage: Stage) -> None:
    assert read_stage(line, Stage("Downloading torch", 0.5), Downloads([])) == stage


def test_bar_is_that_of_the_whole_download() -> None:
    downloads, stage = Downloads([3_000_000, 1_000_000]), Stage("Finding packages")
    lines = (
        "Collecting big==1",
        "  Downloading big-1-py3-none-any.whl (3.0 MB)",
        "Progress 1500000 of 3000000",
        "Progress 3000000 of 3000000",
        "Collecting small==2",
        "  Using cached small-2-py3-none-any.whl (1.0 MB)",
    )
    stages = []
    for line in lines:
        stage = read_stage(line, stage, downloads)
        stages.append(stage)
    text = "Downloading 2 files, 4 MB: big"
    assert [shown.fraction for shown in stages[1:5]] == [0, 0.38, 0.75, 0.75]
    assert {shown.text for shown in stages[1:5]} == {text}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"PIP_PROXY": "http://127.0.0.1:9"}, "the proxy does not connect"),
        ({"PIP_INDEX_URL": "https://127.0.0.1:9/simple"}, "no network connection"),
        ({}, "certificate of the server cannot be verified"),
    ],
)
def test_real_network_errors_of_pip_are_named(
    variables: dict[str, str], words: str, base_python: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.lower().startswith("pip_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:  # it does not speak TLS
        threading.Thread(target=server.serve_forever, daemon=True).start()
        index = f"https://localhost:{server.server_port}/simple"  # pip of some Blenders refuses IP addresses
        settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", "PIP_INDEX_URL": index} | variables
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        install = [str(environment_python(environment)), "-I", "-m", "pip", "install", "numpy"]
        last = follow(EngineSetup(environment_python(environment), [install], environment))[-1]
        server.shutdown()
    assert isinstance(last, Failed) and words in last.message


def test_self_test_of_the_real_engine() -> None:
    if "python" not in Path(sys.executable).name:
        pytest.skip("the blender program has no torch")
    pytest.importorskip("torch")
    answer = subprocess.run(
        [sys.executable, "-m", "tar_core.engine", "--self-test"], capture_output=True, text=True, check=True
    ).stdout
    info = read_self_test(answer.splitlines()[-1])
    assert info.runtime and info.device and info.seconds > 0

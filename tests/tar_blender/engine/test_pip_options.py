"""Set-up without online access: what pip would do."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tar_blender.engine.environment import environment_python, set_up_commands
from tar_blender.engine.pip_options import check_links, local_variables, parse_options, stays_local
from tar_blender.engine.setup import EngineSetup, Event, Failed, Ready
from tar_core.errors import TarError
from tests.support.engine_setup import INFO, follow, make_wheel


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["--no-index", "--no-index --find-links /wheels", "--no-index --find-links='/my wheels' -f /more --no-cache-dir"],
)
def test_local_folders_need_no_network(text: str) -> None:
    assert stays_local(parse_options(text))


@pytest.mark.parametrize(
    "text",
    [
        *("", "--find-links /wheels", "--index-url https://example.org", "-i https://example.org", "--no-ind"),
        *("--no-index --find-links https://example.org", "--no-index --find-links=https://example.org"),
        *("--no-index -f https://example.org", "--no-index -fhttps://example.org", "--no-index --find-l=/wheels"),
        *(r"--no-index -f \\\\nas\\wheels", "--no-index -f file://nas/wheels", "--no-index -f file:/wheels"),
        *("--no-index -r list.txt", "--no-index -c list.txt", "--no-index git+https://example.org/a", "--no-index a"),
        *("--no-index --extra-index-url https://example.org", "--no-index --proxy http://example.org"),
    ],
)
def test_other_options_may_need_the_network(text: str) -> None:
    assert not stays_local(parse_options(text))


def test_folders_of_wheels_are_absolute_and_have_no_pages(tmp_path: Path) -> None:
    check_links(["--no-index", "--find-links", str(tmp_path)])
    for link in ("wheels", str(tmp_path / "absent"), ""):
        with pytest.raises(TarError, match="no such folder"):
            check_links(["--no-index", "--find-links", link])
    (tmp_path / "index.html").touch()
    with pytest.raises(TarError, match="page"):
        check_links(["--no-index", "-f", str(tmp_path)])


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A server on the loopback interface, in place of another computer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.0)
        yield listening


def set_up(folder: Path, base_python: Path, requirement: str, wheels: Path) -> Event:
    commands = set_up_commands(folder, base_python, requirement, ["--no-index", "--find-links", str(wheels)])
    return follow(EngineSetup(environment_python(folder), commands, folder, variables=local_variables()))[-1]


@pytest.mark.parametrize(
    "requirement", ["", "Requires-Dist: evil\n", "Requires-Dist: evil @ {url}/evil-1-py3-none-any.whl\n"]
)
def test_neither_the_configuration_of_pip_nor_wheels_reach_other_computers(
    requirement: str,
    environment: Path,
    base_python: Path,
    tmp_path: Path,
    server: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = f"http://127.0.0.1:{server.getsockname()[1]}"
    configuration = tmp_path / "pip.conf"
    configuration.write_text(f"[global]\nfind-links = {url}/a\nindex-url = {url}/b\nproxy = {url}\nno-index = false\n")
    for name, value in (("CONFIG_FILE", configuration), ("FIND_LINKS", url), ("INDEX_URL", url), ("NO_INDEX", "0")):
        monkeypatch.setenv(f"PIP_{name}", str(value))
    wheel = make_wheel(tmp_path, INFO, requirement.format(url=url))
    last = set_up(environment, base_python, str(wheel), tmp_path)
    assert isinstance(last, Failed) if requirement else last == Ready(INFO)
    with pytest.raises(BlockingIOError):
        server.accept()

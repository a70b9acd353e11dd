"""What a setup downloads, with a server on this computer. The progress is tested in test_setup.py."""

import json
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tar_blender.engine.downloads import Downloads, format_size, pinned_requirements, plan_command
from tar_blender.engine.environment import REQUIREMENTS


def plan(folder: Path, urls: list[str]) -> list[str]:
    command = plan_command(["pip"], folder, ["numpy"])
    report = {"install": [{"download_info": {"url": url}} for url in urls]}
    Path(command[command.index("--report") + 1]).write_text(json.dumps(report))
    return command


def test_sizes_are_those_of_the_server(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(bytes(2_500_000))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            socket.create_connection(server.server_address[:2], 5).close()
        except OSError:
            pytest.skip("Blender runs without network here")
        address = f"http://127.0.0.1:{server.server_port}"
        known = Downloads.planned_by(plan(tmp_path, [f"{address}/a.whl", f"{address}/a.whl", "file:///b.whl"]))
        missing = Downloads.planned_by(plan(tmp_path, [f"{address}/a.whl", f"{address}/gone.whl"]))
        server.shutdown()
    assert known.text == "2 files, 5 MB", "files of this computer are not downloaded"
    assert known.fraction("Progress 2500000 of 2500000") == 0.5
    assert missing.text == "" and missing.fraction("Progress 1 of 2") is None


@pytest.mark.parametrize("report", ["", "[]", "{}", '{"install": [{}]}', '{"install": 3}'])
def test_report_of_another_form_means_unknown_sizes(report: str, tmp_path: Path) -> None:
    command = plan(tmp_path, [])
    Path(command[command.index("--report") + 1]).write_text(report)
    assert Downloads.planned_by(command).text == ""


def test_pinned_requirements_have_no_hashes() -> None:
    pinned = pinned_requirements(REQUIREMENTS / "engine.txt")
    assert len(pinned) > 8 and any(line.startswith("numpy==") for line in pinned)
    assert all("==" in line and "hash" not in line and not line.endswith("\\") for line in pinned)


def test_sizes_for_the_user() -> None:
    assert [format_size(size) for size in (0, 14_250_000, 143e6, 2.75e9)] == ["0.1 MB", "14.2 MB", "143 MB", "2.8 GB"]

"""Fetching the demo video: it is unpacked once and completely, and errors suggest a remedy."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.fetch import demo_video as fetch_demo
from tar_core.errors import TarError


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache whose wheel contains only a tiny "video" of camera 2."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "pose2sim-0.10.49-py3-none-any.whl", "w") as archive:
        archive.writestr("Pose2Sim/Demo_SinglePerson/videos/cam02.mp4", b"moving pictures")
    return tmp_path


def test_video_is_unpacked_once(cache: Path) -> None:
    video = fetch_demo.fetch_demo_video(2, cache)
    assert video.read_bytes() == b"moving pictures"
    (cache / "wheels" / "pose2sim-0.10.49-py3-none-any.whl").unlink()
    assert fetch_demo.fetch_demo_video(2, cache) == video, "an existing video needs no wheel"


def test_wheel_without_the_video_is_an_error(cache: Path) -> None:
    with pytest.raises(TarError, match="delete it and try again"):
        fetch_demo.fetch_demo_video(1, cache)
    assert not (cache / "demo").exists() or not list((cache / "demo").iterdir())


def test_damaged_wheel_is_an_error(cache: Path) -> None:
    wheel = cache / "wheels" / "pose2sim-0.10.49-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[:40])
    with pytest.raises(TarError, match="damaged"):
        fetch_demo.fetch_demo_video(2, cache)


def test_unknown_camera_is_an_error(cache: Path) -> None:
    with pytest.raises(TarError, match="no camera 9"):
        fetch_demo.fetch_demo_video(9, cache)


def test_missing_network_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip runs without an index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(TarError, match="cannot download pose2sim .* or use a video of your own"):
        fetch_demo.fetch_demo_video(1, tmp_path)


def test_command_line_prints_the_path(demo_video: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "scripts.fetch.demo_video"],
        cwd=fetch_demo.CACHE.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.strip() == str(demo_video)

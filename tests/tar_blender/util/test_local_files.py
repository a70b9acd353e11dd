"""Paths that a .blend file contains."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_blender.util.local_files import check_not_elsewhere, is_local_file
from tar_core.errors import TarError


def test_only_regular_files_are_local(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "link.mp4").symlink_to(tmp_path / "a.mp4")
    (tmp_path / "device.mp4").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe.mp4")
    local = [path.name for path in sorted(tmp_path.iterdir()) if is_local_file(str(path))]
    assert local == ["a.mp4", "link.mp4"]
    assert not is_local_file("") and not is_local_file(str(tmp_path))


@given(st.text())
def test_every_text_has_an_answer(path: str) -> None:
    assert not is_local_file(f"/absent{path}")


@pytest.mark.parametrize(
    "path", [r"\\nas\clips\a.mp4", "//nas/clips/a.mp4", r"\\?\C:\a.mp4", "https://example.org/a.mp4", "/dev/video0"]
)
def test_shares_addresses_and_devices_are_elsewhere(path: str) -> None:
    assert not is_local_file(path)
    with pytest.raises(TarError, match="not on this computer"):
        check_not_elsewhere(path)


@pytest.mark.parametrize("path", ["/home/ann/a.mp4", r"C:\clips\a.mp4", "a.mp4", "/devices/a.mp4", "12:30.mp4"])
def test_other_paths_are_not_elsewhere(path: str) -> None:
    check_not_elsewhere(path)

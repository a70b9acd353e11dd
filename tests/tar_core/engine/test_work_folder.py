"""Temporary folders of killed processes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tar_core.engine.work_folder import WorkFolder
from tar_core.errors import TarError
from tests.support.paths import PYTHON

_HOLDS_A_FOLDER = """
import time
from tar_core.engine.work_folder import WorkFolder
folder = WorkFolder()
print(folder.path, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def other_process(parent: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process and its folder, which was made an hour ago."""
    variables = os.environ | {"TMPDIR": str(parent), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [str(PYTHON), "-c", _HOLDS_A_FOLDER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        make_old(folder)
        try:
            yield process, folder
        finally:
            process.kill()


def make_old(folder: Path) -> None:
    os.utime(folder, (time.time() - 3600, time.time() - 3600))


def test_folder_of_a_killed_process_is_deleted_by_the_next_one(parent: Path) -> None:
    with other_process(parent) as (process, folder):
        (folder / "motion.npz").write_bytes(bytes(100))
        make_old(folder)
        own = WorkFolder()
        assert folder.is_dir(), "its process lives"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    WorkFolder().close()
    assert [path.name for path in parent.iterdir()] == [own.path.name]
    own.close()
    assert not own.path.exists()


def test_own_older_folders_are_kept() -> None:
    own = WorkFolder()
    make_old(own.path)
    WorkFolder().close()
    assert own.path.is_dir()
    own.close()


def test_folders_of_others_are_kept(parent: Path) -> None:
    for name in ("tar-engine-mine", "tar-other", "elsewhere"):
        (parent / name).mkdir()
        (parent / name / "file").touch()
    (parent / "elsewhere" / "in_use.lock").touch()
    (parent / "tar-engine-link").symlink_to(parent / "elsewhere")
    (parent / "tar-engine-new").mkdir()
    (parent / "tar-engine-new" / "in_use.lock").touch()
    for name in ("tar-engine-mine", "tar-other", "elsewhere"):
        make_old(parent / name)
    before = sorted(parent.rglob("*"))
    WorkFolder().close()
    assert sorted(parent.rglob("*")) == before


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files to others")
def test_folder_of_another_user_is_kept(parent: Path) -> None:
    folder = parent / "tar-engine-other"
    folder.mkdir()
    (folder / "in_use.lock").touch()
    os.chown(folder, 12345, 12345)
    make_old(folder)
    WorkFolder().close()
    assert folder.is_dir()


def test_missing_temporary_folder_is_an_error(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(parent / "absent"))
    with pytest.raises(TarError, match="no temporary folder"):
        WorkFolder()

"""Checks of input files, and atomic writing of output files."""

import os
from pathlib import Path

import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.files import atomic_path, check_outputs, check_video_file, check_writable, output_target, write_npz
from tests.support.full_disk import full_disk


def test_atomic_path_writes_the_complete_file(tmp_path):
    with atomic_path(tmp_path / "a.npz") as temporary:
        temporary.write_text("new")
        assert temporary.suffix == ".npz"
        assert not (tmp_path / "a.npz").exists()
    assert (tmp_path / "a.npz").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_failure_keeps_the_old_file_and_deletes_the_temporary_one(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_ctrl_c_during_creation_leaves_no_file(tmp_path, monkeypatch):
    def interrupted(handle):
        monkeypatch.undo()
        os.close(handle)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "close", interrupted)
    with pytest.raises(KeyboardInterrupt), atomic_path(tmp_path / "a.txt"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_a_user_error(tmp_path):
    (tmp_path / "file").touch()
    for folder in ("no", "file"):
        with pytest.raises(TarError, match="cannot write"), atomic_path(tmp_path / folder / "a.txt"):
            pass


def test_folder_is_rejected_as_file_name(tmp_path):
    with pytest.raises(TarError, match="folder"), atomic_path(tmp_path):
        pass


def test_check_writable_leaves_no_file(tmp_path):
    with pytest.raises(TarError, match="cannot write"):
        check_writable(tmp_path / "absent" / "clip.npz")
    check_writable(tmp_path / "clip.npz")
    assert not list(tmp_path.iterdir())


def test_full_disk_is_a_user_error():
    with (
        pytest.raises(TarError, match="No space"),
        atomic_path("/dev/shm/tar-test-full.bin"),
        open("/dev/full", "w") as f,
    ):
        f.write("x")
        f.flush()


def test_full_disk_leaves_the_old_archive(tmp_path):
    """A limit on the file size simulates a full disk. Motion files and lists of found people are written like this."""
    (tmp_path / "people.npz").write_text("old")
    with full_disk(1000), pytest.raises(TarError, match="cannot write") as error:
        write_npz(tmp_path / "people.npz", {"noise": np.random.default_rng(0).normal(size=10_000)})
    assert "\n" not in str(error.value)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_write_npz(tmp_path):
    write_npz(tmp_path / "a.npz", {"x": np.arange(3)})
    with np.load(tmp_path / "a.npz") as data:
        np.testing.assert_array_equal(data["x"], [0, 1, 2])
    with pytest.raises(TarError, match="cannot write"):
        write_npz(tmp_path / "no" / "a.npz", {})


def test_missing_video_and_folder_are_reported(tmp_path):
    video = tmp_path / "walk.mp4"
    with pytest.raises(TarError, match="no such video; check the path"):
        check_video_file(video)
    with pytest.raises(TarError, match="is a folder, not a video"):
        check_video_file(tmp_path)
    video.touch()
    check_video_file(video)
    with pytest.raises(TarError, match="no such video"):
        check_video_file(video / "inside.mp4")
    with pytest.raises(TarError, match="cannot be read"):
        check_video_file(tmp_path / ("long" * 100))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipe_and_device_are_reported_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "pipe.mp4")
    for path in (tmp_path / "pipe.mp4", tmp_path / "link.mp4", Path("/dev/null")):
        with pytest.raises(TarError, match="is a pipe or a device, not a file; save"):
            check_video_file(path)


def test_symbolic_link_stays_and_its_target_is_written(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.txt").symlink_to("folder/real.txt")
    for content in ("new", "newer"):  # to a missing and to an existing file
        with atomic_path(tmp_path / "link.txt") as temporary:
            temporary.write_text(content)
        assert (tmp_path / "link.txt").is_symlink()
        assert (tmp_path / "folder" / "real.txt").read_text() == content
    assert len(list((tmp_path / "folder").iterdir())) == 1


def test_only_regular_files_are_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "circle.npz").symlink_to("circle.npz")
    (tmp_path / "device.npz").symlink_to("/dev/null")
    for name, words in (("pipe.npz", "a pipe or a device"), ("device.npz", "a device"), ("circle.npz", "cannot write")):
        with pytest.raises(TarError, match=words):
            output_target(tmp_path / name)
        with pytest.raises(TarError, match=words), atomic_path(tmp_path / name):
            pass
    assert (tmp_path / "pipe.npz").is_fifo()
    assert (tmp_path / "device.npz").is_symlink()


@pytest.mark.parametrize("link", [None, os.link, os.symlink])
def test_output_must_not_be_an_input(tmp_path, monkeypatch, link):
    video = tmp_path / "video.mp4"
    video.write_text("the only copy")
    output = tmp_path / "clip.npz"
    if link is None:
        monkeypatch.chdir(tmp_path)
        output = "./video.mp4"
    else:
        link(video, output)
    with pytest.raises(TarError, match="also an input"):
        check_outputs([output], [None, video])
    assert video.read_text() == "the only copy"


def test_outputs_must_differ_and_be_writable(tmp_path):
    with pytest.raises(TarError, match="another output"):
        check_outputs([tmp_path / "a.mp4", tmp_path / "." / "a.mp4"], [])
    with pytest.raises(TarError, match="cannot write"):
        check_outputs([tmp_path / "no" / "a.npz"], [])
    check_outputs([tmp_path / "a.npz", None], [tmp_path / "missing.mp4", None])
    assert not list(tmp_path.iterdir())

"""Files in storages of fsspec: one in memory, and a local folder."""

import pickle
from pathlib import Path

import fsspec
import pytest

from tar_core.batch.storage import StoredFile, written_to
from tar_core.errors import TarError


@pytest.fixture(params=["memory://storage", "file://{folder}"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty folder."""
    address = f"{request.param.format(folder=tmp_path)}/{tmp_path.name}"
    return str(address)


def content(address: str) -> bytes:
    with fsspec.open(address, "rb") as file:
        return bytes(file.read())


def test_file_is_written_to_a_new_folder_and_replaced(folder: str) -> None:
    stored = StoredFile(f"{folder}/a/b.npz")
    assert not stored.exists()
    with pytest.raises(FileNotFoundError):
        stored.stat()
    for written in (b"first", b"second one"):
        with written_to(stored) as path:
            assert path.name == "b.npz"
            path.write_bytes(written)
        assert stored.exists() and content(stored.address) == written and stored.stat().st_size == len(written)
        assert not path.exists()
    assert pickle.loads(pickle.dumps(stored)).stat() == stored.stat(), "on another machine"


def test_state_changes_with_the_content(folder: str) -> None:
    stored = StoredFile(f"{folder}/a.npz")
    states = []
    for written in (b"one", b"two", b"three"):
        with written_to(stored) as path:
            path.write_bytes(written)
        states.append(stored.stat())
        assert stored.stat() == states[-1]
    assert len(set(states)) == 3


def test_failed_write_keeps_the_file(folder: str, tmp_path: Path) -> None:
    stored = StoredFile(f"{folder}/a.npz")
    with written_to(stored) as path:
        path.write_bytes(b"first")
    with pytest.raises(RuntimeError, match="no motion"), written_to(stored) as path:
        path.write_bytes(b"half")
        raise RuntimeError("no motion")
    with pytest.raises(TarError, match="cannot write .*a.npz"):
        stored.write(tmp_path)  # a folder cannot be read
    assert content(stored.address) == b"first"
    files, place = fsspec.core.url_to_fs(folder)
    assert len(files.ls(place, detail=False)) == 1, "no temporary file"


def test_path_is_written_as_it_is(tmp_path: Path) -> None:
    with written_to(tmp_path / "a.npz") as path:
        assert path == tmp_path / "a.npz"


@pytest.mark.parametrize("address", ["abacus://a/b.npz", "s3://bucket/b.npz"])
def test_missing_driver_is_an_error(address: str) -> None:
    if address.startswith("s3") and fsspec.utils.get_package_version_without_import("s3fs"):
        pytest.skip("the driver is installed")
    with pytest.raises(TarError, match="check the address") as error:
        StoredFile(address).exists()
    assert address in str(error.value)

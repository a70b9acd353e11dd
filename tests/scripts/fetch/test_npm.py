"""Files from npm packages in the cache, and errors."""

import io
import tarfile
from pathlib import Path

import pytest

from scripts.fetch.npm import read_package_file, unpack_package
from tar_core.errors import TarError

PACKAGE = "@scope/thing@1.2.3"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    with tarfile.open(tmp_path / "scope-thing-1.2.3.tgz", "w:gz") as archive:
        info = tarfile.TarInfo("package/model.bin")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"data"))
    return tmp_path


def test_file_is_read_from_the_cached_package(cache: Path) -> None:
    assert read_package_file(PACKAGE, "model.bin", cache) == b"data"


def test_missing_file_is_an_error(cache: Path) -> None:
    with pytest.raises(TarError, match="other.bin"):
        read_package_file(PACKAGE, "other.bin", cache)


def test_damaged_package_is_an_error(cache: Path) -> None:
    (cache / "scope-thing-1.2.3.tgz").write_bytes(b"not an archive")
    with pytest.raises(TarError, match="damaged"):
        read_package_file(PACKAGE, "model.bin", cache)


def test_missing_npm_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TarError, match="install npm"):
        read_package_file(PACKAGE, "model.bin", tmp_path)


def test_file_is_read_from_a_given_archive(cache: Path) -> None:
    assert read_package_file("@scope/other@1.0", "model.bin", archive=cache / "scope-thing-1.2.3.tgz") == b"data"


def test_package_is_unpacked_once(cache: Path) -> None:
    folder = unpack_package(PACKAGE, cache)
    assert (folder / "model.bin").read_bytes() == b"data"
    (cache / "scope-thing-1.2.3.tgz").write_bytes(b"not read again")
    assert unpack_package(PACKAGE, cache) == folder
    (cache / "other-1.0.tgz").write_bytes(b"not an archive")
    with pytest.raises(TarError, match="damaged"):
        unpack_package("other@1.0", cache)
    assert sorted(path.name for path in cache.iterdir()) == [
        "other-1.0.tgz",
        "scope-thing-1.2.3",
        "scope-thing-1.2.3.tgz",
    ]

"""Results in a storage that the library fsspec reaches, such as s3://bucket/takes or sftp://machine/takes.

fsspec is imported only if an address is given. It finds the drivers that are installed, and their access keys in its
own settings and environment variables.
"""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tar_core.errors import TarError, first_line

_writing = threading.Lock()  # the transactions of fsspec belong to a file system, which threads share


class StoredState(NamedTuple):
    """The members of `os.stat_result` that a batch uses.

    Attributes:
        st_size: bytes.
        st_mtime_ns: a number that is different after the file has changed.
    """

    st_size: int
    st_mtime_ns: int


@dataclass(frozen=True)
class StoredFile:
    """A file in a storage, with the members of `Path` that a batch uses.

    All methods raise TarError if the storage cannot be used.
    """

    address: str

    def __str__(self) -> str:
        return self.address

    def absolute(self) -> "StoredFile":
        return self

    def exists(self) -> bool:
        with self._problems("read"):
            files, path = self._place()
            return bool(files.exists(path))

    def stat(self) -> StoredState:
        """The present state.

        Raises:
            FileNotFoundError: there is no such file.
        """
        with self._problems("read"):
            files, path = self._place()
            return StoredState(int(files.info(path)["size"]), int(files.ukey(path)[:15], 16))

    def write(self, source: Path) -> None:
        """Copy a file to this place, completely or not at all."""
        with self._problems("write"), _writing:
            files, path = self._place()
            folder = path.rpartition("/")[0] or files.root_marker
            files.makedirs(folder, exist_ok=True)
            with files.transaction, files.open(path, "wb") as target, source.open("rb") as content:
                shutil.copyfileobj(content, target)
            files.invalidate_cache(folder)

    def _place(self) -> tuple[Any, str]:
        """The file system, and the path in it."""
        try:
            import fsspec
        except ImportError as error:
            raise TarError(f"{self.address}: the package fsspec is not installed; install it") from error
        files, path = fsspec.core.url_to_fs(self.address)
        return files, str(path)

    @contextmanager
    def _problems(self, action: str) -> Iterator[None]:
        try:
            yield
        except (TarError, FileNotFoundError):
            raise
        except Exception as error:  # each driver has its own
            raise TarError(
                f"cannot {action} {self.address} ({first_line(error)}); check the address and your access to it"
            ) from error


@contextmanager
def written_to(output: Path | StoredFile) -> Iterator[Path]:
    """Provide a path for the caller to write to, and copy the file to the storage at the end if that is where it goes.

    Raises:
        TarError: the storage cannot be written.
    """
    if isinstance(output, Path):
        yield output
        return
    with tempfile.TemporaryDirectory(prefix="tar-") as folder:
        path = Path(folder) / output.address.rpartition("/")[2]
        yield path
        output.write(path)

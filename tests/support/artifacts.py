"""What the Blender matrix gives to every runtime: the extension, reference points, a video and the list of tests."""

import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.build_extension import build_extension, build_for_platform
from scripts.engine_wheels import this_platform
from scripts.fetch.demo_video import fetch_demo_video
from tests.support.neighbor import make_neighbor
from tests.support.paths import CACHE, REPOSITORY
from tests.support.steps import run

BLENDERS = CACHE / "blenders"  # the runtimes
SUPPORT = REPOSITORY / "tests" / "support"
# The tests that run inside every Blender: those of the extension, and those of tar_core that need no torch and test
# modules that the extension uses.
PYTEST_OPTIONS = ("-q", "-m", "slow or not slow")
TESTS = tuple(
    REPOSITORY / "tests" / name
    for name in (
        "tar_blender",
        "tar_core/body/test_genders.py",
        "tar_core/engine/test_blocking_client.py",
        "tar_core/engine/test_client.py",
        "tar_core/engine/test_pipes.py",
        "tar_core/engine/test_protocol.py",
        "tar_core/people/test_selection.py",
        "tar_core/test_amass.py",
        "tar_core/test_arguments.py",
        "tar_core/test_duration.py",
        "tar_core/test_files.py",
        "tar_core/test_motion.py",
        "tar_core/test_option_fields.py",
        "tar_core/test_options.py",
        "tar_core/test_preview.py",
        "tar_core/test_recording.py",
        "tar_core/test_shot_files.py",
        "tar_core/test_shots.py",
        "tar_core/test_skeleton.py",
    )
)
FRAMES = 8  # of the demo video that are captured


@dataclass(frozen=True)
class Artifacts:
    """Paths of the files that every runtime is given.

    Attributes:
        extension: the extension's zip for this platform.
        neighbor: the zip of another extension (neighbor.py).
        smplx_points: reference points for runtimes without torch (smplx_points.py).
        video: the demo video.
    """

    extension: Path
    neighbor: Path
    smplx_points: Path
    video: Path


def make_artifacts() -> Artifacts:
    """Build the extension, compute the reference points and fetch the demo video.

    Raises:
        TarError: the extension cannot be built or the video cannot be fetched.
        StepFailed: the reference points cannot be computed.
    """
    BLENDERS.mkdir(parents=True, exist_ok=True)
    points = BLENDERS / "smplx_points.npz"
    run([sys.executable, "-m", "tests.support.smplx_points", str(points)], cwd=REPOSITORY)
    extension = build_for_platform(this_platform(), build_extension(BLENDERS / "plain"), BLENDERS)
    return Artifacts(extension, make_neighbor(BLENDERS), points, fetch_demo_video())

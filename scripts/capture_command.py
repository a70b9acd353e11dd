"""The command that captures a video, as a user would type it."""

import sys
from pathlib import Path


def capture_command(
    video: Path,
    motion: Path,
    checkpoint: Path | None = None,
    overlay: Path | None = None,
    people: str = "all",
    every_frame: bool = False,
    cleanup: bool = False,
) -> list[str]:
    """`tar-capture capture VIDEO -o MOTION --raw`, run by this Python; works in any folder.

    Args:
        checkpoint: a network other than the default one.
        overlay: also write the video with the bodies over it to this path.
        people: the value of `--people`.
        every_frame: analyze every frame of a fast video.
        cleanup: clean up the motion with the default settings, as `tar-capture capture` does without `--raw`. The
            benchmarks measure the network's own motion.
    """
    command = [sys.executable, "-m", "tar_core", "capture", str(video.resolve()), "-o", str(motion.resolve())]
    command += ["--people", people]
    if checkpoint is not None:
        command += ["--checkpoint", str(checkpoint.resolve())]
    if overlay is not None:
        command += ["--overlay", str(overlay.resolve())]
    if every_frame:
        command.append("--every-frame")
    if not cleanup:
        command.append("--raw")
    return command

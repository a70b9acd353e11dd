"""The command line that captures a video, as a user would type it."""

import sys
from pathlib import Path


def capture_command(
    video: Path,
    motion: Path,
    checkpoint: Path | None = None,
    overlay: Path | None = None,
    people: str = "all",
    every_frame: bool = False,
) -> list[str]:
    """`tar-capture capture VIDEO -o MOTION` by this Python; it may run in any folder.

    Args:
        checkpoint: a network other than the default one.
        overlay: a video to write with the bodies drawn over.
        people: whom to capture, as `--people` takes it.
        every_frame: of a fast video too.
    """
    command = [sys.executable, "-m", "tar_core", "capture", str(video.resolve()), "-o", str(motion.resolve())]
    command += ["--people", people]
    if checkpoint is not None:
        command += ["--checkpoint", str(checkpoint.resolve())]
    if overlay is not None:
        command += ["--overlay", str(overlay.resolve())]
    if every_frame:
        command.append("--every-frame")
    return command

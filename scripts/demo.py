"""`make demo`: capture a real video, build its Blender scene, and draw a contact sheet of both.

    python -m scripts.demo [VIDEO] [--output out] [--checkpoint PATH]

writes demo.npz (docs/file_format.md), demo.blend, demo_overlay.mp4 and demo.png. The motion is the network's own,
without clean-up. Without VIDEO, the demo video is downloaded (scripts/fetch/demo_video.py).
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from scripts.capture_command import capture_command
from scripts.contact_sheet import contact_sheet
from scripts.fetch.demo_video import fetch_demo_video
from scripts.paths import REPOSITORY
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.motion import MotionClip
from tar_core.video.reader import VideoReader

SHEET_COLUMNS = 6
RENDER_LONG_SIDE = 640  # pixels
BACKGROUND_BRIGHTNESS = 0.5  # of the video behind the render


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Capture a video and write demo.npz, demo.blend, demo_overlay.mp4 and demo.png."
    )
    parser.add_argument("video", nargs="?", type=Path, help="video file (default: the demo video, downloaded once)")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "out", help="folder for the results (default: out)")
    parser.add_argument("--checkpoint", type=Path, help="checkpoint to use (default: the included one)")
    options = parser.parse_args(arguments)
    try:
        video = options.video or fetch_demo_video()
        options.output.mkdir(parents=True, exist_ok=True)
        run(video, options.output, options.checkpoint)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(video: Path, output: Path, checkpoint: Path | None) -> None:
    """Capture a video and write all results to the folder `output`."""
    motion, overlay = output / "demo.npz", output / "demo_overlay.mp4"
    if subprocess.run(capture_command(video, motion, checkpoint, overlay, cleanup=True), cwd=REPOSITORY).returncode:
        raise TarError(f"{video}: the capture failed; see the message above")
    clip = MotionClip.load(motion)
    frames = sheet_frames(clip)
    renders = build_scene(clip, output / "demo.blend", frames)
    images = pick_frames(video, frames)
    rows = [
        ("video", images),
        ("captured body over the video", pick_frames(overlay, frames)),
        ("Blender render from the matched camera, over the darkened video", list(map(render_over, renders, images))),
    ]
    write_image(output / "demo.png", contact_sheet(rows, [f"frame {frame}" for frame in frames]))
    for name in ("demo.blend", "demo_overlay.mp4", "demo.png"):  # the capture has printed demo.npz
        print(output / name)


def sheet_frames(clip: MotionClip) -> list[int]:
    """Select video frames evenly from the first to the last frame of the captured people, inclusive."""
    first = clip.first_frame
    count = min(SHEET_COLUMNS, clip.last_frame - first + 1)
    return np.linspace(first, clip.last_frame, count).round().astype(int).tolist()


def pick_frames(video: Path, wanted: Sequence[int]) -> list[np.ndarray]:
    """Read frames of a video.

    Args:
        wanted: 0-based frame numbers, ascending.

    Returns:
        images [H, W, 3] uint8 RGB.

    Raises:
        TarError: the video ends before the last of the frames.
    """
    frames = VideoReader(video).frames(wanted[0], wanted[-1])
    images = [frame.image for frame in frames if frame.index in wanted]
    if len(images) < len(wanted):
        raise TarError(f"{video}: ends before frame {wanted[-1]}; write the file again")
    return images


def build_scene(clip: MotionClip, blend: Path, frames: Sequence[int]) -> list[np.ndarray]:
    """Write the Blender file of a clip and render some video frames with the matched camera.

    Returns:
        images [H, W, 4] uint8 RGBA.
    """
    import bpy

    from tar_blender.export.formats import save_scene
    from tar_blender.scene.build import import_clip
    from tar_blender.scene.options import ImportOptions
    from tar_blender.scene.render import render_frame

    bpy.ops.wm.read_factory_settings(use_empty=True)
    options = ImportOptions(
        smoothing=0.0, depth_correction=False, foot_locking=0.0, lean_correction=False
    )  # the clip is clean already
    for warning in import_clip(clip, bpy.context, options).warnings:
        print(f"warning: {warning}", file=sys.stderr)

    width = round(RENDER_LONG_SIDE * clip.width / max(clip.width, clip.height))
    renders = []
    with tempfile.TemporaryDirectory() as folder, quiet():
        save_scene(blend)
        for frame in frames:
            path = Path(folder) / f"{frame}.png"
            render_frame(bpy.context.scene, options.start_frame + frame, path, width)
            renders.append(cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA))
    return renders


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress the output of Blender and its graphics libraries, but not exceptions."""
    sys.stdout.flush()
    saved = os.dup(1), os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 1)
        os.dup2(null, 2)
        yield
    finally:
        for number, original in enumerate(saved, start=1):
            os.dup2(original, number)
            os.close(original)
        os.close(null)


def render_over(render: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Composite a render [H, W, 4] over the darkened video frame [any size, 3] to an image [H, W, 3] uint8 RGB."""
    height, width = render.shape[:2]
    background = BACKGROUND_BRIGHTNESS * cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    alpha = render[..., 3:] / 255
    return (alpha * render[..., :3] + (1 - alpha) * background).round().astype(np.uint8)


def write_image(path: Path, image: np.ndarray) -> None:
    """Write an image [H, W, 3] uint8 RGB; an interrupted write leaves no file."""
    with atomic_path(path) as temporary:
        if not cv2.imwrite(str(temporary), cv2.cvtColor(image, cv2.COLOR_RGB2BGR)):
            raise OSError("the image could not be written")


if __name__ == "__main__":
    sys.exit(main())

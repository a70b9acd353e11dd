"""`make test-gui`: a scripted user session in real Blender windows, on a virtual screen.

    python -m tests.support.gui [--output FOLDER]

Uses the Blender of Debian trixie and that of sid (see matrix.py; BLENDERS selects one of them), under Xvfb and without
network, with the demo video. window_first_use.py is the session of a new user, window_editing.py edits its result, and
window.py is a longer session. The screenshots are copied to out/gui, for checking by eye and for the documentation.
"""

import argparse
import os
import re
import shutil
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from scripts.fetch.demo_video import fetch_demo_video
from tar_core.errors import TarError
from tar_core.program import run_program
from tests.support.artifacts import SUPPORT, Artifacts, make_artifacts
from tests.support.clips import phone_video, synthetic_clip
from tests.support.debian_blender import DebianBlender
from tests.support.matrix import RUNTIMES, selected_runtimes
from tests.support.paths import REPOSITORY
from tests.support.steps import RuntimeUnavailable, StepFailed
from tests.support.videos import ffmpeg

SCREEN = "1280x800x24"
TALL_SCREEN = "1280x1200x24"  # shows all tools of a person
KILLED = 128 + signal.SIGKILL  # the exit code of a killed program, as a shell reports it
ORPHAN_SECONDS = 5  # an engine must end within this time after its Blender was killed
PICTURE_SCALE = 20  # by which the pictures of a video with a variable rate are reduced
_POLL_SECONDS = 0.02
# Lines of the sessions' output that are printed: window_timing.py and window_first_use.py write them.
_TIMINGS = re.compile(r"(?m)^(?:\d+ polls |\d+ steps | +[\d.]+ ms, |FIGURE |click ).*")


def main() -> int:
    parser = argparse.ArgumentParser(description="run a scripted user session in real Blender windows")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "out" / "gui", help="folder for the screenshots")
    options = parser.parse_args()
    failed = False
    try:
        runtimes = selected_runtimes(os.environ.get("BLENDERS", "")) or RUNTIMES
        # Blender as a Python module has no windows.
        blenders = [runtime for runtime in runtimes if isinstance(runtime, DebianBlender)]
        if not blenders:
            raise TarError("BLENDERS: no selected runtime has windows; choose trixie or sid")
        artifacts = make_artifacts()
    except (TarError, StepFailed) as error:
        print(f"gui: {error}", file=sys.stderr)
        return 1
    for blender in blenders:
        print(f"{blender.name}:", flush=True)
        try:
            for screenshot in run_session(blender, artifacts, options.output / blender.name):
                print(screenshot)
        except RuntimeUnavailable as error:
            print(f"warning: {error}")
        except StepFailed as error:
            print(f"gui: {blender.name}: {error}", file=sys.stderr)
            failed = True
    return int(failed)


def run_session(blender: DebianBlender, artifacts: Artifacts, output: Path) -> list[Path]:
    """Run the sessions, and return the paths of their screenshots.

    Args:
        output: folder for the screenshots, created if missing.

    Raises:
        RuntimeUnavailable: the Blender of a rolling suite cannot be installed.
        StepFailed: a session failed. Its output has been printed.
    """
    blender.set_up()
    output.mkdir(parents=True, exist_ok=True)
    videos, screenshots = Path("/videos"), Path("/screenshots")  # short paths, because the screenshots show them
    for folder in map(blender.host_path, (videos, screenshots)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    video, extension = videos / "balance.mp4", videos / artifacts.extension.name
    add_tone(artifacts.video, blender.host_path(video))
    shutil.copy(artifacts.extension, blender.host_path(extension))
    shutil.copy(fetch_demo_video(camera=3), blender.host_path(videos / "view.mp4"))
    write_phone_videos(blender.host_path(videos))
    long_motion = videos / "long.npz"
    synthetic_clip(frames=10_000, first_frame=0, people=3).save(blender.host_path(long_motion))
    variable_video = videos / "variable.mp4"
    write_variable_video(artifacts.video, blender.host_path(variable_video))
    sender = videos / "ffmpeg"
    shutil.copy(imageio_ffmpeg.get_ffmpeg_exe(), blender.host_path(sender))
    files = {
        "VIDEO": str(video),
        "VARIABLE_VIDEO": str(variable_video),
        "FFMPEG": str(sender),
        "PHONE_VIDEOS": str(videos),
        "LONG_MOTION": str(long_motion),
        "SCREENSHOTS": str(screenshots),
        "EXTENSION": str(extension),
        "PROJECT": str(videos / "project.blend"),
    }
    with blender.new_user() as user:
        printed = blender.run_window(SUPPORT / "window_first_use.py", SCREEN, user | files)
        print(*_TIMINGS.findall(printed), sep="\n")
        project = videos / "project.blend"
        printed = blender.run_window(SUPPORT / "window_editing.py", TALL_SCREEN, user | files, opened=project)
    print(*_TIMINGS.findall(printed), sep="\n")
    with blender.new_user() as user:
        blender.install(artifacts, user)
        variables = {
            **user,
            **files,
            "PYTHONPATH": str(REPOSITORY),
            "TMPDIR": user["BLENDER_USER_RESOURCES"],
        }
        ended = threading.Event()
        with ThreadPoolExecutor() as threads:
            orphan = threads.submit(orphan_seconds, blender.host_path(screenshots) / "killed.txt", ended)
            try:
                printed = blender.run_window(SUPPORT / "window.py", SCREEN, variables, exit_code=KILLED)
            finally:
                ended.set()
        print(f"FIGURE orphan_seconds={orphan.result():.1f}")
    print(*_TIMINGS.findall(printed), sep="\n")
    return [Path(shutil.copy(file, output)) for file in sorted(blender.host_path(screenshots).glob("*.png"))]


def write_phone_videos(folder: Path) -> None:
    """Write 90.mp4, 180.mp4 and 270.mp4, stored with the rotation tag of a phone that was held that way.

    Displayed upright, their quarters are red, green, blue and white.
    """
    from tar_core.video.writer import VideoWriter

    upright = np.zeros((320, 240, 3), np.uint8)
    upright[:160, :120, 0] = upright[:160, 120:, 1] = upright[160:, :120, 2] = upright[160:, 120:] = 255
    for rotation in (90, 180, 270):
        stored = np.rot90(upright, -rotation // 90)
        plain = folder / "plain.mp4"
        with VideoWriter(plain, 30.0, stored.shape[1], stored.shape[0]) as writer:
            for _ in range(12):
                writer.write(np.ascontiguousarray(stored))
        phone_video(plain, rotation, folder / f"{rotation}.mp4")
        plain.unlink()


def add_tone(video: Path, path: Path) -> None:
    """Write a video with the same images and a tone."""
    ffmpeg("-i", video, "-f", "lavfi", "-i", "sine", "-c:v", "copy", "-c:a", "aac", "-shortest", path)


def write_variable_video(video: Path, path: Path) -> None:
    """Write a video with a variable rate: the first images of a video, and then every second one.

    Beside it, in an .npy file, are small pictures [N, H, W, 3] of the frames that a capture reads.
    """
    import cv2

    from tar_core.video.reader import VideoReader

    slow = "select='lt(n,4)+not(mod(n,2))'"
    ffmpeg("-i", video, "-vf", slow, "-fps_mode", "vfr", "-an", "-c:v", "libx264", path)
    reader = VideoReader(path)
    size = reader.width // PICTURE_SCALE, reader.height // PICTURE_SCALE
    pictures = [cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA) for frame in reader.frames()]
    np.save(path.with_suffix(".npy"), np.stack(pictures))


def orphan_seconds(note: Path, ended: threading.Event) -> float:
    """Measure how long an engine runs after its Blender was killed.

    Args:
        note: a file with the process IDs of Blender and the engine, which the session writes just before it kills
            Blender.
        ended: set when the session is over and no note can appear any more.

    Raises:
        StepFailed: no note was written, or the engine does not end.
    """
    while not note.exists():
        if ended.wait(_POLL_SECONDS) and not note.exists():
            raise StepFailed("the session ended without killing Blender")
    blender, engine = map(int, note.read_text().split())
    while is_running(blender):
        time.sleep(_POLL_SECONDS)
    gone = time.monotonic()
    while is_running(engine):
        if time.monotonic() - gone > ORPHAN_SECONDS:
            raise StepFailed(f"the engine (process {engine}) is still running without Blender")
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - gone


def is_running(pid: int) -> bool:
    """Whether a process exists and has not ended. A zombie, whose parent has not read its exit code, has ended.

    A killed process keeps its files open until its last thread has freed its memory, which takes Blender seconds: it
    is running until then.
    """
    folder = Path(f"/proc/{pid}")
    try:
        state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX" or len(list((folder / "task").iterdir())) > 1
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(run_program("gui", main))

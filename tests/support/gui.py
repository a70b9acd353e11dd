"""`make test-gui`: a user's session in real windows, without a screen.

    python -m tests.support.gui [--pictures FOLDER]

Installs the extension in the Blender of Debian trixie and in that of sid (see matrix.py; BLENDERS chooses one), runs
window.py there under Xvfb with the demo video, and keeps its pictures in out/gui: to be looked at, and for the docs.
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

import numpy as np

from tar_core.errors import TarError
from tests.support.clips import phone_video, synthetic_clip
from tests.support.matrix import (
    CACHE,
    ROOT,
    DebianBlender,
    Material,
    NotToday,
    StepFailed,
    chosen_runtimes,
    make_material,
)

SCREEN = "1280x800x24"
KILLED = 128 + signal.SIGKILL  # as a shell tells it
ORPHAN_SECONDS = 5  # in which the engine of a Blender that was killed ends
_LOOK_SECONDS = 0.02  # between two looks whether they have


def main() -> int:
    parser = argparse.ArgumentParser(description="a scripted user in a real Blender window")
    parser.add_argument("--pictures", type=Path, default=ROOT / "out" / "gui", help="folder for the pictures")
    options = parser.parse_args()
    failed = False
    try:
        blenders = [runtime for runtime in chosen_runtimes(os.environ.get("BLENDERS", "")) if has_window(runtime)]
        if not blenders:
            raise TarError("BLENDERS names none that has a window; there are trixie and sid")
        CACHE.mkdir(parents=True, exist_ok=True)
        material = make_material()
    except (TarError, StepFailed) as error:
        print(f"gui: {error}", file=sys.stderr)
        return 1
    for blender in blenders:
        print(f"{blender.name}:", flush=True)
        try:
            for picture in use_window(blender, material, options.pictures / blender.name):
                print(picture)
        except NotToday as error:
            print(f"warning: {error}")
        except StepFailed as error:
            print(f"gui: {blender.name}: {error}", file=sys.stderr)
            failed = True
    return int(failed)


def has_window(runtime: object) -> bool:
    """Blender as a Python module has none."""
    return isinstance(runtime, DebianBlender)


def use_window(blender: DebianBlender, material: Material, pictures: Path) -> list[Path]:
    """Plays window.py; returns the pictures it took.

    Raises:
        NotToday: see there.
        StepFailed: the session failed; what it printed stands above.
    """
    blender.set_up()
    pictures.mkdir(parents=True, exist_ok=True)
    videos, shots = Path("/videos"), Path("/pictures")  # short names, for the pictures
    for folder in map(blender.inside, (videos, shots)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    video = videos / "balance.mp4"
    shutil.copy(material.video, blender.inside(video))
    film_with_phones(blender.inside(videos))
    long_motion = videos / "long.npz"
    synthetic_clip(frames=10_000, first_frame=0, people=3).save(blender.inside(long_motion))
    with blender.user() as user:
        blender.install(material, user)
        variables = {
            **user,
            "VIDEO": str(video),
            "PHONES": str(videos),
            "LONG_MOTION": str(long_motion),
            "PICTURES": str(shots),
            "PYTHONPATH": str(ROOT),
            "TMPDIR": user["BLENDER_USER_RESOURCES"],
        }
        ended = threading.Event()
        with ThreadPoolExecutor() as threads:
            orphan = threads.submit(orphan_seconds, blender.inside(shots) / "killed.txt", ended)
            try:
                printed = blender.window(ROOT / "tests" / "support" / "window.py", SCREEN, variables, KILLED)
            finally:
                ended.set()
        print(f"FIGURE orphan_seconds={orphan.result():.1f}")
    print(*re.findall(r"(?m)^(?:\d+ looks |\d+ steps | +[\d.]+ ms, |FIGURE ).*", printed), sep="\n")
    return [Path(shutil.copy(picture, pictures)) for picture in sorted(blender.inside(shots).glob("*.png"))]


def film_with_phones(folder: Path) -> None:
    """90.mp4, 180.mp4, 270.mp4: red, green, blue and white quarters, stored as phones do that were held so."""
    from tar_core.video.writer import VideoWriter

    upright = np.zeros((320, 240, 3), np.uint8)
    upright[:160, :120, 0] = upright[:160, 120:, 1] = upright[160:, :120, 2] = upright[160:, 120:] = 255
    for turn in (90, 180, 270):
        stored = np.rot90(upright, -turn // 90)
        plain = folder / "plain.mp4"
        with VideoWriter(plain, 30.0, stored.shape[1], stored.shape[0]) as writer:
            for _ in range(12):
                writer.write(np.ascontiguousarray(stored))
        phone_video(plain, turn, folder / f"{turn}.mp4")
        plain.unlink()


def orphan_seconds(note: Path, ended: threading.Event) -> float:
    """How long an engine went on without its Blender.

    Args:
        note: a file that holds the process numbers of the two, once that Blender is about to be killed.
        ended: there is nothing more to wait for.

    Raises:
        StepFailed: there was no note, or the engine still goes on.
    """
    while not note.exists():
        if ended.wait(_LOOK_SECONDS) and not note.exists():
            raise StepFailed("no Blender was killed")
    blender, engine = map(int, note.read_text().split())
    while runs(blender):
        time.sleep(_LOOK_SECONDS)
    gone = time.monotonic()
    while runs(engine):
        if time.monotonic() - gone > ORPHAN_SECONDS:
            raise StepFailed(f"the engine {engine} goes on without Blender")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - gone


def runs(pid: int) -> bool:
    """Whether there is such a process that has not ended; nobody need have asked yet how it did.

    A killed one goes on, its files open, until the last of its threads has given the memory back, which takes Blender
    seconds.
    """
    folder = Path(f"/proc/{pid}")
    try:
        state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX" or len(list((folder / "task").iterdir())) > 1
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())

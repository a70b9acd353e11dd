"""`make test-gui`: a user's session in real windows, without a screen.

    python -m tests.blender.gui [--pictures FOLDER]

Installs the extension in the Blender of Debian trixie and in that of sid (see matrix.py; BLENDERS chooses one), runs
window.py there under Xvfb with the demo video, and keeps its pictures in out/gui: to be looked at, and for the docs.
"""

import argparse
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from tar_core.errors import TarError
from tests.blender.matrix import (
    CACHE,
    ROOT,
    DebianBlender,
    Material,
    NotToday,
    StepFailed,
    chosen_runtimes,
    last_match,
    make_material,
)

SCREEN = "1280x800x24"
KILLED = 128 + signal.SIGKILL  # as a shell tells it
ORPHAN_SECONDS = 5  # in which the engine of a Blender that was killed ends


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
    with blender.user() as user:
        blender.install(material, user)
        variables = {
            **user,
            "VIDEO": str(video),
            "PICTURES": str(shots),
            "PYTHONPATH": str(ROOT),
            "TMPDIR": user["BLENDER_USER_RESOURCES"],
        }
        printed = blender.window(ROOT / "tests" / "blender" / "window.py", SCREEN, variables, KILLED)
        engine, killed = (blender.inside(shots) / "killed.txt").read_text().split()
        print(f"FIGURE orphan_seconds={seconds_until_end(int(engine), float(killed)):.1f}")
    print(last_match(r"\d+ looks at the engine.*(?:\s+(?:FIGURE|[\d.]+ ms, ).*)+", printed))
    return [Path(shutil.copy(picture, pictures)) for picture in sorted(blender.inside(shots).glob("*.png"))]


def seconds_until_end(pid: int, since: float) -> float:
    """How long a process went on, at most, after a time.

    Raises:
        StepFailed: it still does.
    """
    stat = Path(f"/proc/{pid}/stat")
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        if time.time() - since > ORPHAN_SECONDS:
            raise StepFailed(f"the engine {pid} goes on without Blender")
        time.sleep(0.05)
    return time.time() - since


if __name__ == "__main__":
    sys.exit(main())

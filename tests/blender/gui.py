"""`make test-gui`: a user's session in a real window, without a screen.

    python -m tests.blender.gui [--pictures FOLDER]

Installs the extension in Debian trixie's Blender (see matrix.py), runs window.py there under Xvfb with the demo video,
and keeps its pictures in out/gui: to be looked at, and for the docs.
"""

import argparse
import shutil
import sys
from pathlib import Path

from tar_core.errors import TarError
from tests.blender.matrix import CACHE, ROOT, RUNTIMES, DebianBlender, StepFailed, last_match, make_material

SCREEN = "1280x800x24"


def main() -> int:
    parser = argparse.ArgumentParser(description="a scripted user in a real Blender window")
    parser.add_argument("--pictures", type=Path, default=ROOT / "out" / "gui", help="folder for the pictures")
    options = parser.parse_args()
    try:
        for picture in use_window(options.pictures):
            print(picture)
    except (TarError, StepFailed) as error:
        print(f"gui: {error}", file=sys.stderr)
        return 1
    return 0


def use_window(pictures: Path) -> list[Path]:
    """Plays window.py; returns the pictures it took.

    Raises:
        StepFailed: the session failed; what it printed stands above.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    blender = next(runtime for runtime in RUNTIMES if isinstance(runtime, DebianBlender))
    blender.set_up()
    material = make_material()
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
        printed = blender.window(ROOT / "tests" / "blender" / "window.py", SCREEN, variables)
    print(last_match(r"\d+ looks at the engine.*(?:\s+FIGURE.*)+", printed))
    return [Path(shutil.copy(picture, pictures)) for picture in sorted(blender.inside(shots).glob("*.png"))]


if __name__ == "__main__":
    sys.exit(main())

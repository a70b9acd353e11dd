"""Export people in AMASS's format, as they are placed in the scene: z up, on the floor if the import put them there."""

from pathlib import Path

from tar_core.amass import export_amass, transformed
from tar_core.body.data import BodyData
from tar_core.camera.placement import WorldPlacement
from tar_core.motion import MotionClip

from .formats import person_files

ENDING = "amass.npz"


def save_amass(path: Path, clip: MotionClip, body: BodyData, placement: WorldPlacement) -> list[Path]:
    """Write a file for each person, e.g. `walk.amass.npz` and `walk_person2.amass.npz`; return their paths.

    Args:
        path: of the first person's file; ends in `.amass.npz`.
        clip: the motion as it was imported.
        body: the clip's body.
        placement: of the imported clip in the world.

    Raises:
        TarError: the file cannot be written.
    """
    files = person_files(path, len(clip.people))
    for file, person in reversed(list(zip(files, clip.people, strict=True))):
        export_amass(file, clip, transformed(person, body, placement.rotation, placement.translation))
    return files

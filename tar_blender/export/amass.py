"""AMASS's files of people as they stand in the scene: z up, and feet on the floor where the import put them there."""

from pathlib import Path

from tar_core.amass import export_amass, transformed
from tar_core.body.data import BodyData
from tar_core.camera.placement import WorldPlacement
from tar_core.motion import MotionClip

from .formats import person_files

ENDING = "amass.npz"


def save_amass(path: Path, clip: MotionClip, body: BodyData, placement: WorldPlacement) -> list[Path]:
    """Writes a file for each person, `walk.amass.npz`, `walk_person2.amass.npz` ...; returns which.

    Args:
        placement: of the clip's import.

    Raises:
        TarError: the file cannot be written.
    """
    files = person_files(path, len(clip.people))
    for file, person in reversed(list(zip(files, clip.people, strict=True))):
        export_amass(file, clip, transformed(person, body, placement.rotation, placement.translation))
    return files

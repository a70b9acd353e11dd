"""Export people in AMASS's format, as they are placed in the scene: z up, on the floor if the import put them there."""

from collections.abc import Sequence
from pathlib import Path

from tar_core.amass import export_amass, transformed
from tar_core.body.data import BodyData
from tar_core.body.hand_poses import AS_CAPTURED

from ..scene.build import ImportedClip
from .formats import person_files

ENDING = "amass.npz"


def save_amass(path: Path, imported: Sequence[ImportedClip], body: BodyData, hands: str = AS_CAPTURED) -> list[Path]:
    """Write a file for each person, e.g. `walk.amass.npz` and `walk_person2.amass.npz`; return their paths.

    Args:
        path: of the first person's file; ends in `.amass.npz`.
        imported: the clips as they are in the scene.
        body: the clips' body.
        hands: the option of the import.

    Raises:
        TarError: the file cannot be written.
    """
    people = [(built, person) for built in imported for person in built.clip.people]
    files = person_files(path, len(people))
    for file, (built, person) in reversed(list(zip(files, people, strict=True))):
        placed = transformed(person, body, built.placement.rotation, built.placement.translation)
        export_amass(file, built.clip, placed, body, hands)
    return files

"""The user's own bone maps, kept as JSON files in the extension's user folder."""

import json
from pathlib import Path

from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.skeleton import JOINT_NAMES

from ..engine.paths import bone_map_folder
from .bone_maps import BoneMap


def saved_maps() -> dict[str, BoneMap]:
    """The user's own bone maps by their names; files that cannot be read are passed over."""
    maps: dict[str, BoneMap] = {}
    for path in sorted(bone_map_folder().glob("*.json")):
        try:
            bones = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(bones, dict) and all(joint in JOINT_NAMES for joint in bones):
            maps[path.stem] = {joint: str(bone) for joint, bone in bones.items()}
    return maps


def save_map(name: str, bones: BoneMap) -> Path:
    """Raises TarError: the name is none for a file, or the file cannot be written."""
    plain = "".join(letter for letter in name if letter.isalnum() or letter in " -_.").strip(" .")
    if not plain:
        raise TarError("a bone map needs a name of letters and digits; type one")
    folder = bone_map_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / f"{plain}.json") as temporary:
            Path(temporary).write_text(json.dumps(bones, indent=1), encoding="utf-8")
    except OSError as error:
        raise TarError(
            f"{folder}: cannot write there ({error.strerror}); free space or mend its permissions"
        ) from error
    return folder / f"{plain}.json"

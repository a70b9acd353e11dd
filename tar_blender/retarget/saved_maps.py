"""The user's own bone maps, saved as JSON files in the add-on's user folder."""

import json
from pathlib import Path
from typing import Any

import bpy

from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.skeleton import ALL_JOINT_NAMES

from ..engine.paths import bone_map_folder
from ..util.blender_types import data_of
from .bone_maps import find_bones
from .known_rigs import BoneMap


def bones_of(character: bpy.types.Object) -> tuple[str, BoneMap]:
    """Find the map of an armature; see `find_bones`."""
    bones: Any = data_of(character, bpy.types.Armature).bones
    parents = {bone.name: bone.parent.name for bone in bones if bone.parent is not None}
    return find_bones([bone.name for bone in bones], saved_maps(), parents)


def saved_maps() -> dict[str, BoneMap]:
    """Load the user's bone maps by name; skip files that cannot be read."""
    maps: dict[str, BoneMap] = {}
    for path in sorted(bone_map_folder().glob("*.json")):
        try:
            bones = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(bones, dict) and all(joint in ALL_JOINT_NAMES for joint in bones):
            maps[path.stem] = {joint: str(bone) for joint, bone in bones.items()}
    return maps


def save_map(name: str, bones: BoneMap) -> Path:
    """Save a bone map; return the path of the file.

    Raises:
        TarError: the name contains no letters or digits, or the file cannot be written.
    """
    stem = "".join(letter for letter in name if letter.isalnum() or letter in " -_.").strip(" .")
    if not stem:
        raise TarError("the name of the bone map has no letters or digits; enter another name")
    folder = bone_map_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / f"{stem}.json") as temporary:
            Path(temporary).write_text(json.dumps(bones, indent=1), encoding="utf-8")
    except OSError as error:
        raise TarError(f"{folder}: cannot be written ({error.strerror}); check permissions and free space") from error
    return folder / f"{stem}.json"

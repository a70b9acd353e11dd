"""Retarget to a character from a file; used by the headless command."""

from pathlib import Path
from typing import Any

import bpy

from tar_core.errors import TarError

from ..scene.removal import delete_person
from ..util.blender_types import data_of, scene_of
from .retarget import BakeOptions, retarget
from .saved_maps import bones_of

CHARACTER_ENDINGS = (".blend", ".fbx", ".glb", ".gltf")


def load_character(path: Path) -> bpy.types.Object:
    """Add all objects of a file to the scene; return the armature with the most bones.

    Raises:
        TarError: there is no such file, it has another format, or it contains no armature.
    """
    if path.suffix.lower() not in CHARACTER_ENDINGS:
        raise TarError(f"{path}: not a character file; give one of {', '.join(CHARACTER_ENDINGS)}")
    if not path.is_file():
        raise TarError(f"{path}: no such character file; check the path")
    before = set(bpy.data.objects)
    render = scene_of(bpy.context).render
    frame_rate = render.fps, render.fps_base
    try:
        _load_objects(path)
    except (OSError, RuntimeError) as error:  # raised by Blender's libraries and operators
        reason = str(error).strip().splitlines()[-1].removeprefix("Error: ")
        raise TarError(f"{path}: cannot be read ({reason}); open it in Blender and save it again") from error
    finally:
        render.fps, render.fps_base = frame_rate  # the FBX importer changes it
    armatures = [obj for obj in set(bpy.data.objects) - before if obj.type == "ARMATURE"]
    if not armatures:
        raise TarError(f"{path}: contains no armature; give a rigged character")
    return max(armatures, key=lambda armature: len(data_of(armature, bpy.types.Armature).bones))


def _load_objects(path: Path) -> None:
    before = set(bpy.data.objects)
    match path.suffix.lower():
        case ".blend":
            libraries: Any = bpy.data.libraries
            with libraries.load(str(path)) as (available, wanted):
                wanted.objects = available.objects
            for obj in set(bpy.data.objects) - before:
                scene_of(bpy.context).collection.objects.link(obj)
        case ".fbx":
            bpy.ops.import_scene.fbx(filepath=str(path))
        case _:
            bpy.ops.import_scene.gltf(filepath=str(path))


def replace_person(
    person: bpy.types.Object, path: Path, options: BakeOptions | None = None
) -> tuple[bpy.types.Object, list[str]]:
    """Replace an imported person by a file's character with the same motion.

    Args:
        person: the armature of an imported person.
        path: of the file.
        options: of the bake.

    Returns:
        The character's armature, and lines about what was muted and what is off.

    Raises:
        TarError: as `load_character` and `retarget`.
    """
    character = load_character(path)
    kind, bones = bones_of(character)
    baked = retarget(person, character, bones, kind, options)
    delete_person(person)
    return character, [f"{character.name}: {message}" for message in baked.messages()]

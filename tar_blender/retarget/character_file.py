"""The user's own character out of a file, moved by an imported person: retargeting without a window."""

from pathlib import Path

import bpy

from tar_core.errors import TarError

from ..scene.metadata import delete_person
from .bone_maps import find_bones
from .retarget import retarget
from .saved_maps import saved_maps

ENDINGS = (".blend", ".fbx", ".glb", ".gltf")


def load_character(path: Path) -> bpy.types.Object:
    """Puts everything of a file into the scene; returns the armature with the most bones.

    Raises:
        TarError: no such file, another kind of file, or one that holds no armature.
    """
    if path.suffix.lower() not in ENDINGS:
        raise TarError(f"{path}: cannot read a character from it; give one of {', '.join(ENDINGS)}")
    if not path.is_file():
        raise TarError(f"{path}: no such character file; check the path")
    before = set(bpy.data.objects)
    render = bpy.context.scene.render
    rate = render.fps, render.fps_base
    try:
        match path.suffix.lower():
            case ".blend":
                with bpy.data.libraries.load(str(path)) as (there, wanted):
                    wanted.objects = there.objects
                for thing in set(bpy.data.objects) - before:
                    bpy.context.scene.collection.objects.link(thing)
            case ".fbx":
                bpy.ops.import_scene.fbx(filepath=str(path))
            case _:
                bpy.ops.import_scene.gltf(filepath=str(path))
    except (OSError, RuntimeError) as error:  # how Blender's operators and libraries fail
        reason = str(error).strip().splitlines()[-1].removeprefix("Error: ")
        raise TarError(f"{path}: cannot be read ({reason}); open it in Blender and save it anew") from error
    finally:
        render.fps, render.fps_base = rate  # the FBX importer brings the file's own
    armatures = [thing for thing in set(bpy.data.objects) - before if thing.type == "ARMATURE"]
    if not armatures:
        raise TarError(f"{path}: holds no armature; give a rigged character")
    return max(armatures, key=lambda armature: len(armature.data.bones))


def replace_person(person: bpy.types.Object, path: Path) -> bpy.types.Object:
    """The file's character moves like the person, who goes.

    Raises:
        TarError: as `load_character`, or too few of its bones are known.
    """
    character = load_character(path)
    kind, bones = find_bones([bone.name for bone in character.data.bones], saved_maps())
    retarget(person, character, bones, kind)
    delete_person(person)
    return character

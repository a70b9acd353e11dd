"""Write the scene to files, completely or not at all."""

import contextlib
import gc
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import bpy

from tar_core.errors import TarError
from tar_core.files import atomic_path

from ..editing.layer_merging import with_merged_layers
from ..retarget.skeleton_motion import RestPose, person_motion
from ..scene.frame_rate import frame_rate
from ..scene.metadata import imported_clips, is_person, people_of, person_objects
from ..util.blender_types import data_of, preferences_of, scene_of
from . import amass
from .bvh import bvh_text
from .fbx import all_shown, selected, write_fbx
from .glb import write_glb

_ROOT = "root"  # name of the armature in files with one person


def save_scene(path: Path) -> list[Path]:
    """Write the current scene in the format of the path's ending: .blend, .fbx, .glb, .usd, .usdc, .bvh or .amass.npz.

    BVH and AMASS files contain one skeleton, so each person gets a file; see `person_files`.

    Returns:
        The paths of the files.

    Raises:
        TarError: the suffix is unknown or this version of Blender cannot write the format, the folder is missing or
            not writable, or the disk is full.
    """
    check_format(path)
    if has_one_person(path):
        return _save_skeletons(path, _people())
    _write(path, path.stem, None)
    return [path]


def save_each(path: Path, armatures: Sequence[bpy.types.Object]) -> list[Path]:
    """Write a file for each armature with its children, without the camera; see `person_files`.

    Game engines read one skeleton from a file. All files have the same skeleton, named `root`, so that their animations
    are interchangeable. A .blend file always contains the whole scene.

    Returns and raises: as `save_scene`.
    """
    if path.suffix.lower() == ".blend":
        return save_scene(path)
    check_format(path)
    if has_one_person(path):
        return _save_skeletons(path, armatures)
    files = person_files(path, len(armatures))
    for file, armature in reversed(list(zip(files, armatures, strict=True))):
        with _renamed(armature, _ROOT), _renamed(data_of(armature, bpy.types.Armature), _ROOT):
            _write(file, file.stem, person_objects(armature))
    return files


def save_together(path: Path, armatures: Sequence[bpy.types.Object]) -> list[Path]:
    """Write the armatures with their children to one file, without the camera, in a format that holds several people.

    Returns and raises: as `save_scene`.
    """
    check_format(path)
    _write(path, path.stem, [obj for armature in armatures for obj in person_objects(armature)])
    return [path]


def has_one_person(path: Path) -> bool:
    """Whether a file of this name contains the skeleton of one person alone."""
    return path.name.lower().endswith((".bvh", f".{amass.ENDING}"))


def person_files(path: Path, count: int) -> list[Path]:
    """Return the paths for several people: walk.fbx, walk_person2.fbx, walk_person3.fbx ...

    Write the last one first: if the first file exists, all others do too, even after Ctrl-C.
    """
    stem, dot, suffix = path.name.partition(".amass.") if ".amass." in path.name else path.name.rpartition(".")
    return [path, *(path.with_name(f"{stem}_person{number}{dot}{suffix}") for number in range(2, count + 1))]


def check_format(path: Path) -> None:
    """Check, before a long capture, whether `save_scene` can write a file of this name.

    Raises:
        TarError: the suffix is unknown or this version of Blender cannot write the format.
    """
    if has_one_person(path):
        return
    if path.suffix.lower() not in _SUFFIXES:
        raise TarError(f"cannot write {path}: give a name that ends in {', '.join(_SUFFIXES)}")
    if not can_write(path.suffix):
        raise TarError(f"cannot write {path}: this Blender was built without USD; choose another format")


def can_write(suffix: str) -> bool:
    """Whether this Blender can write a known format. Debian builds it without USD."""
    return suffix.lower() not in (".usd", ".usdc") or "usd_export" in dir(bpy.ops.wm)


def _write(path: Path, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    """Write the scene, or only some of its objects; `name` is the name of the animation in the file."""
    output = io.StringIO()  # exporters print a traceback when they fail
    silent = contextlib.redirect_stdout(io.StringIO())  # the FBX exporter prints the temporary name
    with _no_backups(), atomic_path(path) as temporary, contextlib.redirect_stderr(output), silent:
        # The exporters append the suffix if the file that a symbolic link leads to has another one.
        exported = temporary.with_name(temporary.stem + path.suffix)
        try:
            _WRITERS[path.suffix.lower()](str(exported), name, objects)
            os.replace(exported, temporary)
        except RuntimeError as error:  # raised by Blender's operators
            _close_files_of_failures()
            raise TarError(f"cannot write {path}: {_reason(str(error))}") from error
        finally:
            Path(f"{exported}@").unlink(missing_ok=True)  # Blender's own temporary file
            if exported != temporary:
                exported.unlink(missing_ok=True)
    sys.stderr.write(output.getvalue())


def _reason(report: str) -> str:
    """Return the last line of a report by Blender or of an exporter's traceback, and what to do about it."""
    lines = [line for line in report.splitlines() if line.strip() and not line.startswith("Location:")]
    last = lines[-1].removeprefix("Error: ") if lines else "Blender gives no reason"
    if "Traceback" in report and "[Errno" not in last:
        return f"Blender's exporter failed ({last}); choose another format"
    return f"{re.sub(r'^[A-Za-z]+Error: .Errno [0-9]+. ', '', last)}; choose another place or free some space"


def _close_files_of_failures() -> None:
    """Close the file that a failed exporter left open, so that its disk space is free again.

    Python keeps the last traceback, and with it the open file.
    """
    for name in ("last_exc", "last_value", "last_traceback"):
        if hasattr(sys, name):
            setattr(sys, name, None)
    gc.collect()


@contextlib.contextmanager
def _renamed(datablock: bpy.types.ID, name: str) -> Iterator[None]:
    """Rename an object or its data; restore the name afterwards."""
    before = datablock.name
    datablock.name = name
    try:
        yield
    finally:
        datablock.name = before


@contextlib.contextmanager
def _no_backups() -> Iterator[None]:
    """Disable backups: Blender would save the empty temporary file as a .blend1 file."""
    paths = preferences_of(bpy.context).filepaths
    versions = paths.save_version
    paths.save_version = 0
    try:
        yield
    finally:
        paths.save_version = versions


def _write_blend(path: str, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, relative_remap=False, compress=True, check_existing=False)
    libraries: Any = bpy.data.libraries  # the stubs of `load` lack its result
    try:
        with libraries.load(path):
            pass
    except OSError as error:
        # Blender reports success if the disk gets full with the last buffer, in small files the only one.
        raise RuntimeError("the file is incomplete") from error


def _write_fbx(path: str, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    scene = scene_of(bpy.context)
    exported = scene.objects if objects is None else objects
    with _renamed(scene, name), with_merged_layers(scene, exported):  # the take gets the scene's name
        write_fbx(path, exported)


def _write_glb(path: str, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    scene = scene_of(bpy.context)
    with with_merged_layers(scene, scene.objects if objects is None else objects):
        write_glb(path, name, objects)


def _write_usd(path: str, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    with all_shown(), selected(objects or ()):
        bpy.ops.wm.usd_export(
            filepath=path, check_existing=False, selected_objects_only=objects is not None, export_animation=True
        )
    if not _is_complete_usd(Path(path)):  # the operator reports no error if the disk is full
        raise RuntimeError("the file is incomplete (is the disk full?)")


def _is_complete_usd(path: Path) -> bool:
    """Check whether a binary USD file contains its whole table of contents, which is written last."""
    with path.open("rb") as file:
        file.seek(16)
        contents = int.from_bytes(file.read(8), "little")
        file.seek(contents)
        sections = int.from_bytes(file.read(8), "little")
        return contents > 0 and sections > 0 and contents + 8 + 32 * sections <= path.stat().st_size


def _people() -> list[bpy.types.Object]:
    scene = scene_of(bpy.context)
    people = [person for clip in imported_clips(scene) for person in people_of(clip)]
    return people or [obj for obj in scene.objects if is_person(obj)]


def _save_skeletons(path: Path, people: Sequence[bpy.types.Object]) -> list[Path]:
    """Write a file without bodies for each person, with the motion as the scene shows it."""
    if not people:
        raise TarError(f"cannot write {path}: the scene has no imported person; import a video first")
    scene = scene_of(bpy.context)
    files = person_files(path, len(people))
    for file, person in reversed(list(zip(files, people, strict=True))):
        with with_merged_layers(scene, [person]):
            rest, motion = RestPose.of_person(person), person_motion(person)
        if path.name.lower().endswith(f".{amass.ENDING}"):
            amass.write_person(file, person, rest, motion, frame_rate(scene))
            continue
        with atomic_path(file) as temporary:
            Path(temporary).write_text(bvh_text(rest, motion, frame_rate(scene)), encoding="ascii")
    return files


_WRITERS: dict[str, Callable[[str, str, Sequence[bpy.types.Object] | None], None]] = {
    ".blend": _write_blend,
    ".fbx": _write_fbx,
    ".glb": _write_glb,
    ".usd": _write_usd,
    ".usdc": _write_usd,
}
_SUFFIXES = (*_WRITERS, ".bvh")
FORMATS = tuple(suffix.removeprefix(".") for suffix in _SUFFIXES)

"""Writing the scene to a file, whole or not at all."""

import contextlib
import gc
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import bpy

from tar_core.errors import TarError
from tar_core.files import atomic_path

from ..retarget.skeleton_motion import RestPose, person_motion
from ..scene.build import frame_rate
from ..scene.metadata import imported_clips, is_person, people_of, person_objects
from .bvh import bvh_text
from .fbx import everybody_shown, selected, write_fbx

ROOT = "root"  # what a file's only armature is called


def save_scene(path: Path) -> list[Path]:
    """Writes the open file's scene in the format that the name's ending tells: .blend, .fbx, .glb, .usd, .usdc or .bvh.

    A BVH file holds one skeleton: of several people each gets a file of their own, see `person_files`.

    Returns:
        what was written.

    Raises:
        TarError: another ending, or one that this Blender cannot write; the folder is missing or not writable, or the
            disk is full.
    """
    _check_ending(path)
    if path.suffix.lower() == ".bvh":
        return _save_bvh(path)
    _write(path, path.stem, None)
    return [path]


def save_each(path: Path, armatures: Sequence[bpy.types.Object]) -> list[Path]:
    """Writes a file for each armature with what hangs on it, without the camera; see `person_files`.

    Game engines take one skeleton from a file. In each it has the same name, `root`, so that all files fit one another.
    A .blend file holds the whole scene all the same.

    Returns, raises: as `save_scene`.
    """
    if path.suffix.lower() in (".blend", ".bvh"):
        return save_scene(path)
    _check_ending(path)
    files = person_files(path, len(armatures))
    for file, armature in reversed(list(zip(files, armatures, strict=True))):
        with _renamed(armature, ROOT), _renamed(armature.data, ROOT):
            _write(file, file.stem, person_objects(armature))
    return files


def person_files(path: Path, count: int) -> list[Path]:
    """walk.fbx, walk_person2.fbx, walk_person3.fbx ...

    Who writes them begins with the last: where the first one is, the others are too, whenever Ctrl-C was pressed.
    """
    stem, dot, ending = path.name.partition(".amass.") if ".amass." in path.name else path.name.rpartition(".")
    return [path, *(path.with_name(f"{stem}_person{number}{dot}{ending}") for number in range(2, count + 1))]


def _write(path: Path, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    """Writes the scene, or only some of its objects; `name` is what the motion is called in the file."""
    said = io.StringIO()  # exporters print their traceback before they fail
    with _no_backups(), atomic_path(path) as temporary, contextlib.redirect_stderr(said):
        try:
            _WRITERS[path.suffix.lower()](str(temporary), name, objects)
        except RuntimeError as error:  # how Blender's operators fail
            _close_files_of_failures()
            raise TarError(f"cannot write {path}: {_reason(str(error))}") from error
        finally:
            Path(f"{temporary}@").unlink(missing_ok=True)  # Blender's own half-written file
    sys.stderr.write(said.getvalue())


def _reason(report: str) -> str:
    """The last line of what Blender or an exporter's traceback says, and what to do."""
    lines = [line for line in report.splitlines() if line.strip() and not line.startswith("Location:")]
    last = lines[-1].removeprefix("Error: ") if lines else "Blender does not say why"
    if "Traceback" in report and "[Errno" not in last:
        return f"Blender's exporter failed ({last}); choose another format"
    return f"{re.sub(r'^[A-Za-z]+Error: .Errno [0-9]+. ', '', last)}; choose another place or free some space"


def _close_files_of_failures() -> None:
    """Python keeps the last traceback, with it the exporter's open file, and so the room that it takes on the disk."""
    for name in ("last_exc", "last_value", "last_traceback"):
        if hasattr(sys, name):
            setattr(sys, name, None)
    gc.collect()


@contextlib.contextmanager
def _renamed(thing: bpy.types.ID, name: str) -> Iterator[None]:
    before = thing.name
    thing.name = name
    try:
        yield
    finally:
        thing.name = before


def check_output(path: Path) -> None:
    """Finds out before a long capture what `save_scene` would say after it.

    Raises:
        TarError: as `save_scene`.
    """
    _check_ending(path)
    check_place(path)


def check_place(path: Path) -> None:
    """Finds out whether a file of any kind can be written there.

    Raises:
        TarError: it cannot.
    """
    with contextlib.suppress(_Trial), atomic_path(path):
        raise _Trial


class _Trial(Exception):
    """Makes atomic_path throw the file away."""


def _check_ending(path: Path) -> None:
    if path.suffix.lower() not in _ENDINGS:
        raise TarError(f"cannot write {path}: give it a name that ends in {', '.join(_ENDINGS)}")
    if path.suffix.lower() in (".usd", ".usdc") and "usd_export" not in dir(bpy.ops.wm):  # Debian's builds come without
        raise TarError(f"cannot write {path}: this Blender was built without USD; choose another format")


@contextlib.contextmanager
def _no_backups() -> Iterator[None]:
    """Blender would keep the empty temporary file as a .blend1."""
    paths = bpy.context.preferences.filepaths
    versions = paths.save_version
    paths.save_version = 0
    try:
        yield
    finally:
        paths.save_version = versions


def _write_blend(path: str, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, relative_remap=False, compress=True, check_existing=False)


def _write_fbx(path: str, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    with _renamed(bpy.context.scene, name):  # the take is called as the scene
        write_fbx(path, bpy.context.scene.objects if objects is None else objects)


def _write_glb(path: str, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    # Everybody's motion as one animation: most programs play one at a time.
    with everybody_shown(), selected(objects or ()):
        bpy.ops.export_scene.gltf(
            filepath=path,
            check_existing=False,
            export_format="GLB",
            use_selection=objects is not None,
            export_cameras=True,
            export_animation_mode="ACTIVE_ACTIONS",
            export_nla_strips_merged_animation_name=name,
            export_anim_single_armature=False,  # older exporters would add everybody's actions to a single armature
        )


def _write_usd(path: str, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    with everybody_shown(), selected(objects or ()):
        bpy.ops.wm.usd_export(
            filepath=path, check_existing=False, selected_objects_only=objects is not None, export_animation=True
        )
    if not _is_whole_crate(Path(path)):  # it does not fail on a full disk
        raise RuntimeError("it could not be written to its end (is the disk full?)")


def _is_whole_crate(path: Path) -> bool:
    """Whether a USD file in its binary form reaches to the end of its table of contents, the last thing written."""
    with path.open("rb") as file:
        file.seek(16)
        contents = int.from_bytes(file.read(8), "little")
        file.seek(contents)
        sections = int.from_bytes(file.read(8), "little")
        return contents > 0 and sections > 0 and contents + 8 + 32 * sections <= path.stat().st_size


def _save_bvh(path: Path) -> list[Path]:
    people = [person for clip in imported_clips(bpy.context.scene) for person in people_of(clip)]
    people = people or [thing for thing in bpy.context.scene.objects if is_person(thing)]
    if not people:
        raise TarError(f"cannot write {path}: there is no imported person in the scene")
    files = person_files(path, len(people))
    for file, person in reversed(list(zip(files, people, strict=True))):
        rest = RestPose.of_person(person)
        text = bvh_text(rest, person_motion(person), frame_rate(bpy.context.scene))
        with atomic_path(file) as temporary:
            Path(temporary).write_text(text, encoding="ascii")
    return files


_WRITERS: dict[str, Callable[[str, str, Sequence[bpy.types.Object] | None], None]] = {
    ".blend": _write_blend,
    ".fbx": _write_fbx,
    ".glb": _write_glb,
    ".usd": _write_usd,
    ".usdc": _write_usd,
}
_ENDINGS = (*_WRITERS, ".bvh")
FORMATS = tuple(ending.removeprefix(".") for ending in _ENDINGS)

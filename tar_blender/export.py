"""Writing the scene to a file, whole or not at all."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy

from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.skeleton import JOINT_NAMES

from .bvh_export import bvh_text
from .import_motion import frame_rate
from .keyframes import visibility_curves
from .people import imported_clips, is_person, people_of
from .retarget import Rest, person_motion


def save_scene(path: Path) -> None:
    """Writes the open file's scene in the format that the name's ending tells: .blend, .fbx, .glb, .usd, .usdc or .bvh.

    A BVH file holds one skeleton: of several people each gets a file of their own, `walk.bvh`, `walk_2.bvh` ...

    Raises:
        TarError: another ending, or one that this Blender cannot write; the folder is missing or not writable, or the
            disk is full.
    """
    _check_ending(path)
    if path.suffix.lower() == ".bvh":
        _save_bvh(path)
        return
    with _no_backups(), atomic_path(path) as temporary:
        try:
            _WRITERS[path.suffix.lower()](str(temporary))
        except RuntimeError as error:  # how Blender's operators fail
            reason = str(error).strip().splitlines()[-1].removeprefix("Error: ")
            raise TarError(f"cannot write {path}: {reason}; choose another place or free some space") from error
        finally:
            Path(f"{temporary}@").unlink(missing_ok=True)  # Blender's own half-written file


def check_output(path: Path) -> None:
    """Finds out before a long capture what `save_scene` would say after it.

    Raises:
        TarError: as `save_scene`.
    """
    _check_ending(path)
    with contextlib.suppress(_Trial), atomic_path(path):
        raise _Trial


class _Trial(Exception):
    """Makes atomic_path throw the file away."""


def _check_ending(path: Path) -> None:
    if path.suffix.lower() not in _ENDINGS:
        raise TarError(f"cannot write {path}: give it a name that ends in {', '.join(_ENDINGS)}")


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


def _write_blend(path: str) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, relative_remap=False, compress=True, check_existing=False)


def _write_fbx(path: str) -> None:
    # Everybody's motion together as one take, every key kept.
    with _everybody_shown():
        bpy.ops.export_scene.fbx(
            filepath=path,
            check_existing=False,
            add_leaf_bones=False,
            bake_anim_use_all_actions=False,
            bake_anim_use_nla_strips=False,
            bake_anim_simplify_factor=0.0,
        )


@contextlib.contextmanager
def _everybody_shown() -> Iterator[None]:
    """FBX keeps no keys of visibility: whoever is hidden at the moment would stay so for good."""
    scene = bpy.context.scene
    curves = {thing: visibility_curves(thing) for thing in scene.objects}
    muted = [curve for several in curves.values() for curve in several if not curve.mute]
    try:
        for curve in muted:
            curve.mute = True
        for thing in filter(curves.get, curves):
            thing.hide_viewport = thing.hide_render = False
        yield
    finally:
        for curve in muted:
            curve.mute = False
        scene.frame_set(scene.frame_current)


def _write_glb(path: str) -> None:
    bpy.ops.export_scene.gltf(filepath=path, check_existing=False, export_format="GLB")


def _write_usd(path: str) -> None:
    try:
        bpy.ops.wm.usd_export(filepath=path, check_existing=False, export_animation=True)
    except AttributeError:  # Debian's builds come without
        raise RuntimeError("this Blender was built without USD") from None


def _save_bvh(path: Path) -> None:
    people = [person for clip in imported_clips(bpy.context.scene) for person in people_of(clip)]
    people = people or [thing for thing in bpy.context.scene.objects if is_person(thing)]
    if not people:
        raise TarError(f"cannot write {path}: there is no imported person in the scene")
    for number, person in enumerate(people, 1):
        rest = Rest.of(person, {name: name for name in JOINT_NAMES})
        text = bvh_text(rest, person_motion(person), frame_rate(bpy.context.scene))
        own = path if number == 1 else path.with_stem(f"{path.stem}_{number}")
        with atomic_path(own) as temporary:
            Path(temporary).write_text(text, encoding="ascii")


_WRITERS: dict[str, Callable[[str], None]] = {
    ".blend": _write_blend,
    ".fbx": _write_fbx,
    ".glb": _write_glb,
    ".usd": _write_usd,
    ".usdc": _write_usd,
}
_ENDINGS = (*_WRITERS, ".bvh")
FORMATS = tuple(ending.removeprefix(".") for ending in _ENDINGS)

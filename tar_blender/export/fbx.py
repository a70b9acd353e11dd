"""FBX as game engines and other programs want it: in centimeters, with nobody scaled.

FBX counts in centimeters. Blender's exporter leaves bones in meters and scales each character's object by 100 instead;
Unreal, Unity and Maya then show a skeleton whose root is scaled.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ..scene.fcurves import curves_of
from ..scene.keyframes import visibility_curves
from ..scene.metadata import is_person

_CENTIMETERS = 100.0


def write_fbx(path: str, objects: Iterable[bpy.types.Object]) -> None:
    """Writes some of the scene's objects; everybody's motion is together one take, every key kept."""
    chosen = list(objects)
    # Other people's rigs may have anything that does not survive scaling: those are exported as Blender does it.
    own = all(_is_simple(thing) for thing in chosen)
    with everybody_shown(), _in_centimeters(chosen) if own else contextlib.nullcontext(), selected(chosen):
        bpy.ops.export_scene.fbx(
            filepath=path,
            check_existing=False,
            use_selection=True,
            global_scale=1 / _CENTIMETERS if own else 1.0,
            mesh_smooth_type="FACE",  # Unreal asks for smoothing groups
            add_leaf_bones=False,
            bake_anim_use_all_actions=False,
            bake_anim_use_nla_strips=False,
            bake_anim_simplify_factor=0.0,
        )


@contextlib.contextmanager
def selected(objects: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Only these objects are selected meanwhile."""
    layer = bpy.context.view_layer
    layer.update()  # what was removed a moment ago is in the list as None
    before, active = [thing for thing in layer.objects if thing.select_get()], layer.objects.active
    try:
        for thing in layer.objects:
            thing.select_set(False)
        for thing in objects:
            thing.select_set(True)
        yield
    finally:
        for thing in layer.objects:
            thing.select_set(thing in before)
        layer.objects.active = active


@contextlib.contextmanager
def everybody_shown() -> Iterator[None]:
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


def _is_simple(thing: bpy.types.Object) -> bool:
    """Whether an object is of those that an import makes."""
    if thing.type == "MESH":
        return thing.parent is not None and is_person(thing.parent)
    return thing.type in ("CAMERA", "EMPTY") or is_person(thing)


@contextlib.contextmanager
def _in_centimeters(objects: Iterable[bpy.types.Object]) -> Iterator[None]:
    """All lengths are a hundred times as large meanwhile, with no object scaled; afterwards each is what it was."""
    data = {thing: thing.data for thing in objects if thing.data is not None}
    places = {thing: thing.location.copy() for thing in objects}
    curves = [curve for thing in objects for curve in curves_of(thing) if curve.data_path.endswith("location")]
    keys = [(curve, _keys(curve)) for curve in curves]
    try:
        for thing, own in data.items():
            thing.data = _larger(own)
        for thing, place in places.items():
            thing.location = _CENTIMETERS * place
        for curve, values in keys:
            _set_keys(curve, {name: points * [1.0, _CENTIMETERS] for name, points in values.items()})
        yield
    finally:
        for curve, values in keys:
            _set_keys(curve, values)
        for thing, place in places.items():
            thing.location = place
        copies = [thing.data for thing, own in data.items() if thing.data != own]
        for thing, own in data.items():
            thing.data = own
        bpy.data.batch_remove(copies)


def _larger(data: Any) -> Any:
    """A copy of an object's data."""
    copy = data.copy()
    if isinstance(copy, bpy.types.Camera):
        copy.clip_start *= _CENTIMETERS
        copy.clip_end *= _CENTIMETERS
    else:
        copy.transform(Matrix.Scale(_CENTIMETERS, 4))
    return copy


def _keys(curve: bpy.types.FCurve) -> dict[str, np.ndarray]:
    """A curve's points and handles, each [N, 2]: frames and values."""
    keys = {}
    for name in ("co", "handle_left", "handle_right"):
        flat = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get(name, flat)
        keys[name] = flat.reshape(-1, 2)
    return keys


def _set_keys(curve: bpy.types.FCurve, keys: dict[str, np.ndarray]) -> None:
    for name, values in keys.items():
        curve.keyframe_points.foreach_set(name, values.astype(np.float32).ravel())
    curve.update()  # else older Blenders go on showing what was

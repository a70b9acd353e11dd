"""Export FBX files in centimeters, without scaled objects, as game engines and other programs expect.

The unit of FBX is the centimeter. Blender's exporter keeps the bones in meters and scales each armature object by 100
instead, so Unreal, Unity and Maya show a skeleton with a scaled root.
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
from ..util.blender_types import scene_of, view_layer_of

_CENTIMETERS = 100.0


def write_fbx(path: str, objects: Iterable[bpy.types.Object]) -> None:
    """Write objects of the scene; the motion of all people is one take, with every key."""
    exported = list(objects)
    # Other rigs may have features that scaling breaks, so they are exported as Blender does it.
    own = all(_is_imported(obj) for obj in exported)
    with all_shown(), _in_centimeters(exported) if own else contextlib.nullcontext(), selected(exported):
        bpy.ops.export_scene.fbx(
            filepath=path,
            check_existing=False,
            use_selection=True,
            global_scale=1 / _CENTIMETERS if own else 1.0,
            mesh_smooth_type="FACE",  # Unreal needs smoothing groups
            add_leaf_bones=False,
            use_armature_deform_only=own,  # without IK controls
            bake_anim_use_all_actions=False,
            bake_anim_use_nla_strips=False,
            bake_anim_simplify_factor=0.0,
        )


@contextlib.contextmanager
def selected(objects: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Select only these objects; restore the selection afterwards."""
    layer = view_layer_of(bpy.context)
    layer.update()  # otherwise objects that were just removed are in the list as None
    before, active = [obj for obj in layer.objects if obj.select_get()], layer.objects.active
    try:
        for obj in layer.objects:
            obj.select_set(False)
        for obj in objects:
            obj.select_set(True)
        yield
    finally:
        for obj in layer.objects:
            obj.select_set(obj in before)
        layer.objects.active = active


@contextlib.contextmanager
def all_shown() -> Iterator[None]:
    """Show all objects; restore the visibility afterwards.

    FBX files have no keys of the visibility, so objects hidden on the current frame would be hidden on all frames.
    """
    scene = scene_of(bpy.context)
    curves = {obj: visibility_curves(obj) for obj in scene.objects}
    muted = [curve for group in curves.values() for curve in group if not curve.mute]
    try:
        for curve in muted:
            curve.mute = True
        for obj in filter(curves.get, curves):
            obj.hide_viewport = obj.hide_render = False
        yield
    finally:
        for curve in muted:
            curve.mute = False
        scene.frame_set(scene.frame_current)


def _is_imported(obj: bpy.types.Object) -> bool:
    """Check whether an object may come from an import: people, their bodies, cameras and empties."""
    if obj.type == "MESH":
        return obj.parent is not None and is_person(obj.parent)
    return obj.type in ("CAMERA", "EMPTY") or is_person(obj)


@contextlib.contextmanager
def _in_centimeters(objects: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Multiply all lengths by 100 without scaling objects; restore everything afterwards."""
    data = {obj: obj.data for obj in objects if obj.data is not None}
    locations = {obj: (obj.location.copy(), obj.delta_location.copy()) for obj in objects}
    curves = [curve for obj in objects for curve in curves_of(obj) if curve.data_path.endswith("location")]
    keys = [(curve, _keys(curve)) for curve in curves]
    try:
        for obj, own in data.items():
            obj.data = _enlarged(own)
        for obj, (location, delta) in locations.items():
            obj.location, obj.delta_location = _CENTIMETERS * location, _CENTIMETERS * delta
        for curve, values in keys:
            _set_keys(curve, {name: points * [1.0, _CENTIMETERS] for name, points in values.items()})
        yield
    finally:
        for curve, values in keys:
            _set_keys(curve, values)
        for obj, (location, delta) in locations.items():
            obj.location, obj.delta_location = location, delta
        copies: list[Any] = [obj.data for obj, own in data.items() if obj.data != own]
        for obj, own in data.items():
            obj.data = own
        bpy.data.batch_remove(copies)


def _enlarged(data: Any) -> Any:
    """Return a copy of an object's data with all lengths multiplied by 100."""
    copy = data.copy()
    if isinstance(copy, bpy.types.Camera):
        copy.clip_start *= _CENTIMETERS
        copy.clip_end *= _CENTIMETERS
    else:
        copy.transform(Matrix.Scale(_CENTIMETERS, 4))
    return copy


def _keys(curve: bpy.types.FCurve) -> dict[str, np.ndarray]:
    """Return a curve's points and handles by attribute, each [N, 2]: frames and values."""
    keys = {}
    for name in ("co", "handle_left", "handle_right"):
        flat = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get(name, flat)
        keys[name] = flat.reshape(-1, 2)
    return keys


def _set_keys(curve: bpy.types.FCurve, keys: dict[str, np.ndarray]) -> None:
    for name, values in keys.items():
        curve.keyframe_points.foreach_set(name, values.astype(np.float32).ravel())
    curve.update()  # otherwise older versions of Blender keep showing the old curve

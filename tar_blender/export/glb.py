"""Export to glTF, with the frames of the motion only and exact times at any frame rate.

Blender's exporter divides frames by fps * fps_base, though the frame rate is fps / fps_base. So it exports with a base
of 1, and the times in the file are scaled afterwards.
"""

import contextlib
import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..scene.fcurves import curves_of
from ..scene.keyframes import VISIBILITY
from ..scene.metadata import is_person
from ..util.blender_types import scene_of
from .fbx import all_shown, selected

_HEADER, _CHUNK = struct.Struct("<4sII"), struct.Struct("<I4s")
_FLOAT = 5126  # glTF's component type of times


def write_glb(path: str, name: str, objects: Sequence[bpy.types.Object] | None) -> None:
    """Write the scene, or only some of its objects, as one animation.

    Args:
        path: the .glb file to write.
        name: of the animation.
        objects: None for all.

    Raises:
        RuntimeError: Blender's exporter has failed.
    """
    scene = scene_of(bpy.context)
    base = scene.render.fps_base
    exported = scene.objects if objects is None else objects
    # The motion of all people is one animation, because most programs play one animation at a time.
    with all_shown(), selected(objects or ()), _motion_only(scene.objects), _whole_frame_rate(scene):
        bpy.ops.export_scene.gltf(
            filepath=path,
            check_existing=False,
            export_format="GLB",
            use_selection=objects is not None,
            export_cameras=True,
            export_def_bones=all(is_person(obj) for obj in exported if obj.type == "ARMATURE"),  # without IK controls
            export_animation_mode="ACTIVE_ACTIONS",
            export_nla_strips_merged_animation_name=name,
            export_anim_single_armature=False,  # older exporters would add the actions of all people to one armature
        )
    if base != 1:
        file = Path(path)
        file.write_bytes(with_times_scaled(file.read_bytes(), base))


def with_times_scaled(glb: bytes, factor: float) -> bytes:
    """The content of a .glb file with all times of its animations multiplied by a factor."""
    document, data = _chunks(glb)
    samplers = [sampler for animation in document.get("animations", ()) for sampler in animation["samplers"]]
    for index in sorted({sampler["input"] for sampler in samplers}):
        accessor = document["accessors"][index]
        assert accessor["componentType"] == _FLOAT, "times are floats, as glTF demands"
        view = document["bufferViews"][accessor["bufferView"]]
        offset = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        times = np.frombuffer(data, "<f4", accessor["count"], offset)
        times[:] = times.astype(np.float64) * factor
        accessor["min"], accessor["max"] = [float(times.min())], [float(times.max())]
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    parts = [_CHUNK.pack(len(text), b"JSON"), text, _CHUNK.pack(len(data), b"BIN\0"), bytes(data)]
    return b"".join([_HEADER.pack(b"glTF", 2, _HEADER.size + sum(map(len, parts))), *parts])


def _chunks(glb: bytes) -> tuple[dict[str, Any], bytearray]:
    """The JSON document and the binary data of a .glb file."""
    length, _ = _CHUNK.unpack_from(glb, _HEADER.size)
    start = _HEADER.size + _CHUNK.size
    return json.loads(glb[start : start + length]), bytearray(glb[start + length + _CHUNK.size :])


@contextlib.contextmanager
def _whole_frame_rate(scene: bpy.types.Scene) -> Iterator[None]:
    """Set the base of the frame rate to 1; restore it afterwards."""
    base = scene.render.fps_base
    scene.render.fps_base = 1.0
    try:
        yield
    finally:
        scene.render.fps_base = base


@contextlib.contextmanager
def _motion_only(objects: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Limit actions to the frames of their motion. In files of older versions, keys that hide people lie outside."""
    ranges: dict[bpy.types.Action, tuple[float, float]] = {}
    for obj in objects:
        curves = list(curves_of(obj))
        moving: list[Any] = [curve.range() for curve in curves if curve.data_path not in VISIBILITY]
        action = obj.animation_data.action if curves and obj.animation_data else None
        if action is not None and moving and len(moving) < len(curves) and not action.use_frame_range:
            ranges[action] = min(first for first, _ in moving), max(last for _, last in moving)
    before = {action: (action.frame_start, action.frame_end) for action in ranges}
    try:
        for action, (first, last) in ranges.items():
            action.use_frame_range, action.frame_start, action.frame_end = True, first, last
        yield
    finally:
        for action, (first, last) in before.items():
            action.use_frame_range, action.frame_start, action.frame_end = False, first, last

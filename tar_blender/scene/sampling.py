"""The values of animated properties as Blender evaluates them, with all tracks of the NLA editor."""

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np

from .posed import shown


def sample(
    scene: bpy.types.Scene, obj: bpy.types.Object, paths: Iterable[str], frames: np.ndarray
) -> dict[str, np.ndarray]:
    """Evaluate properties of an object, by their data paths, on frames [N]: [N, C] each."""
    values: dict[str, list[Any]] = {path: [] for path in paths}
    current = scene.frame_current
    with shown(obj):
        for frame in frames.tolist():
            scene.frame_set(frame)
            for path, found in values.items():
                value: Any = obj.path_resolve(path)
                found.append(tuple(value) if hasattr(value, "__len__") else (value,))
    scene.frame_set(current)
    return {path: np.array(found, float) for path, found in values.items()}

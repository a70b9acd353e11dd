"""Key reduction: every frame stays within the tolerance when Blender evaluates the curves."""

import bpy
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_blender.scene.build import import_clip
from tar_blender.scene.fcurves import curves_of, new_action, write_curves
from tar_blender.scene.key_reduction import Tolerance, choose_keys, degrees_apart, reduce_keys
from tar_core.motion import MotionClip
from tests.support.import_options import raw_options


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.norm(a - b, axis=1)


def values_at(obj: bpy.types.Object, path: str, frames: np.ndarray) -> np.ndarray:
    """Evaluate an object's curves with Blender, [N, C]."""
    curves = sorted((curve for curve in curves_of(obj) if curve.data_path == path), key=lambda c: c.array_index)
    return np.array([[curve.evaluate(float(frame)) for curve in curves] for frame in frames])


@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(0.5, 4.0))
def test_every_frame_is_within_the_tolerance(seed: int, tolerance: float) -> None:
    random = np.random.default_rng(seed)
    time = np.arange(120)
    values = np.stack([np.sin(time / random.uniform(4, 20)) * random.uniform(1, 30) for _ in range(3)], 1)
    values += 0.05 * random.normal(size=values.shape)
    keys = choose_keys(values, distances, tolerance)
    obj = bpy.data.objects.new("Empty", None)
    _, channels = new_action(obj, "motion")
    write_curves(channels, "place", "location", 1 + time, values)
    before, after = reduce_keys(obj, Tolerance(meters=tolerance))
    assert (before, after) == (360, 3 * len(keys))
    assert distances(values_at(obj, "location", 1 + time), values).max() < tolerance * 1.001 + 1e-3
    bpy.data.objects.remove(obj)


def test_cubic_needs_few_keys() -> None:
    time = np.linspace(-1, 1, 101)[:, None]
    assert len(choose_keys(time**3 - time, distances, 0.02)) <= 5


def test_person_keeps_the_motion_with_fewer_keys(clip: MotionClip) -> None:
    (person,) = import_clip(clip, bpy.context, raw_options()).people
    frames = 1 + clip.people[0].frames
    paths = {curve.data_path for curve in curves_of(person.armature)}
    rotations = sorted(path for path in paths if path.endswith("rotation_quaternion"))
    true = {path: values_at(person.armature, path, frames) for path in rotations}
    before, after = reduce_keys(person.armature, Tolerance(degrees=2.0, meters=0.01))
    assert after < 0.6 * before
    for path in rotations:
        assert degrees_apart(values_at(person.armature, path, frames), true[path]).max() < 2.01

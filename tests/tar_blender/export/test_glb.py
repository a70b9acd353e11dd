"""Times in glTF files."""

import json
import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tar_blender.export.formats import save_scene
from tar_blender.scene.build import import_clip
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.face_names import FACE_KEY_NAMES
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options

FIRST, FRAMES, PEOPLE = 3, 40, 2


def samplers_of(path: Path) -> list[tuple[str, np.ndarray]]:
    """For each channel of the animations: the path that it animates and its times, which agree with their range."""
    content = path.read_bytes()
    assert struct.unpack_from("<4sII", content) == (b"glTF", 2, len(content))
    (length,) = struct.unpack_from("<I", content, 12)
    document: dict[str, Any] = json.loads(content[20 : 20 + length])
    channels = []
    for animation in document["animations"]:
        for channel in animation["channels"]:
            accessor = document["accessors"][animation["samplers"][channel["sampler"]]["input"]]
            view = document["bufferViews"][accessor["bufferView"]]
            start = 20 + length + 8 + view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
            times = np.frombuffer(content, "<f4", accessor["count"], start)
            assert np.float32([*accessor["min"], *accessor["max"]]).tolist() == times[[0, -1]].tolist()
            assert (np.diff(times) > 0).all()
            channels.append((channel["target"]["path"], times))
    return channels


@pytest.mark.parametrize(
    "fps", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25, 2), Fraction(30)], ids=float
)
def test_times_are_those_of_the_video(fps: Fraction, tmp_path: Path) -> None:
    """Also of the second person, who enters later, and of the camera. The keys that hide people are not exported."""
    clip = synthetic_clip(people=PEOPLE, fps=float(fps), frames=FRAMES, first_frame=FIRST)
    turns = CameraTrajectory(FIRST, np.linspace([0, 0, 0], [0, 0.2, 0], FRAMES))
    imported = import_clip(
        replace(clip, camera_trajectory=turns),
        bpy.context,
        raw_options(figure="armature", show_video=False, start_frame=1),
    )
    actions = [person.action for person in imported.people]
    rate = bpy.context.scene.render.fps, bpy.context.scene.render.fps_base
    save_scene(tmp_path / "out.glb")
    channels = samplers_of(tmp_path / "out.glb")
    starts = [(1 + int(person.frames[0])) / float(fps) for person in clip.people]
    ends = [(1 + int(person.frames[-1])) / float(fps) for person in clip.people]
    for first, last in ((times[0], times[-1]) for _, times in channels):
        assert min(abs(first - start) for start in starts) < 1e-3 and min(abs(last - end) for end in ends) < 1e-3
    rotations = [times for path, times in channels if path == "rotation"]
    moving = [times for times in rotations if len(times) > 2]  # the fingers are constant
    assert len(rotations) == 52 * PEOPLE + 1
    assert len(moving) == 22 * PEOPLE + 1 and {len(times) for times in moving} == {FRAMES}
    for times in moving:
        np.testing.assert_allclose(np.diff(times), 1 / float(fps), atol=1e-5)
    assert (bpy.context.scene.render.fps, bpy.context.scene.render.fps_base) == rate
    assert not any(action.use_frame_range for action in actions)


@pytest.mark.slow
def test_the_faces_shape_keys_are_morph_targets(tmp_path: Path) -> None:
    imported = import_clip(
        synthetic_clip(people=1, frames=3), bpy.context, raw_options(face_keys=True, show_video=False)
    )
    imported.people[0].body.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    save_scene(tmp_path / "out.glb")
    content = (tmp_path / "out.glb").read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    (mesh,) = json.loads(content[20 : 20 + length])["meshes"]
    assert tuple(mesh["extras"]["targetNames"]) == FACE_KEY_NAMES
    assert mesh["weights"][FACE_KEY_NAMES.index("jawOpen")] == 0.5 and sum(mesh["weights"]) == 0.5


def test_captured_faces_are_animated_morph_targets(tmp_path: Path) -> None:
    clip = synthetic_clip(people=1, frames=3)
    values = np.zeros((3, len(FACE_KEY_NAMES)))
    values[:, FACE_KEY_NAMES.index("jawOpen")] = [0, 0.5, 1]
    clip.people = [replace(clip.people[0], face_values=values, face_confidence=np.ones(3))]
    import_clip(clip, bpy.context, raw_options(show_video=False))
    save_scene(tmp_path / "out.glb")
    content = (tmp_path / "out.glb").read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    document = json.loads(content[20 : 20 + length])
    (mesh,) = document["meshes"]
    assert tuple(mesh["extras"]["targetNames"]) == FACE_KEY_NAMES
    (animation,) = document["animations"]
    (channel,) = [found for found in animation["channels"] if found["target"]["path"] == "weights"]
    accessor = document["accessors"][animation["samplers"][channel["sampler"]]["output"]]
    start = 28 + length + document["bufferViews"][accessor["bufferView"]].get("byteOffset", 0)
    weights = np.frombuffer(content, "<f4", accessor["count"], start).reshape(3, -1)
    np.testing.assert_allclose(weights, values, atol=1e-6)

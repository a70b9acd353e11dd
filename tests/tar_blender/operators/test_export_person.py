"""The operator Export Person: the file has the edited motion, with the travel in the root if it was put there."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.export.formats import save_scene
from tar_blender.scene.fcurves import curves_of
from tests.support.characters import SMPL_BONES, heads_of

FRAMES = (5, 30, 60)


@pytest.fixture
def person(addon: None, motion_file: Path) -> bpy.types.Object:
    bpy.context.scene.tar_settings.figure = "armature"
    bpy.ops.tar.import_motion_file(filepath=str(motion_file))
    armature = bpy.data.objects["Person 1"]
    bpy.context.view_layer.objects.active = armature
    bpy.ops.tar.bake_frame_rate(keyed_fps=30000 / 1001, fps=30)
    return armature


def read_armature(path: Path, name: str = "") -> bpy.types.Object:
    """Import a file; return its armature, or the one whose name begins so."""
    present = set(bpy.data.objects)
    match path.suffix:
        case ".bvh":
            bpy.ops.import_anim.bvh(filepath=str(path), global_scale=0.01)
        case ".fbx":
            bpy.ops.import_scene.fbx(filepath=str(path))
        case ".glb":
            bpy.ops.import_scene.gltf(filepath=str(path))
    (read,) = (obj for obj in set(bpy.data.objects) - present if obj.type == "ARMATURE" and obj.name.startswith(name))
    return read


@pytest.mark.parametrize("suffix", [".fbx", ".glb"])
def test_root_of_the_file_carries_the_travel(person: bpy.types.Object, tmp_path: Path, suffix: str) -> None:
    bpy.ops.tar.move_travel(place="object")
    first = round(min(curve.range()[0] for curve in curves_of(person)))
    shown, places = {}, {}
    for frame in FRAMES:
        shown[frame] = heads_of(person, SMPL_BONES, frame)
        places[frame] = np.array(person.matrix_world.translation)
    assert bpy.ops.tar.export_person(filepath=str(tmp_path / "walk"), format=suffix) == {"FINISHED"}
    assert person.name == "Person 1" and bpy.data.objects["Person 1"].animation_data.action is not None
    read = read_armature(tmp_path / f"walk{suffix}")
    assert read.name == "root"
    shift = round(min(curve.range()[0] for curve in curves_of(read))) - first
    for frame in FRAMES:
        for joint, position in heads_of(read, SMPL_BONES, frame + shift).items():
            np.testing.assert_allclose(position, shown[frame][joint], atol=2e-3)
        np.testing.assert_allclose(np.array(read.matrix_world.translation), places[frame], atol=2e-3)


@pytest.mark.parametrize(("suffix", "whole_scene"), [(".fbx", False), (".bvh", False), (".glb", True)])
def test_layers_are_exported_as_they_are_seen(
    person: bpy.types.Object, tmp_path: Path, suffix: str, whole_scene: bool
) -> None:
    first = round(min(curve.range()[0] for curve in curves_of(person)))
    before = heads_of(person, SMPL_BONES, 30)
    bpy.ops.tar.add_layer()
    animation, bone = person.animation_data, person.pose.bones["left_shoulder"]
    for angle, frame in ((0.0, 10), (1.0, 30), (0.0, 50)):
        bone.rotation_quaternion = (np.cos(angle / 2), 0, 0, np.sin(angle / 2))
        bone.keyframe_insert("rotation_quaternion", frame=frame)
    layer, tracks = animation.action, len(animation.nla_tracks)
    actions = sorted(bpy.data.actions.keys())
    shown = {frame: heads_of(person, SMPL_BONES, frame) for frame in FRAMES}
    assert np.linalg.norm(shown[30]["left_wrist"] - before["left_wrist"]) > 0.1
    if whole_scene:
        save_scene(tmp_path / f"walk{suffix}")
    else:
        assert bpy.ops.tar.export_person(filepath=str(tmp_path / "walk"), format=suffix) == {"FINISHED"}
    assert (animation.action, animation.use_nla, len(animation.nla_tracks)) == (layer, True, tracks)
    assert sorted(bpy.data.actions.keys()) == actions
    read = read_armature(tmp_path / f"walk{suffix}", "Person 1" if whole_scene else "")
    shift = round(min(curve.range()[0] for curve in curves_of(read))) - first
    for frame in FRAMES:
        for joint, position in heads_of(read, SMPL_BONES, frame + shift).items():
            np.testing.assert_allclose(position, shown[frame][joint], atol=2e-3)


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".bvh"])
def test_strips_are_exported_where_they_are_seen(person: bpy.types.Object, tmp_path: Path, suffix: str) -> None:
    """The motion was pushed down to a strip that is later and repeated; a muted strip does not count."""
    animation, scene = person.animation_data, bpy.context.scene
    action = animation.action
    first, last = map(round, action.curve_frame_range)
    for start, repeat in ((first + 100, 2.0), (first + 1000, 1.0)):
        track = animation.nla_tracks.new()
        strip = track.strips.new("Walk", start, action)
        strip.repeat, strip.extrapolation = repeat, "NOTHING"
        if hasattr(strip, "action_slot"):
            strip.action_slot = action.slots[0]
        track.mute = start > 1000
    animation.action = None
    length = last - first
    scene.frame_start, scene.frame_end = first + 100, first + 100 + 2 * length
    frames = (first + 100, first + 130, first + 110 + length)
    shown = {frame: heads_of(person, SMPL_BONES, frame) for frame in frames}
    assert np.linalg.norm(shown[frames[0]]["left_wrist"] - shown[frames[1]]["left_wrist"]) > 0.1
    assert bpy.ops.tar.export_person(filepath=str(tmp_path / "walk"), format=suffix) == {"FINISHED"}
    assert animation.action is None and len(animation.nla_tracks) == 2
    read = read_armature(tmp_path / f"walk{suffix}")
    start, end = (round(edge) for edge in read.animation_data.action.curve_frame_range)
    assert abs(end - start - 2 * length) <= 1
    for frame in frames:
        for joint, position in heads_of(read, SMPL_BONES, frame - frames[0] + start).items():
            np.testing.assert_allclose(position, shown[frame][joint], atol=2e-3)


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".bvh"])
@pytest.mark.parametrize("travel", ["pelvis", "object"])
def test_motion_in_the_file_begins_at_the_origin(
    person: bpy.types.Object, tmp_path: Path, suffix: str, travel: str
) -> None:
    person.location = (1.0, 2.0, 0.0)
    bpy.ops.tar.move_travel(place=travel)
    first = round(min(curve.range()[0] for curve in curves_of(person)))
    shown = {frame: heads_of(person, SMPL_BONES, frame) for frame in (first, *FRAMES)}
    start = shown[first]["pelvis"] * [1, 1, 0]
    assert np.linalg.norm(start) > 1
    bpy.ops.tar.export_person(filepath=str(tmp_path / "walk"), format=suffix, at_origin=True)
    for frame, heads in shown.items():  # in the scene, nothing has moved
        np.testing.assert_allclose(heads_of(person, SMPL_BONES, frame)["pelvis"], heads["pelvis"], atol=1e-5)
    read = read_armature(tmp_path / f"walk{suffix}")
    shift = round(min(curve.range()[0] for curve in curves_of(read))) - first
    for frame, heads in shown.items():
        for joint, position in heads_of(read, SMPL_BONES, frame + shift).items():
            np.testing.assert_allclose(position, heads[joint] - start, atol=2e-3)


def test_bvh_file_has_the_active_person_alone(person: bpy.types.Object, tmp_path: Path) -> None:
    assert "Person 2" in bpy.data.objects
    bpy.ops.tar.move_travel(place="object")
    first = round(min(curve.range()[0] for curve in curves_of(person)))
    shown = {frame: heads_of(person, SMPL_BONES, frame) for frame in FRAMES}
    assert bpy.ops.tar.export_person(filepath=str(tmp_path / "walk"), format=".bvh") == {"FINISHED"}
    assert [file.name for file in tmp_path.glob("*.bvh")] == ["walk.bvh"]
    read = read_armature(tmp_path / "walk.bvh")
    for frame in FRAMES:
        for joint, position in heads_of(read, SMPL_BONES, frame - first + 1).items():
            np.testing.assert_allclose(position, shown[frame][joint], atol=2e-3)


def test_usd_is_offered_where_blender_can_write_it(person: bpy.types.Object, tmp_path: Path) -> None:
    export = {"filepath": str(tmp_path / "walk"), "format": ".usdc"}
    if "usd_export" not in dir(bpy.ops.wm):
        with pytest.raises(TypeError, match="usdc"):
            bpy.ops.tar.export_person(**export)
        return
    assert bpy.ops.tar.export_person(**export) == {"FINISHED"}
    assert (tmp_path / "walk.usdc").read_bytes().startswith(b"PXR-USDC")
    assert person.name == "Person 1"


def test_missing_folder_is_refused(person: bpy.types.Object, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="folder"):
        bpy.ops.tar.export_person(filepath=str(tmp_path / "missing" / "walk.fbx"))


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".bvh", ".amass.npz"])
def test_each_person_gets_a_file_with_their_name(person: bpy.types.Object, tmp_path: Path, suffix: str) -> None:
    person.name = "Anna/Left"
    names = sorted([f"walk.v2_Anna_Left{suffix}", f"walk.v2_Person 2{suffix}"])
    export = {"filepath": str(tmp_path / "walk.v2"), "format": suffix}
    assert bpy.ops.tar.export_people(**export) == {"FINISHED"}
    assert sorted(file.name for file in tmp_path.glob("walk*")) == names
    before = {name: (tmp_path / name).read_bytes() for name in names}
    (tmp_path / names[0]).unlink()
    (tmp_path / names[1]).write_text("mine")
    with pytest.raises(RuntimeError, match="exists"):
        bpy.ops.tar.export_people(**export)
    assert (tmp_path / names[1]).read_text() == "mine" and not (tmp_path / names[0]).exists()
    assert bpy.ops.tar.export_people(**export, overwrite=True) == {"FINISHED"}
    assert {name: len((tmp_path / name).read_bytes()) // 1000 for name in names} == {
        name: len(content) // 1000 for name, content in before.items()
    }


@pytest.mark.parametrize("suffix", [".fbx", ".glb"])
def test_all_people_in_one_file_stand_where_they_are(person: bpy.types.Object, tmp_path: Path, suffix: str) -> None:
    other = bpy.data.objects["Person 2"]
    first = round(min(curve.range()[0] for obj in (person, other) for curve in curves_of(obj)))
    shown = {name: heads_of(bpy.data.objects[name], SMPL_BONES, 30) for name in ("Person 1", "Person 2")}
    export = {"filepath": str(tmp_path / "walk"), "format": suffix, "together": True}
    assert bpy.ops.tar.export_people(**export) == {"FINISHED"}
    assert [file.name for file in tmp_path.glob("walk*")] == [f"walk{suffix}"]
    present = set(bpy.data.objects)
    read_armature(tmp_path / f"walk{suffix}", "Person 1")
    read = [obj for obj in set(bpy.data.objects) - present if obj.type == "ARMATURE"]
    start = round(min(curve.range()[0] for obj in read for curve in curves_of(obj)))
    assert not any(obj.type == "CAMERA" for obj in set(bpy.data.objects) - present) and len(read) == 2
    for obj in read:
        for joint, position in heads_of(obj, SMPL_BONES, 30 + start - first).items():
            np.testing.assert_allclose(position, shown[obj.name[:8]][joint], atol=2e-3)
    with pytest.raises(RuntimeError, match="exists"):
        bpy.ops.tar.export_people(**export)

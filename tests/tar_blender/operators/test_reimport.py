"""Re-import of a clip with other settings."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from tar_blender.scene.contacts import contacts_of
from tar_blender.scene.fcurves import find_action
from tar_blender.scene.floor import move
from tar_blender.scene.metadata import camera_of, clip_record, imported_clips, key_rate, people_of
from tar_core.shot_files import save_shots
from tests.support.animated_camera import START, animated_camera, import_in_world_of
from tests.support.clips import clips_of_shots, synthetic_clip
from tests.tar_blender.scene.test_keyframes import curves_of, values_of


def test_reimport_starts_from_the_captured_motion(imported: bpy.types.Collection) -> None:
    """Smoothing twice with the same strength gives the same result as smoothing once."""
    locations = []
    for smoothing in (0.0, 0.6, 0.6):
        assert bpy.ops.tar.reimport_clip(clip="Dance 01", smoothing=smoothing) == {"FINISHED"}
        curve = curves_of(bpy.data.objects["Person 1"].animation_data.action)['pose.bones["pelvis"].location', 0]
        locations.append(values_of(curve)[:, 1])
    assert np.abs(locations[1] - locations[0]).max() > 1e-6
    np.testing.assert_array_equal(locations[2], locations[1])
    assert sorted(bpy.data.objects.keys()) == ["Person 1", "Person 1 Body", "Person 2", "Person 2 Body", "TAR Camera"]
    assert len(bpy.data.armatures) == 2 and len(bpy.data.actions) == 4, "poses and contacts"
    (collection,) = imported_clips(bpy.context.scene)
    assert collection.name == "Dance 01" and clip_record(collection).options["smoothing"] == pytest.approx(0.6)


def test_reimport_with_another_focal_length_and_frame_rate(imported: bpy.types.Collection) -> None:
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 24, 1
    far = synthetic_clip().people[0].trans[:, 2].mean()
    bpy.ops.tar.reimport_clip(
        clip=imported.name,
        focal_mode="pixels",
        focal_length=2 * synthetic_clip().focal_length,
        timing="scene",
        figure="armature",
    )
    assert bpy.context.scene.render.fps == 24 and not bpy.data.meshes
    bpy.context.scene.frame_set(20)
    distance = [bpy.data.objects["Person 1"].pose.bones["pelvis"].head.y]
    assert 1.4 * far < distance[0] < 2.6 * far


def test_reimport_leaves_deleted_people_out(imported: bpy.types.Collection) -> None:
    bpy.ops.tar.delete_person(person="Person 2")
    bpy.ops.tar.reimport_clip(clip=imported.name)
    assert sorted(bpy.data.objects.keys()) == ["Person 1", "Person 1 Body", "TAR Camera"]


def test_failed_reimport_leaves_the_clip_unchanged(imported: bpy.types.Collection, motion_file: Path) -> None:
    before = set(bpy.data.objects.keys())
    motion_file.unlink()
    with pytest.raises(RuntimeError, match="no longer in the cache"):
        bpy.ops.tar.reimport_clip(clip=imported.name)
    assert set(bpy.data.objects.keys()) == before
    assert "no longer in the cache" in bpy.context.window_manager.tar_progress.error


def test_reimport_uses_the_animated_camera_as_it_is_now(addon: None, tmp_path: Path) -> None:
    camera = animated_camera()
    collection = import_in_world_of(camera, tmp_path)
    assert camera_of(collection) == camera

    def hips() -> np.ndarray:
        bpy.context.scene.frame_set(START + 20)
        armature = bpy.data.objects["Person 1"]
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        return np.array(posed.matrix_world @ posed.pose.bones["pelvis"].head)

    before = hips()
    camera.parent.delta_location = (0, 0, 2.0)
    camera.constraints[0].target.delta_location = (0, 0, 2.0)
    bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=collection.name, camera_mode="animated", start_frame=START)
    np.testing.assert_allclose(hips() - before, [0, 0, 2], atol=1e-3)


def test_reimport_with_a_new_camera_instead_of_the_animated_one(addon: None, tmp_path: Path) -> None:
    name = import_in_world_of(animated_camera(), tmp_path).name
    bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=name, camera_mode="video", start_frame=START)
    (collection,) = imported_clips(bpy.context.scene)
    assert camera_of(collection).name == "TAR Camera" and "Mine" in bpy.data.objects
    bpy.context.scene.camera = bpy.data.objects["TAR Camera"]
    with pytest.raises(RuntimeError, match="the camera of the clip"):
        bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=name, camera_mode="animated")
    bpy.context.scene.camera = None
    with pytest.raises(RuntimeError, match="no active camera"):
        bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=name, camera_mode="animated")


def test_one_shot_is_reimported_and_the_others_are_kept(addon: None, tmp_path: Path) -> None:
    save_shots(tmp_path / "shots.npz", clips_of_shots())
    bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "shots.npz"))
    assert bpy.context.window_manager.tar_progress.notice.startswith("Imported 2 people in 2 shots.")
    scene = bpy.context.scene
    scene.timeline_markers.new("Mine", frame=7)
    first = bpy.data.objects["TAR Camera Shot 1"]
    assert bpy.ops.tar.reimport_clip(clip="Dance 01 Shot 2", figure="armature") == {"FINISHED"}
    assert [clip.name for clip in imported_clips(scene)] == ["Dance 01 Shot 1", "Dance 01 Shot 2"]
    assert sorted(obj.name for obj in bpy.data.objects if obj.type != "CAMERA") == [
        "Person 1",
        "Person 1 Body",
        "Person 2",
    ]
    assert bpy.data.objects["TAR Camera Shot 1"] == first
    found = {marker.name: (marker.frame, marker.camera and marker.camera.name) for marker in scene.timeline_markers}
    assert found == {
        "Shot 1": (1, "TAR Camera Shot 1"),
        "Shot 2": (31, "TAR Camera Shot 2"),
        "Mine": (7, None),
    }
    assert (scene.frame_start, scene.frame_end) == (1, 60)
    assert clip_record(bpy.data.collections["Dance 01 Shot 2"]).shot == 2
    bpy.ops.tar.reimport_clip(clip="Dance 01 Shot 2", start_frame=101)
    assert {marker.name: marker.frame for marker in scene.timeline_markers} == {"Shot 1": 1, "Shot 2": 131, "Mine": 7}


def pelvis_curve(armature: bpy.types.Object) -> np.ndarray:
    curves = curves_of(find_action(armature, lambda action: True)[0])
    return values_of(curves['pose.bones["pelvis"].location', 0])


def test_everything_of_the_user_is_kept(imported: bpy.types.Collection) -> None:
    scene, armature, body = bpy.context.scene, bpy.data.objects["Person 1"], bpy.data.objects["Person 1 Body"]
    other_scene = bpy.data.scenes.new("Second")
    other_scene.collection.children.link(imported)
    prop = bpy.data.objects.new("Hat", None)
    scene.collection.objects.link(prop)
    prop.parent, prop.parent_type, prop.parent_bone = armature, "BONE", "head"
    armature.name, armature.location, armature["mine"] = "Anna", (1, 2, 3), "note"
    armature.animation_data.action.name = "Anna dances"
    body.data.materials[0] = bpy.data.materials.new("My Skin")
    constraint = armature.pose.bones["left_wrist"].constraints.new("COPY_ROTATION")
    mine = bpy.data.objects.new("My Camera", bpy.data.cameras.new("My Camera"))
    imported.objects.link(mine)
    scene.camera, scene.frame_start, scene.frame_end, scene.render.resolution_x = mine, 5, 15, 640
    scene.frame_set(12)
    before = {kind: sorted(getattr(bpy.data, kind).keys()) for kind in ("objects", "actions", "armatures", "meshes")}
    motion = pelvis_curve(armature)

    assert bpy.ops.tar.reimport_clip(clip=imported.name, smoothing=1.0) == {"FINISHED"}

    assert {kind: sorted(getattr(bpy.data, kind).keys()) for kind in before} == before
    assert bpy.data.objects["Anna"] == armature and tuple(armature.location) == (1, 2, 3) and armature["mine"] == "note"
    assert armature.animation_data.action.name == "Anna dances"
    assert np.abs(pelvis_curve(armature)[:, 1] - motion[:, 1]).max() > 1e-6
    assert prop.parent == armature and prop.parent_bone == "head"
    assert armature.pose.bones["left_wrist"].constraints[0] == constraint
    assert body.data.materials[0].name == "My Skin" and body.parent == armature
    assert imported.name in other_scene.collection.children
    assert (scene.camera, scene.frame_start, scene.frame_end, scene.frame_current) == (mine, 5, 15, 12)
    assert scene.render.resolution_x == 640


def test_copies_of_a_person_stay_as_they_are(imported: bpy.types.Collection) -> None:
    armature = bpy.data.objects["Person 1"]
    with bpy.context.temp_override(selected_objects=[armature], active_object=armature):
        bpy.ops.object.select_all(action="DESELECT")
        armature.select_set(True)
        bpy.ops.object.duplicate()
    copy = bpy.data.objects["Person 1.001"]
    assert copy.animation_data.action != armature.animation_data.action
    motion = pelvis_curve(armature)
    assert bpy.ops.tar.reimport_clip(clip=imported.name, smoothing=1.0) == {"FINISHED"}
    assert np.abs(pelvis_curve(armature)[:, 1] - motion[:, 1]).max() > 1e-6
    np.testing.assert_array_equal(pelvis_curve(copy), motion)


def test_clip_in_scenes_of_different_frame_rates_keeps_the_rate_of_its_keys(
    imported: bpy.types.Collection, capfd: pytest.CaptureFixture[str]
) -> None:
    scene, armature = bpy.context.scene, bpy.data.objects["Person 1"]
    before = pelvis_curve(armature)[:, 0]
    other = bpy.data.scenes.new("Second")
    other.collection.children.link(imported)
    scene.render.fps = 24
    assert bpy.ops.tar.reimport_clip(clip=imported.name, timing="scene") == {"FINISHED"}
    np.testing.assert_array_equal(pelvis_curve(armature)[:, 0], before)
    assert "because it is also in the scene Second with 24" in capfd.readouterr().out
    assert scene.render.fps == 24
    other.render.fps, other.render.fps_base = 24, scene.render.fps_base
    assert bpy.ops.tar.reimport_clip(clip=imported.name, timing="scene") == {"FINISHED"}
    assert len(pelvis_curve(armature)) < 0.85 * len(before)
    assert key_rate(imported) == pytest.approx(24 / scene.render.fps_base)


def test_correction_keeps_the_rate_of_the_keys(imported: bpy.types.Collection) -> None:
    scene, armature = bpy.context.scene, bpy.data.objects["Person 1"]
    before = pelvis_curve(armature)[:, 0]
    scene.render.fps = 60
    bpy.ops.tar.set_contact(person="Person 1", effector="left_foot", contact="lock", first=14, last=18)
    np.testing.assert_array_equal(pelvis_curve(armature)[:, 0], before)
    first, contacts = contacts_of(armature)
    assert contacts[14 - first : 19 - first, 0].all()


def test_the_action_in_an_nla_strip_gets_the_motion(imported: bpy.types.Collection) -> None:
    armature = bpy.data.objects["Person 1"]
    action = armature.animation_data.action
    strip = armature.animation_data.nla_tracks.new().strips.new("Dance", 1, action)
    armature.animation_data.action = None
    motion = pelvis_curve(armature)
    bpy.ops.tar.reimport_clip(clip=imported.name, smoothing=1.0)
    assert armature.animation_data.action is None and strip.action == action
    assert np.abs(pelvis_curve(armature)[:, 1] - motion[:, 1]).max() > 1e-6


def test_an_own_action_of_the_user_is_not_lost(imported: bpy.types.Collection) -> None:
    armature = bpy.data.objects["Person 1"]
    mine = bpy.data.actions.new("Mine")
    armature.animation_data.action = mine
    bpy.ops.tar.reimport_clip(clip=imported.name)
    assert mine.use_fake_user and armature.animation_data.action != mine


def test_body_and_background_follow_the_options(imported: bpy.types.Collection) -> None:
    badge = bpy.data.objects.new("Badge", None)
    bpy.context.scene.collection.objects.link(badge)
    badge.parent = bpy.data.objects["Person 1 Body"]
    camera = bpy.data.objects["TAR Camera"].data
    shown = [background.show_background_image for background in camera.background_images]
    bpy.ops.tar.reimport_clip(clip=imported.name, figure="armature", show_video=False)
    assert not bpy.data.meshes and badge.parent is None
    assert not any(background.show_background_image for background in camera.background_images)
    bpy.ops.tar.reimport_clip(clip=imported.name, figure="body", show_video=True)
    assert "Person 1 Body" in bpy.data.objects
    assert [background.show_background_image for background in camera.background_images] == shown


def test_a_clip_without_people_is_refused(imported: bpy.types.Collection) -> None:
    for name in ("Person 1", "Person 2"):
        bpy.ops.tar.delete_person(person=name)
    with pytest.raises(RuntimeError, match="All people of the clip were deleted"):
        bpy.ops.tar.reimport_clip(clip=imported.name)


@pytest.mark.parametrize("is_older", [False, True])
def test_people_stay_before_the_camera_if_the_floor_was_set_by_hand(
    imported: bpy.types.Collection, is_older: bool
) -> None:
    def seen() -> np.ndarray:
        """The place of the hips before the camera, and their height."""
        bpy.context.scene.frame_set(20)
        armature, camera = bpy.data.objects["Person 1"], bpy.data.objects["TAR Camera"]
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        hips = posed.matrix_world @ posed.pose.bones["pelvis"].head
        return np.array([*(camera.matrix_world.inverted() @ hips), hips.z])

    if is_older:  # a file of a version that did not record the place of the camera
        del bpy.data.objects["TAR Camera"]["tar_placement"]
    bpy.context.view_layer.update()
    transform = Matrix.Translation((0.5, 0.2, 1.5)) @ Matrix.Rotation(0.3, 4, "X")
    move(imported.all_objects, transform)
    bpy.context.view_layer.update()
    before = seen()
    bpy.ops.tar.reimport_clip(clip=imported.name)
    np.testing.assert_allclose(seen(), before, atol=0.02)


def test_damaged_record_of_the_place_of_the_camera_is_ignored(imported: bpy.types.Collection) -> None:
    camera = bpy.data.objects["TAR Camera"]
    before = camera.matrix_world.copy()
    for record in ("text", 3, [1.0] * 16, [1.0] * 5, [float("nan")] * 16):
        camera["tar_placement"] = record
        camera.location = (1, 2, 3)
        assert bpy.ops.tar.reimport_clip(clip=imported.name) == {"FINISHED"}
        np.testing.assert_allclose(camera.matrix_world, before, atol=0.02, err_msg=str(record))


def test_person_in_another_collection_is_imported_again(imported: bpy.types.Collection) -> None:
    armature = bpy.data.objects["Person 1"]
    characters = bpy.data.collections.new("Characters")
    bpy.context.scene.collection.children.link(characters)
    for part in (armature, *armature.children):
        characters.objects.link(part)
        imported.objects.unlink(part)
    assert armature in people_of(imported)
    motion = pelvis_curve(armature)
    assert bpy.ops.tar.reimport_clip(clip=imported.name, smoothing=1.0) == {"FINISHED"}
    assert np.abs(pelvis_curve(armature)[:, 1] - motion[:, 1]).max() > 1e-6
    assert armature.users_collection == (characters,) and len(people_of(imported)) == 2
    bpy.context.scene.frame_set(20)
    bpy.ops.tar.feet_on_ground(clip=imported.name)
    assert bpy.data.objects["Person 2"].location.z == pytest.approx(armature.location.z)
    bpy.ops.tar.delete_clip(clip=imported.name)
    assert bpy.data.objects["Person 1"] == armature and "Person 2" not in bpy.data.objects


def test_people_of_a_copied_clip_are_its_own(imported: bpy.types.Collection) -> None:
    copy = imported.copy()
    bpy.context.scene.collection.children.link(copy)
    for obj in list(copy.objects):
        copy.objects.unlink(obj)
        copy.objects.link(obj.copy())
    own, copied = people_of(imported), people_of(copy)
    assert len(own) == len(copied) == 2 and not set(own) & set(copied)

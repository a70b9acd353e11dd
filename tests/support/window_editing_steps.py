"""Steps of the editing session that change the keys of a person, and hand the motion over."""

import tempfile
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np

from tests.support.characters import walking_clip
from tests.support.window_correction_steps import bone_position, dialog, differ, keys, person, undo
from tests.support.window_session import DRAW_SECONDS, Session, Step, extension_module, xdotool

FRAME = 40  # at which poses are compared


def open_tools(session: Session) -> Step:
    """Click the person in the list, and show the end of the sidebar."""
    with session.override():
        bpy.ops.tar.select_person("INVOKE_DEFAULT", True, person="Person 1")
    bpy.context.scene.frame_set(FRAME)
    yield DRAW_SECONDS
    session.scroll_sidebar_to_end()
    yield DRAW_SECONDS


def view_tools(session: Session) -> Step:
    """View the tools of the panel Edit, in a copy of it that is open: scripts cannot open panels."""
    panel = extension_module("panels.editing").TAR_PT_edit
    copy = type("TAR_PT_opened", (panel,), {"bl_idname": "TAR_PT_opened", "bl_options": set()})
    bpy.utils.register_class(copy)
    yield from open_tools(session)
    session.screenshot("edit_tools")
    bpy.utils.unregister_class(copy)


def add_controls(session: Session) -> Step:
    """Add IK controls to feet and hands, turn one off and on, and remove them: the pose stays the same."""
    yield from open_tools(session)
    names = ("left_ankle", "right_wrist", "left_knee", "right_elbow")
    before = [bone_position(name) for name in names]
    with session.override():
        assert bpy.ops.tar.add_ik_controls("INVOKE_DEFAULT", True, person=person().name, limbs="BOTH") == {"FINISHED"}
    yield DRAW_SECONDS
    off = max(np.linalg.norm(bone_position(name) - place) for name, place in zip(names, before, strict=True))
    print(f"FIGURE ik_controls_off_mm={1000 * off:.1f}")
    assert off < 0.005, f"a joint has moved by {off:.4f} m"
    bpy.context.view_layer.objects.active.select_set(True)
    with session.override():
        bpy.ops.object.mode_set(mode="POSE")
    yield DRAW_SECONDS
    session.screenshot("ik_controls")
    with session.override():
        assert bpy.ops.tar.remove_ik_controls("INVOKE_DEFAULT", True, person=person().name) == {"FINISHED"}
    yield DRAW_SECONDS
    assert person().mode == "POSE" and not extension_module("scene.ik_controls").controlled_limbs(person())
    after = [bone_position(name) for name in names]
    assert np.abs(np.array(after) - before).max() < 1e-4, "the motion is another one"
    session.screenshot("ik_controls_removed")
    with session.override():
        bpy.ops.object.mode_set(mode="OBJECT")


def add_layer(session: Session) -> Step:
    """Turn the head in a layer, at one frame for all, and merge it."""
    yield from open_tools(session)
    with session.override():
        assert bpy.ops.tar.add_layer("INVOKE_DEFAULT", True) == {"FINISHED"}
        bpy.ops.object.mode_set(mode="POSE")
    head = person().pose.bones["head"]
    head.rotation_quaternion = (0.9, 0.0, 0.44, 0.0)
    head.keyframe_insert("rotation_quaternion", frame=FRAME)
    yield DRAW_SECONDS
    session.screenshot("layer")
    bpy.context.scene.frame_set(FRAME + 10)
    turned = np.array(head.matrix)
    with session.override():
        bpy.ops.object.mode_set(mode="OBJECT")
        assert bpy.ops.tar.merge_layers("INVOKE_DEFAULT", True) == {"FINISHED"}
    yield DRAW_SECONDS
    assert np.abs(np.array(person().pose.bones["head"].matrix) - turned).max() < 1e-3, "the head is not turned"
    assert not extension_module("scene.layers").is_layered(person())
    session.screenshot("layer_merged")
    for _ in range(2):
        yield from undo(session)
    (clip,) = extension_module("scene.metadata").imported_clips(bpy.context.scene)
    with session.override():
        bpy.ops.tar.reimport_clip(clip=clip.name)


def swap_and_mirror(session: Session) -> Step:
    """Swap the legs in the preview range, then mirror all twice."""
    yield from open_tools(session)
    before, scene = keys(), bpy.context.scene
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 30, 50
    yield from dialog(session, bpy.ops.tar.swap_sides, "swap")
    scene.use_preview_range = False
    assert differ(before, keys())
    yield from undo(session)
    with session.override():
        for _ in range(2):
            assert bpy.ops.tar.mirror_motion("INVOKE_DEFAULT", True) == {"FINISHED"}
    bpy.context.scene.frame_set(FRAME)  # undoing replaced the scene
    yield DRAW_SECONDS
    session.screenshot("mirrored")
    yield from undo(session)
    yield from undo(session)


def take_from_other_person(session: Session) -> Step:
    """Import a motion file beside the clip, and take a range from it."""
    motion = Path(tempfile.mkdtemp()) / "walk.npz"
    replace(walking_clip(), source=motion.name).save(motion)
    with session.override():
        bpy.ops.tar.build_motion_file("INVOKE_DEFAULT", filepath=str(motion))
    yield DRAW_SECONDS
    yield from session.wait_for_import()
    assert not session.progress.error, session.progress.error
    yield DRAW_SECONDS
    session.screenshot("two_clips")
    yield from open_tools(session)
    before, scene = keys(), bpy.context.scene
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 30, 50
    yield from dialog(session, bpy.ops.tar.take_range, "take")
    scene.use_preview_range = False
    assert differ(before, keys())
    session.screenshot("taken")
    yield from undo(session)


def trim_and_loop(session: Session) -> Step:
    """Trim the motion, undo, and make a loop."""
    yield from open_tools(session)
    scene = bpy.context.scene
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 10, 60
    yield from dialog(session, bpy.ops.tar.trim_motion, "trim")
    scene.use_preview_range = False
    assert tuple(person().animation_data.action.curve_frame_range) == (10, 60)
    yield from undo(session)
    yield from dialog(session, bpy.ops.tar.make_loop, "loop")
    curves = keys()
    poses = [curve for (path, _), curve in curves.items() if "rotation" in path]
    assert max(abs(curve[0, 1] - curve[-1, 1]) for curve in poses) < 1e-4, "the last pose is not the first one"
    session.screenshot("looped")
    yield from undo(session)


def move_travel(session: Session) -> Step:
    """Move the travel to the object and back."""
    yield from open_tools(session)
    before = bone_position("pelvis")
    for place in ("object", "pelvis"):
        with session.override():
            assert bpy.ops.tar.move_travel("INVOKE_DEFAULT", True, place=place) == {"FINISHED"}
        yield DRAW_SECONDS
        assert np.abs(bone_position("pelvis") - before).max() < 1e-3, place
        session.screenshot(f"travel_{place}")
    for _ in range(2):
        yield from undo(session)
        bpy.context.scene.frame_set(FRAME)
        assert np.abs(bone_position("pelvis") - before).max() < 1e-3, "displaced after undo"


def reduce_keys(session: Session) -> Step:
    """Reduce the keys, and look at them in the Dope Sheet."""
    yield from open_tools(session)
    before = len(keys()['pose.bones["left_elbow"].rotation_quaternion', 0])
    with session.override():
        assert bpy.ops.tar.reduce_keys("INVOKE_DEFAULT", True) == {"FINISHED"}
    yield DRAW_SECONDS
    assert len(keys()['pose.bones["left_elbow"].rotation_quaternion', 0]) < before / 2
    session.screenshot("reduced")
    yield from undo(session)


def create_asset(session: Session) -> Step:
    """Create a motion asset."""
    yield from open_tools(session)
    known = set(bpy.data.actions)
    yield from dialog(session, bpy.ops.tar.create_motion_asset, "asset_dialog")
    (asset,) = set(bpy.data.actions) - known
    assert asset.asset_data is not None and asset.preview.image_size[0] > 0
    area = next(area for area in session.window.screen.areas if area.type == "DOPESHEET_EDITOR")
    area.ui_type = "ASSETS"
    yield 2 * DRAW_SECONDS
    area.spaces.active.params.asset_library_reference = "LOCAL"
    yield 2 * DRAW_SECONDS
    session.screenshot("asset")
    area.ui_type = "DOPESHEET"
    yield from undo(session)


def export_person(session: Session) -> Step:
    """Export the person from the file browser."""
    yield from open_tools(session)
    folder = Path(tempfile.mkdtemp())
    bpy.context.preferences.view.filebrowser_display_type = "SCREEN"
    with session.override():
        bpy.ops.tar.export_person("INVOKE_DEFAULT")
    yield DRAW_SECONDS
    (browser,) = (area.spaces.active for area in session.window.screen.areas if area.type == "FILE_BROWSER")
    browser.params.directory = bytes(folder)
    yield DRAW_SECONDS
    session.screenshot("export_dialog")
    xdotool("mousemove", 600, 500, "key", "Return")
    yield 2 * DRAW_SECONDS
    written = list(folder.iterdir())
    assert written and written[0].stat().st_size > 10_000, written


def bake_frame_rate(session: Session) -> Step:
    """Bake to a whole frame rate, that of the changed scene: the person is at the same place at the same time."""
    yield from open_tools(session)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 60, 1.01
    before = bone_position("pelvis")
    yield from dialog(session, bpy.ops.tar.bake_frame_rate, "frame_rate")
    assert scene.render.fps / scene.render.fps_base == 59
    start = scene.tar_settings.start_frame
    frame = start + (FRAME - start) * 59 / 60
    scene.frame_set(int(frame), subframe=frame % 1)
    assert np.linalg.norm(bone_position("pelvis") - before) < 0.01
    session.screenshot("frame_rate_baked")

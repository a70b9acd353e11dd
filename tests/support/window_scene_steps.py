"""Steps of the window session in scenes that the user works in."""

import subprocess
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

from tests.support.clips import synthetic_clip
from tests.support.window_session import DRAW_SECONDS, Session, Step, extension_module, press, wait_until
from tests.support.window_steps import open_box_editor
from tests.support.window_timing import Responsiveness

HEAVY_SUBDIVISIONS = 7  # of a sphere: 330,000 triangles are slow to draw without a graphics card


def import_in_heavy_scene(session: Session) -> Step:
    """Import 40 frames into a scene that is slow to draw; print how long Blender ignores input, and how often it draws.

    As many redraws as steps would take most of the time.
    """
    motion = Path(tempfile.mkdtemp()) / "short.npz"
    synthetic_clip(frames=40, first_frame=0).save(motion)
    with session.override():
        bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=HEAVY_SUBDIVISIONS)
        heavy = bpy.context.object.name
        bpy.ops.ed.undo_push(message="Add Sphere")
    yield DRAW_SECONDS
    session.progress.notice = ""
    responsiveness = Responsiveness(session.view)
    with session.override():
        bpy.ops.tar.build_motion_file("INVOKE_DEFAULT", filepath=str(motion))
    began = time.perf_counter()
    yield from wait_until(lambda: session.progress.notice or session.progress.error)
    assert not session.progress.error, session.progress.error
    responsiveness.print_figures("heavy", time.perf_counter() - began)
    session.screenshot("heavy")
    with session.override():
        bpy.ops.ed.undo()
    yield DRAW_SECONDS
    assert not [thing.name for thing in bpy.data.objects if thing.type == "ARMATURE"], "not undone"
    bpy.data.objects.remove(bpy.data.objects[heavy])


def keep_props(session: Session) -> Step:
    """Parent objects to two people, re-import and delete one person: the objects stay where they are."""
    first, second = bpy.data.objects["Person 1"], bpy.data.objects["Person 2"]
    held = add_prop("Held", first, bone="left_wrist")
    left = add_prop("Left", second)
    material = bpy.data.materials.new("Mine")
    body = next(child for child in first.children if child.type == "MESH" and child != held)
    body.material_slots[0].material = material
    action = first.animation_data.action
    action.name = "My Walk"
    first.location.x += 0.5
    kinds = {kind: len(getattr(bpy.data, kind)) for kind in ("actions", "materials", "armatures", "meshes")}
    bpy.context.view_layer.update()
    (clip,) = extension_module("scene.metadata").imported_clips(bpy.context.scene)
    with session.override():
        assert bpy.ops.tar.reimport_clip(clip=clip.name, smoothing=1.0) == {"FINISHED"}
    yield DRAW_SECONDS
    session.screenshot("reimported")
    assert held.parent == first and held.parent_bone == "left_wrist" and abs(first.location.x - 0.5) < 1e-6
    assert first.animation_data.action == action and action.name == "My Walk"
    assert body.material_slots[0].material == material
    assert kinds == {kind: len(getattr(bpy.data, kind)) for kind in kinds}, "something is left over or gone"
    place = left.matrix_world.copy()
    with session.override():
        assert bpy.ops.tar.delete_person(person=second.name) == {"FINISHED"}
    yield DRAW_SECONDS
    assert "Person 2" not in bpy.data.objects and left.parent is None
    assert all(abs(a - b) < 1e-5 for a, b in zip(left.matrix_world.translation, place.translation, strict=True))
    session.screenshot("deleted")
    with session.override():
        bpy.ops.ed.undo_push(message="Delete")


def add_prop(name: str, parent: bpy.types.Object, bone: str = "") -> bpy.types.Object:
    """Add a small cube, as a child of an armature or of one of its bones."""
    bpy.ops.mesh.primitive_cube_add(size=0.3)
    prop = bpy.context.object
    prop.name, prop.parent = name, parent
    if bone:
        prop.parent_type, prop.parent_bone = "BONE", bone
    else:
        prop.location = 1.0, 0.0, 0.5
    return prop


def link_to_second_scene(session: Session) -> Step:
    """Link the clip into a second scene and re-import it in the first: the second one still has it."""
    metadata = extension_module("scene.metadata")
    scene, person = bpy.context.scene, bpy.data.objects["Person 1"]
    (clip,) = metadata.imported_clips(scene)
    other = bpy.data.scenes.new("Second")
    other.collection.children.link(clip)
    other.tar_retarget.person, other.camera = person, metadata.camera_of(clip)
    with session.override():
        assert bpy.ops.tar.reimport_clip(clip=clip.name, smoothing=0.5) == {"FINISHED"}
    session.window.scene = other
    other.frame_set(40)
    yield DRAW_SECONDS
    session.screenshot("second_scene")
    assert metadata.imported_clips(other) == metadata.imported_clips(scene) == [clip]
    assert other.tar_retarget.person == person
    session.window.scene = scene
    yield DRAW_SECONDS
    bpy.data.scenes.remove(other)


def repeat_strip(session: Session) -> Step:
    """Push the motion down to an NLA strip that is repeated: the person is visible and moves in the second round."""
    person = bpy.data.objects["Person 1"]
    animation = person.animation_data
    action = animation.action
    first, last = map(int, action.frame_range)
    strip = animation.nla_tracks.new().strips.new("Walk", first, action)
    if getattr(action, "slots", None):
        strip.action_slot = action.slots[0]
    animation.action = None
    strip.repeat, scene = 2.0, bpy.context.scene
    hands = []
    for frame in (first + 20, last + 20):
        scene.frame_set(frame)
        yield DRAW_SECONDS
        assert person.visible_get() and all(child.visible_get() for child in person.children), f"hidden at {frame}"
        hands.append(person.pose.bones["left_wrist"].head.copy())
    assert (hands[0] - hands[1]).length < 1e-4, "the second round is another motion"
    session.screenshot("repeated")
    animation.nla_tracks.remove(animation.nla_tracks[0])
    animation.action = action
    scene.frame_set(40)


def retarget_appended_armature(session: Session) -> Step:
    """Append the armature alone from a file, and retarget it to the Rigify rig."""
    path = Path(tempfile.mkdtemp()) / "person.blend"
    bpy.data.libraries.write(str(path), {bpy.data.objects["Person 1"]})
    with bpy.data.libraries.load(str(path)) as (_, wanted):
        wanted.objects = ["Person 1"]
    (appended,) = wanted.objects
    bpy.context.scene.collection.objects.link(appended)
    assert appended.name != "Person 1" and not appended.children
    settings, rig = bpy.context.scene.tar_retarget, bpy.data.objects["rig"]
    rig.animation_data.action = None
    settings.person, settings.character = appended, rig
    with session.override():
        assert bpy.ops.tar.retarget() == {"FINISHED"}
    appended.location.x -= 1.5
    yield DRAW_SECONDS
    session.screenshot("appended")
    first, last = rig.animation_data.action.frame_range
    assert last - first > 50, "the rig has no motion"


def import_variable_rate(session: Session) -> Step:
    """Import a video with a variable rate: Draw Box and the background show the pictures that the capture uses."""
    settings, scene = session.settings, bpy.context.scene
    references = np.load(session.variable_video.with_suffix(".npy"))  # one small picture for each frame of the capture
    scene.render.fps, scene.render.fps_base = 24, 1
    settings.video, settings.timing = str(session.variable_video), "video"
    settings.people, settings.box_frame = "box", 30
    yield from open_box_editor(session)
    shown = nearest_picture(references, session.image_pixel(0, 0), session.image_pixel(*image_size(session)))
    assert abs(shown - 30) <= 1, f"Draw Box shows frame {shown} as frame 30"
    session.screenshot("variable_box")
    press("Escape")
    yield DRAW_SECONDS
    settings.people = "largest"
    session.start_import()
    yield from session.wait_for_import()
    assert not session.progress.error, session.progress.error
    clip = extension_module("scene.metadata").imported_clips(scene)[-1]
    scene.camera = extension_module("scene.metadata").camera_of(clip)
    scene.render.resolution_x, scene.render.resolution_y = 1080, 1920
    session.view.region_3d.view_perspective = "CAMERA"
    with session.override():
        bpy.ops.view3d.view_center_camera()
    overlay = session.view.overlay
    overlay.show_floor = overlay.show_cursor = overlay.show_text = False
    hidden = [thing for thing in scene.objects if thing.visible_get() and thing.type != "CAMERA"]
    for thing in hidden:
        thing.hide_set(True)
    last = len(references) - 1
    for frame in (0, 12, 25, 40, last):
        scene.frame_set(settings.start_frame + frame)
        yield DRAW_SECONDS
        shown = nearest_picture(references, session.camera_position(0, 0), session.camera_position(1, 1))
        assert abs(shown - frame) <= 1, f"the background shows frame {shown} at frame {frame}"
    for thing in hidden:
        thing.hide_set(False)
    overlay.show_floor = overlay.show_cursor = overlay.show_text = True
    scene.frame_set(settings.start_frame + 25)
    yield DRAW_SECONDS
    session.screenshot("variable")
    settings.video, settings.people = str(session.video), "picked"


def image_size(session: Session) -> tuple[int, int]:
    """Width and height of the image in the area's image editor."""
    width, height = session.area.spaces.active.image.size
    return width, height


def nearest_picture(references: np.ndarray, corner: tuple[int, int], opposite: tuple[int, int]) -> int:
    """The number of the picture [N, H, W, 3] that a part of the screen shows, whatever its brightness and contrast.

    Args:
        corner, opposite: top left and bottom right corner of the part.
    """
    height, width = references.shape[1:3]
    area = f"{opposite[0] - corner[0]}x{opposite[1] - corner[1]}+{corner[0]}+{corner[1]}"
    crop = ["-window", "root", "-crop", area, "-resize", f"{width}x{height}!", "-depth", "8", "rgb:-"]
    content = subprocess.run(["import", *crop], check=True, capture_output=True).stdout
    shown = np.frombuffer(content, np.uint8).reshape(1, height, width, 3).astype(float)
    differences = [np.abs(normalized(shown) - normalized(reference)).mean() for reference in references.astype(float)]
    return int(np.argmin(differences))


def normalized(picture: np.ndarray) -> np.ndarray:
    return (picture - picture.mean()) / picture.std()

"""Steps of the window session that import nothing: panels, preferences, videos in the viewport, retargeting."""

import json
import shutil
import sys

import bpy
from mathutils import Euler, Vector

from tests.support.window_session import (
    DRAW_SECONDS,
    GRAYS,
    Session,
    Step,
    color_on_screen,
    extension_module,
    press,
    wait_until,
)

GRAY_TOLERANCE = 8  # OpenGL without a graphics card lightens dark grays by up to this much


def open_sidebar(session: Session) -> Step:
    """Open the sidebar on the extension's tab."""
    session.view.show_region_ui = True
    yield DRAW_SECONDS
    session.region("UI").active_panel_category = "TAR"


def choose_video(session: Session) -> Step:
    """Choose a video in the file browser."""
    session.settings.video = f"{session.phone_videos}/"
    bpy.context.preferences.view.filebrowser_display_type = "SCREEN"
    with session.override():
        bpy.ops.tar.choose_video("INVOKE_DEFAULT")
    yield DRAW_SECONDS
    (browser,) = (area.spaces.active for area in session.window.screen.areas if area.type == "FILE_BROWSER")
    browser.params.filename = session.video.name
    session.screenshot("choose")
    press("Return")
    yield DRAW_SECONDS
    assert session.settings.video == str(session.video)
    session.screenshot("idle")


def view_engine_setup(session: Session) -> Step:
    """View the panel if the packages in the extension do not fit, and with an environment that should be updated."""
    paths, setup = extension_module("engine.paths"), extension_module("engine.environment")
    wheels = paths.bundled_wheels()
    wheels.rename(wheels.with_name("hidden"))
    paths.bundled_trouble.cache_clear()
    session.area.tag_redraw()
    yield DRAW_SECONDS
    session.screenshot("set_up")
    wheels.with_name("hidden").rename(wheels)
    paths.bundled_trouble.cache_clear()
    old = paths.engine_folder()
    python = setup.environment_python(old)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    info = {"tar_core": "0.0.9", "runtime": "PyTorch 2.4.0", "device": "cuda", "seconds": 2.0}
    (old / setup.READY_FILE).write_text(json.dumps(info))
    session.area.tag_redraw()
    yield DRAW_SECONDS
    session.screenshot("update")
    shutil.rmtree(old)


def view_preferences(session: Session) -> Step:
    """View the extension's preferences."""
    session.area.type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "TAR"
    yield DRAW_SECONDS
    with bpy.context.temp_override(window=session.window, area=session.area):
        bpy.ops.preferences.addon_expand(module="bl_ext.user_default.tar_motion_capture")
    session.area.tag_redraw()
    yield DRAW_SECONDS
    session.screenshot("preferences")
    session.area.type = "VIEW_3D"
    yield DRAW_SECONDS


def open_box_editor(session: Session) -> Step:
    """Start drawing a box: the area becomes an image editor that shows the video."""
    with session.override():
        bpy.ops.tar.draw_box("INVOKE_DEFAULT")
    yield from wait_until(lambda: session.area.type == "IMAGE_EDITOR")
    yield 2 * DRAW_SECONDS  # until the image fits into the area


def go_to_next_frame(session: Session) -> Step:
    """Go to the next frame of the video in the image editor, by its key."""
    user = session.area.spaces.active.image_user
    wanted = user.frame_current + 1
    press("Right")
    yield from wait_until(lambda: user.frame_current == wanted)
    yield DRAW_SECONDS


def browse_frames_for_box(session: Session) -> Step:
    """Start drawing a box, browse through frames and cancel. The scene's current frame has no influence."""
    settings = session.settings
    settings.video, settings.people, settings.box_frame = str(GRAYS), "box", 2
    bpy.context.scene.frame_set(17)
    yield from open_box_editor(session)
    for frame in (2, 3, 4):
        gray = color_on_screen(*session.image_pixel(32, 24))[0]
        assert abs(gray - 20 * frame) <= 3, f"another frame than {frame} is displayed: gray {gray}"
        yield from go_to_next_frame(session)
    press("Escape")
    yield DRAW_SECONDS
    assert session.area.type == "VIEW_3D" and settings.drawn_box() is None
    bpy.context.scene.frame_set(1)
    settings.video = str(session.video)


def view_backgrounds(session: Session) -> Step:
    """View videos as camera backgrounds: the right frame at each frame of the scene, and phones' videos upright."""
    scene, view = bpy.context.scene, session.view
    camera_before, frame_before, view_before = scene.camera, scene.frame_current, view.region_3d.view_matrix.copy()
    camera = bpy.data.objects.new("Background", bpy.data.cameras.new("Background"))
    scene.collection.objects.link(camera)
    scene.camera, view.region_3d.view_perspective = camera, "CAMERA"
    view.overlay.show_floor = view.overlay.show_cursor = False
    yield from check_background_frames(session)
    yield from check_upright_backgrounds(session)
    view.overlay.show_floor = view.overlay.show_cursor = True
    view.region_3d.view_perspective, view.region_3d.view_matrix = "PERSP", view_before
    bpy.data.cameras.remove(camera.data)
    scene.camera = camera_before
    scene.frame_set(frame_before)


def check_background_frames(session: Session) -> Step:
    """Check which frame of a video the scene's camera shows at frames of the scene, at full and half speed."""
    scene, camera = bpy.context.scene, bpy.context.scene.camera
    add_background = extension_module("scene.camera").add_video_background
    for speed in (1, 0.5):
        add_background(camera, GRAYS, start_frame=11, speed=speed)
        for frame in (10, 11, 13, 16, 40):
            scene.frame_set(frame)
            yield DRAW_SECONDS
            wanted = 20 * min(max(int((frame - 11) * speed), 0), 11)
            color = color_on_screen(*session.camera_position(0.4, 0.4))
            assert all(abs(value - wanted) <= GRAY_TOLERANCE for value in color), (speed, frame, color)
        camera.data.background_images.clear()
        camera.data.animation_data_clear()


def check_upright_backgrounds(session: Session) -> Step:
    """Check the colors in the corners of phones' videos with each rotation."""
    scene, camera = bpy.context.scene, bpy.context.scene.camera
    add_background = extension_module("scene.camera").add_video_background
    size = scene.render.resolution_x, scene.render.resolution_y
    scene.render.resolution_x, scene.render.resolution_y = 240, 320
    for rotation in (90, 180, 270):
        add_background(camera, session.phone_videos / f"{rotation}.mp4", start_frame=1)
        yield DRAW_SECONDS
        quarters = [color_on_screen(*session.camera_position(x, y)) for y in (0.1, 0.9) for x in (0.1, 0.9)]
        names = ["".join("rgb"[i] for i in range(3) if color[i] > 127) for color in quarters]
        assert names == ["r", "g", "b", "rgb"], (rotation, quarters)
        camera.data.background_images.clear()
    scene.render.resolution_x, scene.render.resolution_y = size


def view_result(session: Session) -> Step:
    """View the imported motion through the matched camera."""
    bpy.context.scene.frame_set(40)
    (clip,) = extension_module("scene.metadata").imported_clips(bpy.context.scene)
    with session.override():
        assert bpy.ops.tar.view_camera(clip=clip.name) == {"FINISHED"}
    yield 2 * DRAW_SECONDS
    session.screenshot("done")


def select_person(session: Session) -> Step:
    """Select an imported person, whose tools are at the top of the sidebar."""
    with session.override():
        bpy.ops.tar.select_person(person="Person 1")
    yield 2 * DRAW_SECONDS
    session.screenshot("people")


def retarget_to_rigify(session: Session) -> Step:
    """Retarget the person's motion to a generated Rigify rig."""
    rig = generate_rigify()
    settings = bpy.context.scene.tar_retarget
    person = bpy.data.objects["Person 1"]
    settings.person, settings.character = person, rig
    with session.override():
        assert bpy.ops.tar.retarget() == {"FINISHED"}
    rig.location.x += 1.2  # beside the person
    rig.select_set(False)
    for bones in rig.data.collections_all:
        bones.is_visible = bones.name == "DEF"  # the deforming bones, not the controls
    view = session.view
    view.region_3d.view_perspective = "PERSP"
    view.region_3d.view_rotation = Euler((1.4, 0, -2.9)).to_quaternion()
    view.region_3d.view_location = person.matrix_world @ person.pose.bones["spine2"].head + Vector((0.6, 0, 0))
    view.region_3d.view_distance = 4
    view.overlay.show_extras = False  # hides the camera
    yield DRAW_SECONDS  # until the sidebar has its new panel
    session.scroll_sidebar_to_start()
    yield 2 * DRAW_SECONDS
    session.screenshot("retarget")


def generate_rigify() -> bpy.types.Object:
    """Generate a Rigify rig, the only selected object."""
    import addon_utils

    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    bpy.data.objects["metarig"].hide_set(True)
    rig = bpy.data.objects["rig"]
    for thing in bpy.context.view_layer.objects:
        thing.select_set(thing == rig)
    return rig

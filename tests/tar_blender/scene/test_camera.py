"""The camera projects as the video's camera did, to a fraction of a pixel."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from hypothesis import given, settings
from hypothesis import strategies as st
from mathutils import Matrix, Vector

from tar_blender.scene.build import import_clip
from tar_blender.scene.camera import add_video_background, build_camera, match_render, set_camera
from tar_blender.scene.floor import move
from tar_blender.scene.removal import delete_clip
from tar_blender.util.video_info import read_video_info
from tar_core.camera.placement import WorldPlacement
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.motion import Floor, MotionClip
from tar_core.skeleton import SMPLH_JOINT_NAMES
from tests.support.clips import STEP, phone_video, synthetic_clip
from tests.support.import_options import raw_options
from tests.support.videos import FPS, HEIGHT, WIDTH, ffmpeg, image_number, write_images


def pinhole(points: np.ndarray, clip: MotionClip) -> np.ndarray:
    """Project points [..., 3] in the camera frame to pixels [..., 2], with (0, 0) at the center of the first pixel."""
    return clip.focal_length * points[..., :2] / points[..., 2:] + clip.principal_point


def seen(points: np.ndarray, clip: MotionClip, camera: bpy.types.Object) -> np.ndarray:
    """Project points [N, 3] in the world to pixels [N, 2], as Blender does (from edge to edge)."""
    view = np.array([world_to_camera_view(bpy.context.scene, camera, Vector(point))[:2] for point in points])
    return np.stack([view[:, 0] * clip.width, (1 - view[:, 1]) * clip.height], 1) - 0.5


def test_joints_project_to_the_pixels_of_the_pinhole_camera(
    clip: MotionClip, smplx_points: dict[str, np.ndarray]
) -> None:
    imported = import_clip(clip, bpy.context, raw_options())
    armature = imported.people[0].armature
    for i in range(0, len(clip.people[0]), STEP):
        bpy.context.scene.frame_set(1 + int(clip.people[0].frames[i]))
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        joints = np.array([posed.matrix_world @ posed.pose.bones[name].head for name in SMPLH_JOINT_NAMES])
        error = seen(joints, clip, imported.camera) - pinhole(smplx_points["joints"][i], clip)
        assert np.abs(error).max() < 0.05


@settings(max_examples=25)
@given(
    size=st.tuples(st.integers(64, 4096), st.integers(64, 4096)),
    focal_length=st.floats(0.5, 3),
    center=st.tuples(st.floats(0.3, 0.7), st.floats(0.3, 0.7)),
    height=st.floats(-2, 5),
)
def test_any_camera_projects_exactly(
    size: tuple[int, int], focal_length: float, center: tuple[float, float], height: float
) -> None:
    width, height_px = size
    bpy.ops.wm.read_factory_settings(use_empty=True)
    clip = MotionClip(25, width, height_px, focal_length * max(size), np.array(center) * size, "none.mp4")
    placement = WorldPlacement.level(height)
    camera = build_camera(clip, placement, bpy.context.scene.collection)
    match_render(bpy.context.scene, clip)
    bpy.context.view_layer.update()
    points = np.random.default_rng(0).uniform([-1, -1, 2], [1, 1, 9], (20, 3))
    np.testing.assert_allclose(seen(placement.points(points), clip, camera), pinhole(points, clip), atol=0.02)


def test_rotating_camera_projects_exactly(clip: MotionClip, smplx_points: dict[str, np.ndarray]) -> None:
    last = clip.last_frame
    turns = CameraTrajectory(0, np.linspace([0.0, 0, 0], [0.1, 0.7, -0.2], last + 1))
    turning = replace(clip, camera_trajectory=turns, floor=Floor(np.array([0.1, -0.9, -0.3]), 1.4))
    imported = import_clip(turning, bpy.context, raw_options(start_frame=5))
    assert imported.camera.parent is not None
    armature = imported.people[0].armature
    for i in range(0, len(clip.people[0]), STEP):
        frame = int(clip.people[0].frames[i])
        bpy.context.scene.frame_set(5 + frame)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        joints = np.array([posed.matrix_world @ posed.pose.bones[name].head for name in SMPLH_JOINT_NAMES])
        true = smplx_points["joints"][i] @ turning.camera_rotations(np.array([frame]))[0].T
        assert np.abs(seen(joints, clip, imported.camera) - pinhole(true, clip)).max() < 0.05


def test_moving_and_zooming_camera_projects_exactly(clip: MotionClip, smplx_points: dict[str, np.ndarray]) -> None:
    """The world of the trajectory is Blender's world, whatever the floor is."""
    world = np.eye(4)
    world[:3, :3] = WorldPlacement.on_floor(Floor(np.array([0.1, -0.9, -0.3]), 1.4)).rotation
    world[:3, 3] = 5, -2, 1.7
    count = clip.last_frame + 1
    path = CameraTrajectory(
        0,
        np.linspace([0.0, 0, 0], [0.1, 0.7, -0.2], count),
        np.linspace([0.0, 0, 0], [1.0, -0.3, 0.4], count),
        np.linspace(1, 1.6, count),
        world=world,
    )
    imported = import_clip(replace(clip, camera_trajectory=path), bpy.context, raw_options())
    armature = imported.people[0].armature
    for i in range(0, len(clip.people[0]), STEP):
        frame = int(clip.people[0].frames[i])
        bpy.context.scene.frame_set(1 + frame)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        joints = np.array([posed.matrix_world @ posed.pose.bones[name].head for name in SMPLH_JOINT_NAMES])
        true = smplx_points["joints"][i] @ world[:3, :3].T + world[:3, 3]
        np.testing.assert_allclose(joints, true, atol=1e-4)
        at = np.array([frame])
        own = (smplx_points["joints"][i] - path.positions_at(at)[0]) @ path.rotations_at(at)[0].T
        zoomed = replace(clip, focal_length=clip.focal_length * path.zoom_factors_at(at)[0])
        assert np.abs(seen(joints, clip, imported.camera) - pinhole(own, zoomed)).max() < 0.05
    delete_clip(imported.collection)
    assert not bpy.data.actions and not bpy.data.objects


def test_rotating_camera_moves_with_its_clip(clip: MotionClip) -> None:
    turning = replace(
        clip, camera_trajectory=CameraTrajectory(0, np.linspace([0.0, 0, 0], [0, 0.5, 0], clip.last_frame + 1))
    )
    imported = import_clip(turning, bpy.context, raw_options())
    bpy.context.scene.frame_set(3)
    before = imported.camera.matrix_world.copy()
    transform = Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(0.3, 4, "X")
    move(imported.collection.all_objects, transform)
    bpy.context.view_layer.update()
    np.testing.assert_allclose(imported.camera.matrix_world, transform @ before, atol=1e-5)


def test_portrait_video(clip: MotionClip) -> None:
    portrait = synthetic_clip(width=1080, height=1920, principal_point=(539.5, 959.5))
    imported = import_clip(portrait, bpy.context, raw_options())
    assert (bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y) == (1080, 1920)
    center = imported.placement.points(np.array([[0.0, 0.0, 3.0]]))
    np.testing.assert_allclose(seen(center, portrait, imported.camera), [[539.5, 959.5]], atol=1e-3)


@pytest.mark.parametrize("name", ["call.3gp", "camera.insv", "no_ending", "space.mp4 "])
def test_ending_of_the_background_does_not_matter(
    name: str, clip: MotionClip, tiny_video: Path, tmp_path: Path
) -> None:
    """Blender takes files with unusual endings for pictures, which stay blank."""
    video = tmp_path / name
    video.write_bytes(tiny_video.read_bytes())
    camera = build_camera(clip, WorldPlacement.level(), bpy.context.scene.collection)
    add_video_background(camera, video, start_frame=1)
    image = camera.data.background_images[0].image
    assert (tuple(image.size), image.frame_duration) == ((64, 48), 12)


def test_tilted_camera_projects_exactly(clip: MotionClip, smplx_points: dict[str, np.ndarray]) -> None:
    tilted = replace(clip, floor=Floor(np.array([0.1, -0.9, -0.3]), 1.4))
    test_joints_project_to_the_pixels_of_the_pinhole_camera(tilted, smplx_points)
    assert abs(bpy.context.scene.camera.location.z - 1.4) < 1e-6


def test_video_is_the_background(clip: MotionClip, tiny_video: Path) -> None:
    camera = build_camera(clip, WorldPlacement.level(), bpy.context.scene.collection)
    add_video_background(camera, tiny_video, start_frame=101, opacity=0.4)
    (background,) = camera.data.background_images
    assert camera.data.show_background_images
    assert background.alpha == pytest.approx(0.4)
    assert background.rotation == 0 and background.scale == 1
    assert not background.image.has_data, "an import must not open the video, which takes too long"
    assert tuple(background.image.size) == (64, 48)


@pytest.mark.parametrize("speed", [1, 0.5, 2.5, (30000 / 1001) / 24])
def test_background_shows_the_right_frame(clip: MotionClip, tiny_video: Path, tmp_path: Path, speed: float) -> None:
    camera = build_camera(clip, WorldPlacement.level(), bpy.context.scene.collection)
    add_video_background(camera, tiny_video, start_frame=11, speed=speed)
    bpy.context.scene.camera = camera
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    for elapsed in (-9, -1, 0, 1, 2, 3, 4, 7, 10, 30, 999):
        bpy.context.scene.frame_set(11 + elapsed)
        data = bpy.context.scene.camera.data
        user = data.evaluated_get(bpy.context.evaluated_depsgraph_get()).background_images[0].image_user
        # The computation in Blender, which counts frames from 1.
        shown = min(max(11 + elapsed - user.frame_start + 1, 0), user.frame_duration) + user.frame_offset - 1
        assert min(max(shown, 0), 11) == min(max(int(elapsed * speed + 0.001), 0), 11), (
            "before and after the video, its first and last frame are shown"
        )


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_phone_video_is_shown_upright(clip: MotionClip, tiny_video: Path, tmp_path: Path, rotation: int) -> None:
    """The appearance in a window is checked by tests/support/window.py."""
    camera = build_camera(clip, WorldPlacement.level(), bpy.context.scene.collection)
    add_video_background(camera, phone_video(tiny_video, rotation, tmp_path / "phone.mp4"), 1)
    (background,) = camera.data.background_images
    lies_sideways = rotation in (90, 270)
    if tuple(background.image.size) == ((48, 64) if lies_sideways else (64, 48)) and bpy.app.version >= (4, 4):
        rotation, lies_sideways = 0, False  # Blender rotates it itself
    assert background.rotation == pytest.approx(-np.radians(rotation))
    assert background.scale == pytest.approx(64 / 48 if lies_sideways else 1)
    assert background.frame_method == ("FIT" if lies_sideways else "STRETCH")


def test_mirrored_video_is_mirrored(clip: MotionClip, tiny_video: Path, tmp_path: Path) -> None:
    camera = build_camera(clip, WorldPlacement.level(), bpy.context.scene.collection)
    mirrored = ffmpeg("-display_hflip", "-i", tiny_video, "-c", "copy", tmp_path / "selfie.mp4")
    add_video_background(camera, mirrored, 1)
    (background,) = camera.data.background_images
    assert background.use_flip_y
    # Newer versions of Blender have turned it by 180 degrees already.
    assert background.rotation == pytest.approx(0 if bpy.app.version >= (4, 4) else -np.pi)


@pytest.fixture
def shown_image() -> Iterator[Callable[[Path, int], np.ndarray]]:
    """Show an image of a movie, counted from 1, with the compositor, which plays movies like camera backgrounds."""
    cv2 = pytest.importorskip("cv2", reason="reads the rendered pictures")
    scene = bpy.data.scenes.new("Movie")
    scene.use_nodes = True
    nodes = scene.node_tree.nodes
    nodes.clear()
    player, output = nodes.new("CompositorNodeImage"), nodes.new("CompositorNodeComposite")
    scene.node_tree.links.new(player.outputs[0], output.inputs[0])
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.view_settings.view_transform = "Raw"
    folder = Path(tempfile.mkdtemp())
    scene.render.filepath = str(folder / "shown.png")

    def show(video: Path, number: int) -> np.ndarray:
        player.image = bpy.data.images.load(str(video), check_existing=True)
        player.frame_duration, player.frame_offset = 1000, number - bpy.context.scene.frame_current
        bpy.ops.render.render(write_still=True, scene=scene.name)
        return np.asarray(cv2.imread(scene.render.filepath))[..., ::-1]

    yield show
    shutil.rmtree(folder)
    bpy.data.scenes.remove(scene)


@pytest.mark.skipif(bpy.app.version >= (5, 0), reason="the compositor is set up in another way")
@pytest.mark.parametrize(
    ("kept", "name"),
    [
        ("1", "constant.mp4"),
        ("gte(n,15)+not(mod(n,3))", "slow_start.mp4"),
        ("gte(n,15)+not(mod(n,3))", "slow_start.mkv"),
        ("gte(n,45)+not(mod(n,3))", "mostly_slow.mp4"),
        ("lt(n,4)+not(mod(n,2))", "fast_start.mp4"),  # Blender counts twice as many frames as the engine
        ("lt(n,4)+not(mod(n,2))", "fast_start.mkv"),
        ("1", "delayed.mkv"),
    ],
)
def test_background_shows_the_image_of_the_capture(
    kept: str, name: str, clip: MotionClip, tmp_path: Path, shown_image: Callable[[Path, int], np.ndarray]
) -> None:
    source = write_images(tmp_path / "source.mp4", 60)
    irregular = ("-vf", f"select='{kept}'", "-fps_mode", "vfr")
    delay = ("-output_ts_offset", "5" if "delayed" in name else "0")
    from tar_core.video.reader import VideoReader

    video = ffmpeg("-i", source, *irregular, "-c:v", "libx264", "-bf", "2", *delay, tmp_path / name)
    reader, info = VideoReader(video), read_video_info(video)
    is_counted_alike = abs(info.blender_fps / reader.fps - 1) < 0.1
    assert is_counted_alike != name.startswith("fast_start")
    if name.endswith(".mp4"):
        assert (info.fps, info.frames) == (reader.fps, reader.frame_count)
    camera = build_camera(clip, WorldPlacement.level(), bpy.context.scene.collection)
    add_video_background(camera, video, 1, fps=reader.fps)
    scene = bpy.context.scene
    scene.camera = camera
    images = [image_number(frame.image) for frame in reader.frames()]
    for index in range(0, len(images), 11):
        scene.frame_set(1 + index)
        data = camera.data.evaluated_get(bpy.context.evaluated_depsgraph_get())
        user = data.background_images[0].image_user
        number = min(max(scene.frame_current - user.frame_start + 1, 0), user.frame_duration) + user.frame_offset
        shown = image_number(shown_image(video, number))
        if is_counted_alike:  # where the file lacks an image, Blender shows the one before, the capture the nearest
            assert shown == images[index] or shown == max(image for image in images if image < images[index])
        else:
            assert abs(shown / FPS * reader.fps - index) <= 0.51, "not the nearest image"


def test_missing_and_unreadable_videos_are_reported(clip: MotionClip, tmp_path: Path) -> None:
    camera = build_camera(clip, WorldPlacement.level(), bpy.context.scene.collection)
    with pytest.raises(TarError, match="move the video back"):
        add_video_background(camera, tmp_path / "gone.mp4", 1)
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    with pytest.raises(TarError, match="convert it"):
        add_video_background(camera, text, 1)
    assert not camera.data.background_images and not bpy.data.movieclips and not bpy.data.images


def test_an_object_to_which_the_user_has_parented_a_moving_camera_stays_in_place(clip: MotionClip) -> None:
    turns = np.linspace([0.0, 0, 0], [0, 0.5, 0], clip.last_frame + 1)
    moving = replace(clip, camera_trajectory=CameraTrajectory(0, turns))
    imported = import_clip(moving, bpy.context, raw_options())
    crane = bpy.data.objects.new("Crane", None)
    bpy.context.scene.collection.objects.link(crane)
    crane.location = (1, 2, 3)
    imported.camera.parent = crane
    set_camera(imported.camera, imported.clip, imported.placement, 1)
    assert tuple(crane.location) == (1, 2, 3) and "tar_placement" not in crane

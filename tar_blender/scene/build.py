"""A MotionClip becomes a collection in the scene: people, camera, video."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from tar_core.body.data import BodyData, load_body
from tar_core.camera.placement import WorldPlacement
from tar_core.camera.world import with_camera_trajectory
from tar_core.cleanup.contacts import sole_points
from tar_core.cleanup.foot_locking import lock_clip_feet
from tar_core.cleanup.ground_plane import MIN_CONFIDENCE, find_floor
from tar_core.cleanup.lean_correction import correct_clip_lean
from tar_core.cleanup.path_scale import SCALE_TOLERANCE, scale_from_feet
from tar_core.cleanup.resampling import resample_clip
from tar_core.cleanup.smoothing import smooth_clip
from tar_core.cleanup.uncertainty import uncertain_ranges
from tar_core.errors import TarError
from tar_core.motion import Floor, MotionClip, PersonMotion

from ..util.incremental import Incremental, finish, in_thread
from .animated_camera import AnimatedCamera, animated_camera_steps, find_camera
from .armature import build_armature
from .body_mesh import body_steps, build_skin_material
from .camera import add_video_background, build_camera, match_render
from .ground import camera_height
from .keyframes import follow_visibility, motion_steps
from .metadata import mark_floor, mark_person, mark_uncertain_ranges

_PERCENTILE = 5.0  # of all frames' lowest soles: a single frame that dips too low does not count


@dataclass(frozen=True)
class ImportOptions:
    """How a clip enters the scene.

    Attributes:
        start_frame: the scene frame of video frame 0.
        smoothing: 0..1, see tar_core/cleanup/smoothing.py.
        lean_correction: people who lean too far towards the camera or away are put right, see
            tar_core/cleanup/lean_correction.py.
        foot_locking: 0..1, see tar_core/cleanup/foot_locking.py.
        on_ground: the camera stands above z = 0 as the floor says, or level at the height at which the feet are
            on z = 0; else it is level at the world's origin.
        focal_length: focal length in pixels to use instead of the captured motion's.
        with_body: also makes the skinned bodies, not only the armatures.
        keep_frame_rate: the motion is resampled to the scene's frame rate; else the scene takes the video's.
        match_resolution: the scene renders at the video's size.
        show_video: the video stands behind the scene.
        background_opacity: of the video behind the scene, 0..1.
        camera: the name of a camera in the file whose animation is the video's camera; people are placed in its world.
        placement: where the camera frame lies in the world, instead of what `on_ground` says.
    """

    start_frame: int = 1
    smoothing: float = 0.0
    lean_correction: bool = False
    foot_locking: float = 0.0
    on_ground: bool = True
    focal_length: float | None = None
    with_body: bool = True
    keep_frame_rate: bool = False
    match_resolution: bool = True
    show_video: bool = True
    background_opacity: float = 1.0
    camera: str | None = None
    placement: WorldPlacement | None = None

    def settings(self) -> dict[str, Any]:
        """All but the placement, which only scripts give, in a form that JSON takes."""
        return {name: value for name, value in asdict(self).items() if name != "placement"}


@dataclass(frozen=True)
class ImportedPerson:
    person_id: int
    armature: bpy.types.Object
    body: bpy.types.Object | None
    action: bpy.types.Action


@dataclass(frozen=True)
class ImportedClip:
    """What an import made.

    Attributes:
        clip: the motion as it entered the scene, see `adapt_clip`.
        warnings: for the user: what could not be done, and what to do about it.
    """

    collection: bpy.types.Collection
    camera: bpy.types.Object
    placement: WorldPlacement
    people: list[ImportedPerson]
    clip: MotionClip
    warnings: list[str] = field(default_factory=list)


def import_clip(clip: MotionClip, context: bpy.types.Context, options: ImportOptions | None = None) -> ImportedClip:
    """`import_steps` at once."""
    return finish(import_steps(clip, context, options))


def import_steps(
    clip: MotionClip, context: bpy.types.Context, options: ImportOptions | None = None
) -> Incremental[ImportedClip]:
    """Builds everything of the clip in one collection named after it, and fits the scene to it.

    The scene's range and camera become the clip's, and its frame rate and resolution unless the options say otherwise.
    A failure leaves the file as it was, and so does closing the generator. Nobody else may change the file between two
    steps.

    Raises:
        TarError: the clip has no people, or the body file that it names is missing or not a body.
    """
    options = options or ImportOptions()
    if not clip.people:
        raise TarError("the motion has no people in it; capture the video again with other settings")
    scene = context.scene
    speed = clip.fps / frame_rate(scene) if options.keep_frame_rate else 1.0
    rate = frame_rate(scene)
    given, own = None, None
    warnings: list[str] = []
    is_filmed = Path(clip.source).suffix.lower() != ".npz"  # else it is motion that no camera saw
    if options.camera is not None and is_filmed:
        given = find_camera(options.camera)
        own = yield from _animated_camera(clip, scene, given, options, speed)
        warnings += yield from in_thread(partial(_about_scale, clip, own))
    clip, body, placement, about_floor = yield from in_thread(lambda: _prepare(clip, options, rate, own))
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")

    with _all_or_nothing():
        collection = bpy.data.collections.new(Path(clip.source).stem or "TAR")
        scene.collection.children.link(collection)
        mark_floor(collection, about_floor)
        camera = given or build_camera(clip, placement, collection, options.start_frame)
        yield
        if given is None and options.show_video and is_filmed:
            try:
                add_video_background(
                    camera, Path(clip.source), options.start_frame, options.background_opacity, round(speed, 6)
                )
            except TarError as error:
                warnings.append(str(error))
        yield
        material = build_skin_material() if options.with_body else None
        # All armatures first: making bones evaluates the scene, which takes tens of milliseconds once bodies are in it.
        armatures = []
        for person in clip.people:
            yield
            armatures.append(build_armature(context, _name(person), body, person.betas, collection))
        people = []
        for person, armature in zip(clip.people, armatures, strict=True):
            yield
            imported = yield from _person_steps(
                armature, person, body, placement, options.start_frame, collection, material
            )
            mark_uncertain_ranges(imported.armature, uncertain_ranges(person, clip.fps), options.start_frame)
            people.append(imported)
        yield
        scene.camera = camera
        if options.match_resolution:
            match_render(scene, clip)
        set_frame_rate(scene, clip.fps)
        scene.frame_start = options.start_frame + min(int(person.frames[0]) for person in clip.people)
        scene.frame_end = options.start_frame + clip.last_frame
        scene.frame_set(scene.frame_start)
    return ImportedClip(collection, camera, placement, people, clip, warnings)


def _prepare(
    clip: MotionClip, options: ImportOptions, scene_rate: float, own: AnimatedCamera | None
) -> tuple[MotionClip, BodyData, WorldPlacement, str]:
    """What can be computed without touching Blender's data: clip, body, placement, and what to say of the floor."""
    body = clip_body(clip)
    if own is not None:
        clip = before_camera(clip, body, own)
    clip = adapt_clip(clip, body, options, scene_rate)
    path = clip.camera_trajectory
    if options.placement is None and path is not None and path.world is not None:
        placement = WorldPlacement.in_world(path.world)
        return clip, body, placement, f"In its camera's world, feet {_lowest(clip, body, placement):+.2f} m above z = 0"
    if options.placement is not None or not options.on_ground:
        return clip, body, options.placement or WorldPlacement.level(), ""
    floor = clip_floor(clip, body, locked=options.foot_locking == 1)
    about = _about(floor)
    if path is not None:
        about += f", {path}"
    return clip, body, place_on(floor, clip, body), about


def _animated_camera(
    clip: MotionClip, scene: bpy.types.Scene, camera: bpy.types.Object, options: ImportOptions, speed: float
) -> Incremental[AnimatedCamera]:
    """What the camera does while anybody is in the clip; `speed` is frames of the video for each of the scene."""
    first = min(int(person.frames[0]) for person in clip.people)
    frames = options.start_frame + np.arange(first, clip.last_frame + 1) / speed
    return (yield from animated_camera_steps(scene, camera, frames, first, (clip.width, clip.height)))


def before_camera(clip: MotionClip, body: BodyData, camera: AnimatedCamera) -> MotionClip:
    """The clip as a given camera saw it, in that camera's world."""
    seen = (
        with_camera_trajectory(clip, None, body)
        .with_focal_length(camera.focal_length)
        .with_principal_point(camera.principal_point)
    )
    return with_camera_trajectory(seen, camera.trajectory, body)


def clip_body(clip: MotionClip) -> BodyData:
    """The body that the clip's motion belongs to."""
    return load_body(None if clip.body == "free" else Path(clip.body))


def _about_scale(clip: MotionClip, camera: AnimatedCamera) -> list[str]:
    """What to tell the user of the length of a given camera's way; before feet are locked, which hides it."""
    body = clip_body(clip)
    scale = scale_from_feet(before_camera(clip, body, camera), body)
    if scale is None or 1 / SCALE_TOLERANCE < scale < SCALE_TOLERANCE:
        return []
    return [
        f"feet would stand better if the camera's way were {scale:.2g} times as long: scale the camera's world by that,"
        " and re-import"
    ]


def _lowest(clip: MotionClip, body: BodyData, placement: WorldPlacement) -> float:
    """The height of the floor on which everybody's lowest soles are, meters."""
    heights = [placement.points(sole_points(person, body))[..., 2].min(1) for person in clip.people]
    return float(np.percentile(np.concatenate(heights), _PERCENTILE))


def _about(floor: Floor | None) -> str:
    """For the panel."""
    if floor is None:
        return "No floor found, level camera"
    camera = "" if floor.confidence >= MIN_CONFIDENCE else ", level camera"
    return f"Floor {100 * floor.confidence:.0f}% sure{camera}"


def place_clip(clip: MotionClip, body: BodyData, on_ground: bool) -> WorldPlacement:
    """Where the camera stands: as the floor says, if there is one to trust.

    Else it is level, at the height that brings the feet to z = 0.
    """
    return place_on(clip_floor(clip, body), clip, body) if on_ground else WorldPlacement.level()


def place_on(floor: Floor | None, clip: MotionClip, body: BodyData) -> WorldPlacement:
    """As `place_clip`, with the answer of `clip_floor`."""
    if floor is not None and (clip.floor is not None or floor.confidence >= MIN_CONFIDENCE):
        return WorldPlacement.on_floor(floor)
    return WorldPlacement.level(camera_height(clip.people, body))


def clip_floor(clip: MotionClip, body: BodyData, locked: bool = False) -> Floor | None:
    """The floor that the clip knows, or the one that its motion tells, however doubtful; None where there is none."""
    return clip.floor if clip.floor is not None else find_floor(clip, body, locked)


def adapt_clip(clip: MotionClip, body: BodyData, options: ImportOptions, scene_rate: float) -> MotionClip:
    """The motion as it enters the scene: with the options' smoothing, focal length, balance, feet and frame rate.

    Args:
        scene_rate: the scene's frames a second.
    """
    if options.smoothing > 0:
        clip = smooth_clip(clip, options.smoothing)
    if options.focal_length is not None and options.camera is None:
        clip = clip.with_focal_length(options.focal_length)
    if options.lean_correction:
        clip = correct_clip_lean(clip, body)
    clip = lock_clip_feet(clip, body, options.foot_locking)
    return resample_clip(clip, scene_rate) if options.keep_frame_rate else clip


def frame_rate(scene: bpy.types.Scene) -> float:
    """The scene's frames a second."""
    return scene.render.fps / scene.render.fps_base


def set_frame_rate(scene: bpy.types.Scene, fps: float) -> None:
    """Blender's rate is a whole number over a base: 29.97 is 30 / 1.001."""
    scene.render.fps = max(1, round(fps))
    scene.render.fps_base = scene.render.fps / fps


def _name(person: PersonMotion) -> str:
    return f"Person {person.person_id}"


def _person_steps(
    armature: bpy.types.Object,
    person: PersonMotion,
    body: BodyData,
    placement: WorldPlacement,
    start_frame: int,
    collection: bpy.types.Collection,
    material: bpy.types.Material | None,
) -> Incremental[ImportedPerson]:
    """Without a material there is no body."""
    mesh = None
    if material is not None:
        mesh = yield from body_steps(f"{_name(person)} Body", body, person.betas, armature, collection, material)
    yield
    action = yield from motion_steps(armature, person, placement, start_frame)
    if mesh is not None:
        follow_visibility(mesh, armature)
    mark_person(armature, person.person_id)
    return ImportedPerson(person.person_id, armature, mesh, action)


# The kinds of data that an import makes, users before what they use.
_DATA_KINDS = (
    "objects",
    "collections",
    "armatures",
    "meshes",
    "cameras",
    "actions",
    "images",
    "materials",
)


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """Removes whatever was added to the file inside the block if the block fails."""
    before = {kind: set(getattr(bpy.data, kind)) for kind in _DATA_KINDS}
    try:
        yield
    except BaseException:
        added = [item for kind in _DATA_KINDS for item in set(getattr(bpy.data, kind)) - before[kind]]
        bpy.data.batch_remove(added)
        raise

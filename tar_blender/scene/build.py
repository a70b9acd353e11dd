"""Import of a MotionClip: a collection in the scene with people, camera and background video."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import bpy
import numpy as np

from tar_core.body.data import BodyData, body_of_clip
from tar_core.camera.placement import WorldPlacement
from tar_core.camera.world import with_camera_trajectory
from tar_core.cleanup.camera_height import feet_height
from tar_core.cleanup.ground_plane import MIN_CONFIDENCE
from tar_core.cleanup.kinematics import kinematics_of
from tar_core.cleanup.pipeline import clean_up
from tar_core.cleanup.plausibility import plausibility_of
from tar_core.cleanup.trajectory_scale import SCALE_TOLERANCE, scale_from_feet
from tar_core.cleanup.uncertainty import UncertainRange, uncertain_ranges
from tar_core.errors import TarError
from tar_core.lens import short_focal_length_text
from tar_core.motion import Floor, MotionClip, PersonMotion

from ..util.blender_types import scene_of
from ..util.incremental import Incremental, finish, in_thread
from .animated_camera import AnimatedCamera, animated_camera_steps, find_camera
from .armature import build_armature
from .body_mesh import body_steps, build_skin_material
from .camera import add_video_background, build_camera, match_render
from .frame_rate import frame_rate, set_frame_rate
from .keyframes import follow_visibility, motion_steps
from .markers import add_marker
from .metadata import mark_floor, mark_implausible_ranges, mark_lens, mark_person, mark_uncertain_ranges
from .options import ImportOptions


@dataclass(frozen=True)
class ImportedPerson:
    """The data that an import created for one person.

    Attributes:
        person_id: number given by the tracker.
        armature: the armature object.
        body: the body's mesh object; None if only the armature was created.
        action: the person's motion.
    """

    person_id: int
    armature: bpy.types.Object
    body: bpy.types.Object | None
    action: bpy.types.Action


@dataclass(frozen=True)
class ImportedClip:
    """What an import created.

    Attributes:
        collection: contains all objects of the clip.
        camera: the camera that the import created, or the user's animated camera.
        placement: transformation from the camera frame to the world.
        people: the data of each person.
        clip: the motion in the scene, after the clean-up.
        warnings: messages for the user: what could not be done, and what to do about it.
    """

    collection: bpy.types.Collection
    camera: bpy.types.Object
    placement: WorldPlacement
    people: list[ImportedPerson]
    clip: MotionClip
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PreparedClip:
    """The data to build; see `clean_up`.

    Attributes:
        clip: the motion after the clean-up.
        body: the clip's body.
        placement: transformation from the camera frame to the world.
        about_floor: text about the floor for the People panel.
        implausible: for each person of the clip, the ranges in which the motion is implausible.
    """

    clip: MotionClip
    body: BodyData
    placement: WorldPlacement
    about_floor: str
    implausible: list[tuple[UncertainRange, ...]]


def import_clip(clip: MotionClip, context: bpy.types.Context, options: ImportOptions | None = None) -> ImportedClip:
    """Import a clip without interruption; see `import_steps`."""
    (imported,) = finish(import_steps([clip], context, options))
    return imported


def import_steps(
    clips: Sequence[MotionClip], context: bpy.types.Context, options: ImportOptions | None = None
) -> Incremental[list[ImportedClip]]:
    """Build the clips of a video in one collection each, and adapt the scene to them.

    The scene takes the frame range and the camera of the clips, and their frame rate and resolution if the options say
    so. A marker at the beginning of each shot makes its camera the active one. If a step fails or the generator is
    closed, the file is unchanged. Nothing else may change the file between steps.

    Raises:
        TarError: a clip has no people, or its body file cannot be read.
    """
    options = options or ImportOptions()
    if not all(clip.people for clip in clips):
        raise TarError("the motion contains no people; capture the video again with other settings")
    scene = scene_of(context)
    with _all_or_nothing():
        imported = []
        for clip in clips:
            imported.append((yield from _clip_steps(clip, context, options)))
        yield
        scene.camera = imported[0].camera
        if options.match_resolution:
            match_render(scene, imported[0].clip)
        _mark_shots(scene, imported, options)
        _set_frames(scene, [built.clip for built in imported], options.start_frame)
    return imported


def _clip_steps(clip: MotionClip, context: bpy.types.Context, options: ImportOptions) -> Incremental[ImportedClip]:
    """Build a clip."""
    scene = scene_of(context)
    scene_rate = frame_rate(scene)
    speed = clip.fps / scene_rate if options.keep_frame_rate else 1.0
    given, animated = None, None
    warnings: list[str] = []
    if options.camera is not None and _is_filmed(clip):
        given = find_camera(options.camera)
        animated = yield from _animated_camera(clip, scene, given, options, speed)
        warnings += yield from in_thread(partial(_scale_warnings, clip, animated))
    prepared = yield from in_thread(lambda: prepare(clip, options, scene_rate, animated))
    clip = prepared.clip
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    collection = bpy.data.collections.new(_with_shot(Path(clip.source).stem or "TAR", clip))
    scene.collection.children.link(collection)
    mark_floor(collection, prepared.about_floor)
    if _is_filmed(clip) and given is None:
        mark_lens(collection, short_focal_length_text(clip))
    camera = given or build_camera(clip, prepared.placement, collection, options.start_frame)
    yield
    if given is None and options.show_video and _is_filmed(clip):
        warnings += _add_background(camera, clip, options.start_frame, speed)
    yield
    people = yield from _people_steps(context, prepared, options, collection)
    return ImportedClip(collection, camera, prepared.placement, people, clip, warnings)


def prepare(clip: MotionClip, options: ImportOptions, scene_rate: float, camera: AnimatedCamera | None) -> PreparedClip:
    """Clean up the clip and place it in the world, without access to Blender's data.

    Args:
        clip: the captured motion.
        options: the options of the import.
        scene_rate: frames per second of the scene.
        camera: the user's animated camera, if the clip is placed in its world.
    """
    body = body_of_clip(clip)
    if camera is not None:
        clip = in_front_of(camera, clip, body)
    clean = clean_up(
        clip,
        body,
        options,
        focal_length=options.focal_length if options.camera is None else None,
        on_ground=options.on_ground and options.placement is None,
        fps=scene_rate if options.keep_frame_rate else None,
    )
    placement = options.placement or clean.placement
    trajectory = clean.clip.camera_trajectory
    in_world = options.placement is None and trajectory is not None and trajectory.world is not None
    has_floor = options.on_ground and options.placement is None and not in_world
    about = ""
    if in_world:
        height = feet_height(clean.clip.people, body, placement)
        about = f"In the camera's world, feet {height:+.2f} m above z = 0"
    elif has_floor:
        about = ", ".join(filter(None, (_floor_text(clean.floor), str(trajectory or ""))))
    implausible = [
        plausibility_of([kinematics_of(person, clean.clip, body, placement, has_floor)]).ranges
        for person in clean.clip.people
    ]
    return PreparedClip(clean.clip, body, placement, about, implausible)


def in_front_of(camera: AnimatedCamera, clip: MotionClip, body: BodyData) -> MotionClip:
    """Place a clip in the world of the camera that filmed it."""
    seen = with_camera_trajectory(clip, None, body).with_focal_length(camera.focal_length)
    return with_camera_trajectory(seen.with_principal_point(camera.principal_point), camera.trajectory, body)


def _is_filmed(clip: MotionClip) -> bool:
    """Whether the motion was captured from a video, not read from a file of another program."""
    return Path(clip.source).suffix.lower() != ".npz"


def _animated_camera(
    clip: MotionClip, scene: bpy.types.Scene, camera: bpy.types.Object, options: ImportOptions, speed: float
) -> Incremental[AnimatedCamera]:
    """Sample the animation of the camera in the frames of the clip.

    Args:
        speed: video frames per scene frame.
    """
    first = min(int(person.frames[0]) for person in clip.people)
    frames = options.start_frame + np.arange(first, clip.last_frame + 1) / speed
    return (yield from animated_camera_steps(scene, camera, frames, first, (clip.width, clip.height)))


def _scale_warnings(clip: MotionClip, camera: AnimatedCamera) -> list[str]:
    """Warn if the scale of the camera trajectory seems wrong. Foot locking would hide that, so it comes later."""
    body = body_of_clip(clip)
    scale = scale_from_feet(in_front_of(camera, clip, body), body)
    if scale is None or 1 / SCALE_TOLERANCE < scale < SCALE_TOLERANCE:
        return []
    return [
        f"feet would slide less if the camera trajectory were {scale:.2g} times as long; scale the world of the "
        "camera by this factor and re-import"
    ]


def _floor_text(floor: Floor | None) -> str:
    """Text about the floor for the People panel."""
    if floor is None:
        return "No floor found, level camera"
    camera = "" if floor.confidence >= MIN_CONFIDENCE else ", level camera"
    return f"Floor confidence {100 * floor.confidence:.0f}%{camera}"


def _add_background(camera: bpy.types.Object, clip: MotionClip, start_frame: int, speed: float) -> list[str]:
    """Show the video in the background of the camera view. Returns a warning if that fails."""
    try:
        add_video_background(camera, Path(clip.source), start_frame, 1.0, round(speed, 6), clip.fps)
    except TarError as error:
        return [str(error)]
    return []


def _with_shot(name: str, clip: MotionClip) -> str:
    return name if clip.shot is None else f"{name} {clip.shot.name}"


def _mark_shots(scene: bpy.types.Scene, imported: Sequence[ImportedClip], options: ImportOptions) -> None:
    """Add a marker for the camera of each shot, unless the user's camera films all of them."""
    for built in imported:
        if built.clip.shot is not None and built.camera.name in built.collection.all_objects:
            add_marker(scene, built.clip.shot.name, options.start_frame + built.clip.shot.first, built.camera)


def _set_frames(scene: bpy.types.Scene, clips: Sequence[MotionClip], start_frame: int) -> None:
    """Set the frame rate and the frame range of the scene, and go to the first frame."""
    set_frame_rate(scene, clips[0].fps)
    scene.frame_start = start_frame + min(int(person.frames[0]) for clip in clips for person in clip.people)
    scene.frame_end = start_frame + max(clip.last_frame for clip in clips)
    scene.frame_set(scene.frame_start)


def _people_steps(
    context: bpy.types.Context, prepared: PreparedClip, options: ImportOptions, collection: bpy.types.Collection
) -> Incremental[list[ImportedPerson]]:
    material = build_skin_material() if options.with_body else None
    # Build all armatures first. Adding bones evaluates the scene, which is slow as soon as it contains bodies.
    armatures = []
    for person in prepared.clip.people:
        yield
        armatures.append(build_armature(context, _name(person), prepared.body, person.betas, collection))
    people = []
    for person, armature, implausible in zip(prepared.clip.people, armatures, prepared.implausible, strict=True):
        yield
        imported = yield from _person_steps(armature, person, prepared, options.start_frame, collection, material)
        mark_uncertain_ranges(armature, uncertain_ranges(person, prepared.clip.fps), options.start_frame)
        mark_implausible_ranges(armature, implausible, options.start_frame)
        people.append(imported)
    return people


def _name(person: PersonMotion) -> str:
    return f"Person {person.person_id}"


def _person_steps(
    armature: bpy.types.Object,
    person: PersonMotion,
    prepared: PreparedClip,
    start_frame: int,
    collection: bpy.types.Collection,
    material: bpy.types.Material | None,
) -> Incremental[ImportedPerson]:
    """Build one person, without a body if there is no material for it."""
    mesh = None
    if material is not None:
        mesh = yield from body_steps(
            f"{_name(person)} Body", prepared.body, person.betas, armature, collection, material
        )
    yield
    action = yield from motion_steps(armature, person, prepared.placement, start_frame)
    if mesh is not None:
        follow_visibility(mesh, armature)
    mark_person(armature, person.person_id)
    return ImportedPerson(person.person_id, armature, mesh, action)


# The kinds of data that an import creates, in an order in which users precede the data that they use.
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
    """Remove the data that the block has added to the file if the block fails."""
    before = {kind: set(getattr(bpy.data, kind)) for kind in _DATA_KINDS}
    try:
        yield
    except BaseException:
        added = [item for kind in _DATA_KINDS for item in set(getattr(bpy.data, kind)) - before[kind]]
        bpy.data.batch_remove(added)
        raise

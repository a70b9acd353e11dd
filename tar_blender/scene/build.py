"""Import of a MotionClip: a collection in the scene with people, camera and background video."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import bpy
import numpy as np

from tar_core.body.data import BodyData, body_of_clip
from tar_core.camera.placement import WorldPlacement
from tar_core.cleanup.camera_height import feet_height, hover_text
from tar_core.cleanup.ground_plane import MIN_CONFIDENCE
from tar_core.cleanup.kinematics import kinematics_of
from tar_core.cleanup.pipeline import finish as finish_clip
from tar_core.cleanup.plausibility import plausibility_of
from tar_core.cleanup.uncertainty import UncertainRange, uncertain_ranges
from tar_core.errors import TarError, shown_text
from tar_core.lens import short_focal_length_text
from tar_core.motion import Floor, MotionClip, PersonMotion

from ..util.blender_types import scene_of
from ..util.incremental import Incremental, finish, in_thread
from .all_or_nothing import all_or_nothing
from .animated_camera import AnimatedCamera, animated_camera_steps, find_camera, in_front_of, scale_warnings
from .armature import build_armature
from .body_mesh import body_steps
from .camera import SAME_RATE, add_video_background, build_camera
from .contacts import show_contacts
from .face_keys import face_steps
from .keyframes import follow_visibility, hide_absent, motion_steps
from .mannequin import mannequin_materials
from .markers import add_marker
from .metadata import (
    ClipRecord,
    color_of,
    last_color,
    mark_body,
    mark_clip,
    mark_floor,
    mark_implausible_ranges,
    mark_key_rate,
    mark_lens,
    mark_person,
    mark_uncertain_ranges,
)
from .options import ImportOptions
from .scene_settings import adapt_scene, is_in_use, resampling_rate
from .settling import NO_EDITS, PeopleEdits, settled_clip
from .sound import add_sounds


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
        about_scene: what was changed or kept in the scene.
    """

    collection: bpy.types.Collection
    camera: bpy.types.Object
    placement: WorldPlacement
    people: list[ImportedPerson]
    clip: MotionClip
    warnings: list[str] = field(default_factory=list)
    about_scene: str = ""


@dataclass(frozen=True)
class PreparedClip:
    """The data to build; see `prepare`.

    Attributes:
        clip: the motion after the clean-up.
        body: the clip's body.
        placement: transformation from the camera frame to the world.
        about_floor: text about the floor for the People panel.
        implausible: for each person of the clip, the ranges in which the motion is implausible.
        contacts: for each person of the clip, the frames [N, 4] in which feet and hands (EFFECTORS) are locked.
        given_camera: the user's animated camera, if the clip is placed in its world.
        speed: video frames per scene frame.
        warnings: messages for the user.
    """

    clip: MotionClip
    body: BodyData
    placement: WorldPlacement
    about_floor: str
    implausible: list[tuple[UncertainRange, ...]]
    contacts: list[np.ndarray]
    given_camera: bpy.types.Object | None = None
    speed: float = 1.0
    warnings: list[str] = field(default_factory=list)


def import_clip(clip: MotionClip, context: bpy.types.Context, options: ImportOptions | None = None) -> ImportedClip:
    """Import a clip without interruption; see `import_steps`."""
    (imported,) = finish(import_steps([clip], context, options))
    return imported


def import_steps(
    clips: Sequence[MotionClip], context: bpy.types.Context, options: ImportOptions | None = None
) -> Incremental[list[ImportedClip]]:
    """Prepare and build the clips of a video; see `prepare_steps` and `build_steps`."""
    options = options or ImportOptions()
    prepared = yield from prepare_steps(clips, context, options)
    return (yield from build_steps(prepared, context, options))


def prepare_steps(
    clips: Sequence[MotionClip], context: bpy.types.Context, options: ImportOptions
) -> Incremental[list[PreparedClip]]:
    """Clean up the clips of a video. The user may change the file meanwhile, unless the options name a camera.

    Raises:
        TarError: a clip has no people, its body file cannot be read, or the camera is missing.
    """
    if not all(clip.people for clip in clips):
        raise TarError("the motion contains no people; capture the video again with other settings")
    scene_rate = resampling_rate(scene_of(context), options)
    prepared = []
    for clip in clips:
        prepared.append((yield from prepared_steps(clip, context, options, scene_rate)))
    return prepared


def build_steps(
    prepared: Sequence[PreparedClip], context: bpy.types.Context, options: ImportOptions
) -> Incremental[list[ImportedClip]]:
    """Build the clips of a video in one collection each, and adapt the scene to them (`scene_settings`).

    A marker at the beginning of each shot makes its camera the active one. If a step fails or the generator is
    closed, the file is unchanged. Nothing else may change the file between steps.
    """
    scene = scene_of(context)
    in_use, used_colors = is_in_use(scene), last_color()
    with all_or_nothing():
        imported = []
        for clip in prepared:
            imported.append((yield from _clip_steps(clip, context, options, used_colors)))
        yield
        if not in_use:
            _mark_shots(scene, imported, options)
        _hide_absent_people(imported, options.start_frame)
        about = adapt_scene(scene, [built.clip for built in imported], imported[0].camera, options, in_use)
        clips = {built.collection: built.clip for built in imported}
        about_sound, warnings = add_sounds(scene, clips, options, in_use)
        imported[0].warnings.extend(warnings)
    return [replace(built, about_scene=about + about_sound) for built in imported]


def _clip_steps(
    prepared: PreparedClip, context: bpy.types.Context, options: ImportOptions, used_colors: int
) -> Incremental[ImportedClip]:
    clip = prepared.clip
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    collection = bpy.data.collections.new(shown_text(_with_shot(Path(clip.source).stem or "TAR", clip)))
    scene_of(context).collection.children.link(collection)
    describe_clip(collection, prepared)
    camera = prepared.given_camera or build_camera(clip, prepared.placement, collection, options.start_frame)
    yield
    warnings = list(prepared.warnings)
    if prepared.given_camera is None and options.show_video and is_filmed(clip):
        warnings += show_background(camera, clip, options.start_frame, prepared.speed)
    yield
    people = yield from _people_steps(context, prepared, options, collection, used_colors)
    return ImportedClip(collection, camera, prepared.placement, people, clip, warnings)


def prepared_steps(
    clip: MotionClip,
    context: bpy.types.Context,
    options: ImportOptions,
    scene_rate: float | None,
    edits: PeopleEdits = NO_EDITS,
) -> Incremental[PreparedClip]:
    """Clean up a clip and place it in the world. Nothing in the file changes.

    Args:
        scene_rate: the frame rate to which the motion is resampled; None to keep that of the video.
        edits: of the people.

    Raises:
        TarError: the body file or the user's camera is missing.
    """
    scene = scene_of(context)
    if scene_rate is not None and abs(clip.fps / scene_rate - 1) < SAME_RATE:
        scene_rate = None
    speed = clip.fps / scene_rate if scene_rate else 1.0
    if options.camera is None or not is_filmed(clip):
        prepared = yield from in_thread(lambda: prepare(clip, options, scene_rate, None, edits))
        return replace(prepared, speed=speed)
    given = find_camera(options.camera)
    animated = yield from _animated_camera(clip, scene, given, options, speed)
    warnings = yield from in_thread(partial(scale_warnings, clip, animated))
    prepared = yield from in_thread(lambda: prepare(clip, options, scene_rate, animated, edits))
    return replace(prepared, given_camera=given, speed=speed, warnings=warnings)


def describe_clip(collection: bpy.types.Collection, prepared: PreparedClip) -> None:
    """Record the floor and the focal length of a clip for the People panel, and the frame rate of the keys."""
    mark_floor(collection, prepared.about_floor)
    mark_key_rate(collection, prepared.clip.fps)
    if is_filmed(prepared.clip) and prepared.given_camera is None:
        mark_lens(collection, short_focal_length_text(prepared.clip))


def prepare(
    clip: MotionClip,
    options: ImportOptions,
    scene_rate: float | None,
    camera: AnimatedCamera | None,
    edits: PeopleEdits = NO_EDITS,
) -> PreparedClip:
    """Clean up the clip and place it in the world, without access to Blender's data.

    Args:
        clip: the captured motion.
        options: the options of the import.
        scene_rate: frames per second to which the motion is resampled; None for those of the video.
        camera: the user's animated camera, if the clip is placed in its world.
        edits: of the people.
    """
    body = body_of_clip(clip)
    if camera is not None:
        clip = in_front_of(camera, clip, body)
    settled = settled_clip(clip, body, options, edits)
    clean = finish_clip(settled, body, options, fps=scene_rate, edits=edits.by_person, only=edits.only)
    placement = options.placement or clean.placement
    trajectory = clean.clip.camera_trajectory
    in_world = options.placement is None and trajectory is not None and trajectory.world is not None
    has_floor = options.on_ground and options.placement is None and not in_world
    about = ""
    if in_world:
        height = feet_height(clean.clip.people, body, placement)
        about = f"In the camera's world, feet {height:+.2f} m above z = 0"
    elif has_floor:
        hovering = hover_text(clean.clip.people, clean.contacts, body, placement)
        about = ", ".join(filter(None, (_floor_text(clean.floor), hovering, str(trajectory or ""))))
    implausible = [
        plausibility_of([kinematics_of(person, clean.clip, body, placement, has_floor)]).ranges
        for person in clean.clip.people
    ]
    return PreparedClip(clean.clip, body, placement, about, implausible, clean.contacts)


def is_filmed(clip: MotionClip) -> bool:
    """Whether the motion was captured from a video, not read from a file of another program."""
    return Path(clip.source).suffix.lower() != ".npz"


def _animated_camera(
    clip: MotionClip, scene: bpy.types.Scene, camera: bpy.types.Object, options: ImportOptions, speed: float
) -> Incremental[AnimatedCamera]:
    """Sample the animation of the camera in the frames of the clip.

    Args:
        speed: video frames per scene frame.
    """
    first = clip.first_frame
    frames = options.start_frame + np.arange(first, clip.last_frame + 1) / speed
    return (yield from animated_camera_steps(scene, camera, frames, first, (clip.width, clip.height)))


def _floor_text(floor: Floor | None) -> str:
    """Text about the floor for the People panel."""
    if floor is None:
        return "No floor found, level camera"
    camera = "" if floor.confidence >= MIN_CONFIDENCE else ", level camera"
    return f"Floor confidence {100 * floor.confidence:.0f}%{camera}"


def show_background(camera: bpy.types.Object, clip: MotionClip, start_frame: int, speed: float) -> list[str]:
    """Show the video, if the clip names one, in the background of the camera view. Returns a warning if that fails."""
    if not clip.source:
        return []
    try:
        add_video_background(camera, Path(clip.source), start_frame, 1.0, round(speed, 6), clip.fps)
    except TarError as error:
        return [str(error)]
    return []


def _with_shot(name: str, clip: MotionClip) -> str:
    return name if clip.shot is None else f"{name} {clip.shot.name}"


def _hide_absent_people(imported: Sequence[ImportedClip], start_frame: int) -> None:
    """Hide each person of a video in the frames in which only others are seen."""
    first = start_frame + min(built.clip.first_frame for built in imported)
    last = start_frame + max(built.clip.last_frame for built in imported)
    for built in imported:
        for person, motion in zip(built.people, built.clip.people, strict=True):
            frames = start_frame + int(motion.frames[0]), start_frame + int(motion.frames[-1])
            hide_absent(person.armature, frames, (first, last))


def record_import(imported: Sequence[ImportedClip], motion: str, options: ImportOptions) -> None:
    """Record how the clips of a video were imported, for the People panel and Re-import.

    Args:
        motion: path of the motion file; empty if there is none.
    """
    for built in imported:
        shot = None if built.clip.shot is None else built.clip.shot.number
        mark_clip(built.collection, ClipRecord(motion, options.to_json(), shot))


def _mark_shots(scene: bpy.types.Scene, imported: Sequence[ImportedClip], options: ImportOptions) -> None:
    """Add a marker for the camera of each shot, unless the user's camera films all of them."""
    for built in imported:
        if built.clip.shot is not None and built.camera.name in built.collection.all_objects:
            add_marker(scene, built.clip.shot.name, options.start_frame + built.clip.shot.first, built.camera)


def _people_steps(
    context: bpy.types.Context,
    prepared: PreparedClip,
    options: ImportOptions,
    collection: bpy.types.Collection,
    used_colors: int,
) -> Incremental[list[ImportedPerson]]:
    body = yield from in_thread(prepared.body.with_fingers)
    # Build all armatures first. Adding bones evaluates the scene, which is slow as soon as it contains bodies.
    armatures = []
    for person in prepared.clip.people:
        yield
        armatures.append(build_armature(context, _name(person), body, person.betas, collection, options.bone_names))
        mark_person(armatures[-1], person.person_id, used_colors + person.person_id)
        mark_body(armatures[-1], prepared.clip.body)
    people = []
    parts = zip(prepared.clip.people, armatures, prepared.implausible, prepared.contacts, strict=True)
    for person, armature, implausible, contacts in parts:
        yield
        imported = yield from _person_steps(armature, person, prepared.placement, body, options, collection)
        mark_uncertain_ranges(armature, uncertain_ranges(person, prepared.clip.fps), options.start_frame)
        mark_implausible_ranges(armature, implausible, options.start_frame)
        show_contacts(armature, options.start_frame + person.frames, contacts, np.zeros_like(contacts, np.int8))
        people.append(imported)
    return people


def _name(person: PersonMotion) -> str:
    return f"Person {person.person_id}"


def _person_steps(
    armature: bpy.types.Object,
    person: PersonMotion,
    placement: WorldPlacement,
    body: BodyData,
    options: ImportOptions,
    collection: bpy.types.Collection,
) -> Incremental[ImportedPerson]:
    mesh = None
    if options.with_body:
        materials = mannequin_materials(color_of(armature))
        mesh = yield from body_steps(f"{_name(person)} Body", body, person.betas, armature, collection, materials)
        yield from face_steps(mesh, body, person, options.start_frame, options.face_keys)
    yield
    action = yield from motion_steps(armature, person, placement, options.start_frame, options.hands)
    if mesh is not None:
        follow_visibility(mesh, armature)
    return ImportedPerson(person.person_id, armature, mesh, action)

"""Another motion for an imported clip: the keys, the camera and the background change, and nothing else in the file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

from tar_core.cleanup.uncertainty import uncertain_ranges
from tar_core.edits import PersonEdits
from tar_core.motion import MotionClip, PersonMotion
from tar_core.skeleton import NUM_JOINTS

from ..util.blender_types import scene_of
from ..util.incremental import Incremental
from .body_mesh import body_steps
from .bone_names import joint_bones, rename_bones
from .build import ImportedClip, ImportedPerson, PreparedClip, describe_clip, is_filmed, prepared_steps, show_background
from .camera import build_camera, hide_video_background, set_camera
from .contacts import show_contacts
from .face_keys import face_steps
from .frame_rate import set_frame_rate
from .ik_controls import update_controls
from .keyframes import follow_visibility, hide_absent_people, is_hidden_when_absent, motion_steps
from .mannequin import mannequin_materials
from .markers import add_marker, remove_markers
from .metadata import (
    color_of,
    edits_of,
    is_part,
    key_rate,
    mark_edits,
    mark_implausible_ranges,
    mark_uncertain_ranges,
    people_of,
    people_of_video,
    person_id,
)
from .options import ImportOptions
from .removal import remove_objects
from .reshape import reshape
from .scene_settings import resampling_rate, update_rate, video_frames_per_frame
from .settling import PeopleEdits
from .sound import update_sound


@dataclass(frozen=True)
class CapturedClip:
    """An imported clip, and what its motion is computed from.

    Attributes:
        collection: of the clip.
        motion: as captured; only of people who are in the collection.
        options: of the import.
    """

    collection: bpy.types.Collection
    motion: MotionClip
    options: ImportOptions

    def rate(self, context: bpy.types.Context) -> float | None:
        """The frame rate for which the clip is keyed, which one person keeps; None for that of the video."""
        return key_rate(self.collection) or resampling_rate(scene_of(context), self.options)

    def video_frames_per_frame(self, context: bpy.types.Context) -> float:
        """Frames of the video in one frame of the keys."""
        return video_frames_per_frame(self.motion.fps, self.rate(context))


def update_steps(
    captured: CapturedClip,
    context: bpy.types.Context,
    edits: Mapping[int, PersonEdits] | None = None,
    starts_to_change: Callable[[], None] = lambda: None,
) -> Incremental[ImportedClip]:
    """Replace the motion of an imported clip.

    Names, offsets, materials, and all that the user has added stay. The body is created or removed if the options say
    so. Nothing has changed if an error is raised.

    Args:
        captured: the clip, with the options for the new motion.
        context: the context.
        edits: of people, by their IDs, in place of those that are recorded with them.
        starts_to_change: called just before the first change; until then, the generator can be closed.

    Raises:
        TarError: the body file or the user's camera is missing.
    """
    collection, options = captured.collection, captured.options
    scene = scene_of(context)
    # Of each person the first armature, not copies that the user has made of it.
    armatures = {person_id(armature): armature for armature in reversed(people_of(collection))}
    all_edits = {person: edits_of(armature) for person, armature in armatures.items()} | dict(edits or {})
    rate, conflict = update_rate(scene, collection, options)
    prepared = yield from prepared_steps(captured.motion, context, options, rate, PeopleEdits(all_edits))
    clip = prepared.clip
    starts_to_change()
    if not conflict:
        set_frame_rate(scene, clip.fps)
    describe_clip(collection, prepared)
    marked_scenes = remove_markers(collection)
    camera, warnings = _update_camera(collection, prepared, options)
    if clip.shot is not None and is_part(camera):
        for marked in marked_scenes:
            add_marker(marked, clip.shot.name, options.start_frame + clip.shot.first, camera)
    yield
    warnings += filter(None, [conflict])
    hidden = [armature for armature in armatures.values() if is_hidden_when_absent(armature)]
    people = []
    for index, person in enumerate(clip.people):
        armature = armatures[person.person_id]
        rename_bones(armature, options.bone_names)
        if not reshape(context, armature, prepared.body, person.betas):
            warnings.append(f"{armature.name} keeps its size because its collection is hidden; show it and re-import")
        action = yield from person_steps(armature, prepared, index, options, all_edits[person.person_id])
        body = yield from _update_body(armature, prepared, person, collection, options)
        people.append(ImportedPerson(person.person_id, armature, body, action))
    hide_absent_people(hidden, people_of_video(collection))
    warnings += update_sound(scene, collection, clip, options)
    scene.frame_set(scene.frame_current)
    return ImportedClip(collection, camera, prepared.placement, people, clip, [*prepared.warnings, *warnings])


def prepared_person(
    armature: bpy.types.Object, captured: CapturedClip, context: bpy.types.Context, edits: PersonEdits
) -> Incremental[PreparedClip]:
    """Compute the motion of one person with these edits; nothing changes."""
    people = {person_id(other): edits_of(other) for other in people_of(captured.collection)}
    people[person_id(armature)] = edits
    only = PeopleEdits(people, (person_id(armature),))
    return (yield from prepared_steps(captured.motion, context, captured.options, captured.rate(context), only))


def update_person(
    armature: bpy.types.Object, captured: CapturedClip, context: bpy.types.Context, edits: PersonEdits
) -> Incremental[None]:
    """Replace the keys of one person by the motion with edited contacts, which changes nobody else."""
    prepared = yield from prepared_person(armature, captured, context, edits)
    reshape(context, armature, prepared.body, prepared.clip.people[0].betas)
    yield from person_steps(armature, prepared, 0, captured.options, edits)
    scene = scene_of(context)
    scene.frame_set(scene.frame_current)


def found_contacts(
    armature: bpy.types.Object, captured: CapturedClip, context: bpy.types.Context, edits: PersonEdits
) -> Incremental[tuple[int, np.ndarray]]:
    """The first scene frame of a person, and the contacts [N, 4] of EFFECTORS with these edits; nothing changes."""
    prepared = yield from prepared_person(armature, captured, context, edits)
    return captured.options.start_frame + int(prepared.clip.people[0].frames[0]), prepared.contacts[0]


def person_steps(
    armature: bpy.types.Object, prepared: PreparedClip, index: int, options: ImportOptions, edits: PersonEdits
) -> Incremental[bpy.types.Action]:
    """Replace the keys of one person, and record the edits.

    Args:
        index: of the person in the clip.
    """
    clip, person = prepared.clip, prepared.clip.people[index]
    action = yield from motion_steps(armature, person, prepared.placement, options.start_frame, options.hands)
    update_controls(armature)
    mark_uncertain_ranges(armature, uncertain_ranges(person, clip.fps), options.start_frame)
    mark_implausible_ranges(armature, prepared.implausible[index], options.start_frame)
    marks = edits.contact_marks(np.rint(person.frames * prepared.speed))
    show_contacts(armature, options.start_frame + person.frames, prepared.contacts[index], marks)
    mark_edits(armature, edits)
    return action


def _update_camera(
    collection: bpy.types.Collection, prepared: PreparedClip, options: ImportOptions
) -> tuple[bpy.types.Object, list[str]]:
    """Set the camera that the import made, or replace it by the user's. Returns the camera and warnings."""
    clip = prepared.clip
    own = next((obj for obj in collection.all_objects if obj.type == "CAMERA" and is_part(obj)), None)
    if prepared.given_camera is not None:
        if own is not None:
            remove_objects([part for part in (own, own.parent) if part is not None and is_part(part)])
        return prepared.given_camera, []
    if own is None:
        camera = build_camera(clip, prepared.placement, collection, options.start_frame)
    else:
        camera = own
        moved = _common_transform(people_of(collection))
        set_camera(camera, clip, prepared.placement, options.start_frame, moved)
    if not is_filmed(clip):
        return camera, []
    if options.show_video:
        return camera, show_background(camera, clip, options.start_frame, prepared.speed)
    hide_video_background(camera, Path(clip.source))
    return camera, []


def _common_transform(armatures: Sequence[bpy.types.Object]) -> Matrix | None:
    """How the people were moved since the import, if all of them were moved alike, as with the floor."""
    first, *others = (armature.matrix_world for armature in armatures)
    return first if all(np.allclose(np.array(first), np.array(other), atol=1e-5) for other in others) else None


def _update_body(
    armature: bpy.types.Object,
    prepared: PreparedClip,
    person: PersonMotion,
    collection: bpy.types.Collection,
    options: ImportOptions,
) -> Incremental[bpy.types.Object | None]:
    """Create or remove the body of a person if the options differ from the file, and key its captured face."""
    body = next((child for child in armature.children if child.type == "MESH" and is_part(child)), None)
    if body is not None and not options.with_body:
        remove_objects([body])
        return None
    if body is None and options.with_body:
        has_fingers = len(joint_bones(armature)) > NUM_JOINTS
        data = prepared.body.with_fingers() if has_fingers else prepared.body
        build = partial(body_steps, f"{armature.name} Body", data, person.betas, armature, collection)
        body = yield from build(mannequin_materials(color_of(armature)))
        follow_visibility(body, armature)
    if body is not None:
        yield from face_steps(body, prepared.body, person, options.start_frame, options.face_keys)
    return body

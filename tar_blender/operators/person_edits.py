"""Operators that correct a person: contacts, height, floor. The motion is computed again from the capture."""

import math
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty

from tar_core.body.data import body_of_clip
from tar_core.cleanup.hand_contacts import resting_range
from tar_core.edits import EFFECTORS, HANDS, MAX_HEIGHT, MIN_HEIGHT, Effector, PersonEdits
from tar_core.errors import TarError
from tar_core.filters import true_runs

from ..scene.contacts import contacts_of
from ..scene.metadata import check_local, edits_of, imported_clips, objects_of, people_of, person_id
from ..scene.options import ImportOptions
from ..scene.range_update import update_range
from ..scene.reshape import rest_height
from ..scene.update import CapturedClip, found_contacts, update_person, update_steps
from ..util.blender_types import OperatorResult, scene_of
from ..util.incremental import Incremental, finish
from ..util.registration import registration
from ..util.report import refuse
from ..util.waiting import with_wait_cursor
from .captured import captured_motion
from .paced import PacedOperator
from .targets import PersonOperator, leave_other_modes

_SHORT = 0.4  # seconds; a gap between contacts that is not longer is locked as a whole
_AROUND = 0.1  # seconds before and after the current frame that are locked in a longer gap


class _EditOperator(PersonOperator):
    """Base class of operators that edit a person."""

    def captured(self, context: bpy.types.Context) -> CapturedClip:
        """The clip of the person.

        Raises:
            TarError: the motion cannot be computed again.
        """
        armature = self.armature()
        check_local(armature)
        clips = (clip for clip in imported_clips(scene_of(context)) if armature in people_of(clip))
        collection = next(clips, None)
        if collection is None:
            raise TarError(f"{armature.name} is in no imported clip of this scene; import the video again")
        motion, record = captured_motion(context, collection)
        return CapturedClip(collection, motion, ImportOptions.from_json(record.options))


class _EveryoneOperator(PacedOperator, _EditOperator):
    """Base class of operators whose edit of a person may move the floor, and with it everybody."""

    def update_all(self, context: bpy.types.Context, edits: PersonEdits) -> OperatorResult:
        """Compute the motion of all people of the clip with edits of the person."""
        return self.run_paced(context, self._steps(context, edits), self.person)

    def _steps(self, context: bpy.types.Context, edits: PersonEdits) -> Incremental[None]:
        captured, armature = self.captured(context), self.armature()
        same = [one for one in people_of(captured.collection) if person_id(one) == person_id(armature)]
        if same[0] != armature:
            raise TarError(f"{armature.name} is a copy of {same[0].name}, which the edit would change; select that")
        leave_other_modes(context, objects_of(captured.collection))
        changed = {person_id(armature): edits}
        yield from update_steps(captured, context, changed, lambda: self.starts_to_change(context))


class TAR_OT_set_contact(_EditOperator, bpy.types.Operator):
    """Lock this foot or hand in place, or release it, around the current frame or in the preview range.
    The motion is computed again from the capture. Adjust the frames in the panel Adjust Last Operation"""

    bl_idname = "tar.set_contact"
    bl_label = "Set Contact"
    effector: EnumProperty(
        name="Foot or Hand",
        description="Foot or hand whose contact is corrected",
        items=[(one, one.replace("_", " ").title(), f"The {one.replace('_', ' ')}") for one in EFFECTORS],
    )
    contact: EnumProperty(
        name="Contact",
        description="What the foot or hand does in these frames",
        items=[
            ("lock", "Locked", "It stays in place"),
            ("release", "Released", "It moves as captured"),
            ("found", "As Found", "Locked where the clean-up finds a contact; hands are not locked"),
        ],
    )
    first: IntProperty(name="First Frame", description="First frame of the range")
    last: IntProperty(name="Last Frame", description="Last frame of the range")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        scene, found = scene_of(context), contacts_of(self.armature())
        if found is None:
            return refuse(self, f"{self.armature().name} has no contact keys; re-import the clip")
        start, contacts = found
        frame = scene.frame_current - start
        if not 0 <= frame < len(contacts):
            return refuse(self, f"{self.armature().name} is not in the video at this frame")
        column = contacts[:, EFFECTORS.index(self.effector)]
        self.contact = "release" if column[frame] else "lock"
        first, end = next(run for run in true_runs(column == column[frame]) if run[0] <= frame < run[1])
        fps = scene.render.fps / scene.render.fps_base
        if not column[frame] and end - first > _SHORT * fps:
            reach = max(1, round(_AROUND * fps))
            rest = self._resting_range(context, frame) or (frame - reach, frame + reach + 1)
            first, end = max(first, rest[0]), min(end, rest[1])
        self.first, self.last = start + first, start + end - 1
        if scene.use_preview_range:
            self.first, self.last = scene.frame_preview_start, scene.frame_preview_end
        return self.execute(context)

    def _resting_range(self, context: bpy.types.Context, row: int) -> tuple[int, int] | None:
        """The rows around one of them in which this hand rests, the end excluded; None if it moves, or is a foot."""
        if self.effector not in EFFECTORS[HANDS]:
            return None
        try:
            captured = self.captured(context)
        except TarError:
            return None  # `execute` reports it
        speed = captured.video_frames_per_frame(context)
        (person,) = (one for one in captured.motion.people if one.person_id == person_id(self.armature()))
        camera = captured.motion.camera_positions(person.frames)
        hand, at = EFFECTORS[HANDS].index(self.effector), min(round(row * speed), len(person) - 1)
        rest = resting_range(person, body_of_clip(captured.motion), captured.motion.fps, hand, at, camera)
        return None if rest is None else (math.ceil(rest[0] / speed), math.ceil(rest[1] / speed))

    @with_wait_cursor
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature = self.armature()
        states = {"lock": True, "release": None if self.effector in EFFECTORS[HANDS] else False, "found": None}
        try:
            captured = self.captured(context)
            speed = captured.video_frames_per_frame(context)
            first, last = (
                round((frame - captured.options.start_frame) * speed) for frame in sorted((self.first, self.last))
            )
            effector: Effector = self.effector
            edits = edits_of(armature).with_contact(effector, max(first, 0), max(last, 0), states[self.contact])
            finish(update_person(armature, captured, context, edits))
        except TarError as error:
            return refuse(self, error)
        return {"FINISHED"}


class TAR_OT_use_contact_keys(_EditOperator, bpy.types.Operator):
    """Lock and release feet and hands as the contact keys say, after you have moved, added or deleted keys"""

    bl_idname = "tar.use_contact_keys"
    bl_label = "Apply Keys"

    @with_wait_cursor
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature = self.armature()
        keyed = contacts_of(armature)
        if keyed is None:
            return refuse(self, f"{armature.name} has no contact keys; re-import the clip")
        try:
            captured = self.captured(context)
            edits = replace(edits_of(armature), contacts=())
            start, found = finish(found_contacts(armature, captured, context, edits))
            speed = captured.video_frames_per_frame(context)
            frames = np.arange(start, start + len(found))
            wanted = keyed[1][np.clip(frames - keyed[0], 0, len(keyed[1]) - 1)]
            for number, effector in enumerate(EFFECTORS):
                for first, end in true_runs(wanted[:, number] != found[:, number]):
                    ends = [round((frames[row] - captured.options.start_frame) * speed) for row in (first, end - 1)]
                    for value in (True, False):
                        if wanted[first, number] == value:
                            edits = edits.with_contact(effector, ends[0], ends[1], value)
            finish(update_person(armature, captured, context, edits))
        except TarError as error:
            return refuse(self, error)
        return {"FINISHED"}


class TAR_OT_set_height(_EveryoneOperator, bpy.types.Operator):
    """Give this person a known body height. The distance changes with it, so that the picture stays the same"""

    bl_idname = "tar.set_height"
    bl_label = "Body Height"
    is_known: BoolProperty(
        name="Known Height", description="Use this height, instead of the one that was estimated", default=True
    )
    height: FloatProperty(
        name="Height (cm)",
        description="Height of the person without shoes, in centimeters",
        default=170,
        min=100 * MIN_HEIGHT,
        max=100 * MAX_HEIGHT,
        precision=1,
        step=100,
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        shown = edits_of(self.armature()).height or rest_height(self.armature())
        if shown is not None and not self.properties.is_property_set("height"):
            self.height = 100 * shown
        self.note_invoked()
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        height = self.height / 100 if self.is_known else None
        return self.update_all(context, replace(edits_of(self.armature()), height=height))


class TAR_OT_stand_on_floor(_EveryoneOperator, bpy.types.Operator):
    """Move this person along the line of sight until the standing feet touch the floor, or back.
    The size changes with the distance, so that the picture stays the same"""

    bl_idname = "tar.stand_on_floor"
    bl_label = "Stand on Floor"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        self.note_invoked()
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        edits = edits_of(self.armature())
        return self.update_all(context, replace(edits, on_floor=not edits.on_floor))


class TAR_OT_resolve_range(_EditOperator, bpy.types.Operator):
    """Replace the keys of a range of frames by the captured motion. All other keys stay as they are"""

    bl_idname = "tar.resolve_range"
    bl_label = "Re-solve Range"
    first: IntProperty(name="First Frame", description="First frame of the range")
    last: IntProperty(name="Last Frame", description="Last frame of the range")
    blend: IntProperty(
        name="Blend", description="Frames before and after the range over which the motion changes", default=4, min=0
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        scene: Any = scene_of(context)
        preview = scene.use_preview_range
        self.first = scene.frame_preview_start if preview else scene.frame_current
        self.last = scene.frame_preview_end if preview else scene.frame_current + 10
        return context.window_manager.invoke_props_dialog(self)

    @with_wait_cursor
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature = self.armature()
        try:
            captured = self.captured(context)
            finish(update_range(armature, captured, context, sorted((self.first, self.last)), self.blend))
        except TarError as error:
            return refuse(self, error)
        return {"FINISHED"}


register, unregister = registration(
    (
        TAR_OT_set_contact,
        TAR_OT_use_contact_keys,
        TAR_OT_set_height,
        TAR_OT_stand_on_floor,
        TAR_OT_resolve_range,
    )
)

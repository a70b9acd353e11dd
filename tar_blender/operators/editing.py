"""Operators that edit the captured motion of the active person."""

from abc import abstractmethod
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from tar_core.errors import TarError

from ..editing.layer_merging import merge_layers
from ..editing.looping import find_loop, looped
from ..editing.mirroring import mirrored, swapped
from ..editing.motion_keys import copy_for_the_user, limb_bones, partners, read_motion, write_motion
from ..editing.root_motion import PLACES, move_travel
from ..editing.splicing import spliced
from ..retarget.skeleton_motion import RestPose
from ..scene.frame_rate import frame_rate
from ..scene.layers import add_layer
from ..scene.metadata import check_local, is_person
from ..util.blender_types import OperatorMixin, OperatorResult, find_object, scene_of, view_layer_of
from ..util.registration import registration
from ..util.report import refuse
from ..util.waiting import with_wait_cursor
from .targets import poll_no_import

_LIMBS = {
    "arms": ("Arms", "Arms and hands"),
    "legs": ("Legs", "Legs and feet"),
    "all": ("Arms and Legs", "All limbs"),
}


class EditOperator(OperatorMixin):
    """Base class of operators on the motion of the active person."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        active = context.view_layer.objects.active
        if active is None or not is_person(active):
            cls.poll_message_set("Click a person in the People list first")
            return False
        return poll_no_import(cls, context)

    @with_wait_cursor
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature = view_layer_of(context).objects.active
        assert armature is not None  # see `poll`
        try:
            check_local(armature)
            self.edit(context, armature)
        except TarError as error:
            return refuse(self, error)
        scene_of(context).frame_set(scene_of(context).frame_current)  # shows the new keys
        return {"FINISHED"}

    @abstractmethod
    def edit(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        """Edit the motion of a local person.

        Raises:
            TarError: the motion cannot be edited in this way. Nothing has changed then.
        """


class _RangeOperator(EditOperator):
    """Base class of operators on a range of frames, which a dialog asks for."""

    first: IntProperty(name="First Frame", description="First frame of the range")
    last: IntProperty(name="Last Frame", description="Last frame of the range")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        armature = view_layer_of(context).objects.active
        assert armature is not None  # see `poll`
        try:
            self.suggest(context, armature)
        except TarError as error:
            return refuse(self, error)
        return context.window_manager.invoke_props_dialog(self, width=320)

    def suggest(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        """Set the range of the dialog to the preview range, or to the whole motion."""
        frames, scene = read_motion(armature).frames, scene_of(context)
        self.first, self.last = int(frames[0]), int(frames[-1])
        if scene.use_preview_range:
            self.first = max(self.first, scene.frame_preview_start)
            self.last = min(self.last, scene.frame_preview_end)


class _CutOperator(_RangeOperator):
    """Base class of operators that remove what is outside of the range."""

    keep: BoolProperty(
        name="Keep the Whole Motion", description="Keep a copy of the action as it was before", default=True
    )

    def keep_copy(self, armature: bpy.types.Object) -> None:
        if self.keep:
            copy_for_the_user(armature)


class TAR_OT_add_layer(EditOperator, bpy.types.Operator):
    """Add a layer: its keys are added to the captured motion, which moves to a track of the NLA editor"""

    bl_idname = "tar.add_layer"
    bl_label = "Add Layer"

    def edit(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        layer = add_layer(armature)
        self.report({"INFO"}, f"Keys of {armature.name} are now added to the motion below: {layer.name}")


class TAR_OT_merge_layers(EditOperator, bpy.types.Operator):
    """Merge all layers into the captured motion, with a key on every frame"""

    bl_idname = "tar.merge_layers"
    bl_label = "Merge Layers"

    def edit(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        merge_layers(scene_of(context), armature)


class TAR_OT_swap_sides(_RangeOperator, bpy.types.Operator):
    """Swap the left and right limbs in a range of frames, where the capture has confused them"""

    bl_idname = "tar.swap_sides"
    bl_label = "Swap Left and Right"
    limbs: EnumProperty(
        name="Limbs",
        description="Limbs that change sides",
        items=[(name, *about) for name, about in _LIMBS.items()],
        default="legs",
    )
    blend: IntProperty(
        name="Blend", description="Frames before and after the range over which the motion changes", default=2, min=0
    )

    def edit(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        motion = read_motion(armature)
        bones = limb_bones(armature, motion.bones, self.limbs)
        write_motion(armature, swapped(motion, partners(motion.bones), bones, self.first, self.last, self.blend))


class TAR_OT_mirror_motion(EditOperator, bpy.types.Operator):
    """Mirror the whole motion. It starts at the same place in the same direction"""

    bl_idname = "tar.mirror_motion"
    bl_label = "Mirror"

    def edit(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        motion = read_motion(armature)
        write_motion(armature, mirrored(motion, partners(motion.bones)))


def _other_people(self: Any, context: bpy.types.Context, text: str) -> list[str]:
    active = view_layer_of(context).objects.active
    return [obj.name for obj in scene_of(context).objects if is_person(obj) and obj != active]


class TAR_OT_take_range(_RangeOperator, bpy.types.Operator):
    """Replace a range of frames by the motion of another imported person, which is moved to fit"""

    bl_idname = "tar.take_range"
    bl_label = "Take from Other Person"
    source: StringProperty(name="Person", description="Person whose motion is taken", search=_other_people)
    source_first: IntProperty(name="Their First Frame", description="First frame to take from the other person")
    blend: IntProperty(
        name="Blend", description="Frames before and after the range over which the motion changes", default=5, min=0
    )

    def suggest(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        super().suggest(context, armature)
        others = _other_people(self, context, "")
        if not others:
            raise TarError("there is no other person in the scene; import one first")
        self.source, self.source_first = others[0], self.first

    def edit(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        source = find_object(self.source)
        if source is None or source == armature or not is_person(source):
            raise TarError("choose another imported person to take the motion from")
        motion = read_motion(armature)
        size = RestPose.of_person(armature).leg_length() / RestPose.of_person(source).leg_length()
        offset = self.source_first - self.first
        taken = read_motion(source).with_bones(motion.bones)
        write_motion(armature, spliced(motion, taken, self.first, self.last, offset, self.blend, size))


class TAR_OT_trim_motion(_CutOperator, bpy.types.Operator):
    """Remove the keys outside of a range of frames"""

    bl_idname = "tar.trim_motion"
    bl_label = "Trim"

    def edit(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        trimmed = read_motion(armature).part(self.first, self.last)
        self.keep_copy(armature)
        write_motion(armature, trimmed)


class TAR_OT_make_loop(_CutOperator, bpy.types.Operator):
    """Make a range of frames a loop: the last pose becomes the first one, without a jump of the speed"""

    bl_idname = "tar.make_loop"
    bl_label = "Make Loop"
    find: BoolProperty(
        name="Find Loop", description="Choose the frames within the range between which the motion repeats best"
    )
    shortest: FloatProperty(
        name="Shortest", description="Shortest loop that is found, in seconds", default=0.7, min=0.1, soft_max=5
    )
    blend: IntProperty(name="Blend", description="Frames at each end that are changed", default=6, min=2)
    travels: BoolProperty(
        name="Keep Travel",
        description="Keep the distance that the person travels, along a straight line, instead of staying in place",
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        assert layout is not None
        layout.use_property_split = True
        for name in ("first", "last", "keep", "find", "shortest", "blend", "travels"):
            row = layout.row()
            row.active = self.find or name != "shortest"
            row.prop(self, name)

    def edit(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        motion = read_motion(armature)
        first, last = self.first, self.last
        if self.find:
            shortest = max(2, round(self.shortest * frame_rate(scene_of(context))))
            first, last = find_loop(motion.part(first, last), shortest)
        loop = looped(motion, first, last, self.blend, self.travels)
        self.keep_copy(armature)
        write_motion(armature, loop)
        self.report({"INFO"}, f"{armature.name}: loop of {last - first} frames, {first} to {last}")


class TAR_OT_move_travel(EditOperator, bpy.types.Operator):
    """Choose what carries the travel over the ground. Nothing is lost: you can go back"""

    bl_idname = "tar.move_travel"
    bl_label = "Travel"
    place: EnumProperty(
        name="Travel",
        description="What carries the travel over the ground",
        items=[(name, *about) for name, about in PLACES.items()],
    )

    def edit(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        move_travel(armature, self.place)


OPERATORS = (
    TAR_OT_add_layer,
    TAR_OT_merge_layers,
    TAR_OT_swap_sides,
    TAR_OT_mirror_motion,
    TAR_OT_take_range,
    TAR_OT_trim_motion,
    TAR_OT_make_loop,
    TAR_OT_move_travel,
)

register, unregister = registration(OPERATORS)

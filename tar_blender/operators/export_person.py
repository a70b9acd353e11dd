"""Operator that exports the active person for other programs."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from tar_core.errors import TarError

from ..export.formats import can_write, save_each
from ..export.origin import started_at_origin
from ..util.blender_types import OperatorResult, view_layer_of
from ..util.registration import registration
from ..util.report import refuse
from .editing import EditOperator

_FORMATS = (
    (".fbx", "FBX", "For Unreal, Unity, Godot, Maya and MotionBuilder: centimeters, no scaled objects"),
    (".glb", "glTF", "For Godot, three.js and other programs that read glTF"),
    (".bvh", "BVH", "The skeleton alone, for programs for motion capture: y up, centimeters, T-pose"),
    (".usdc", "USD", "For Maya, Houdini, Unreal and Omniverse: z up, meters"),
)


def _formats(self: Any, context: bpy.types.Context | None) -> Sequence[tuple[str, str, str]]:
    """The formats that this Blender can write: Debian builds it without USD."""
    return _FORMATS if can_write(".usdc") else _FORMATS[:-1]


class TAR_OT_export_person(EditOperator, bpy.types.Operator):
    """Export the active person with its body and motion, layers included, at the frame rate of the scene"""

    bl_idname = "tar.export_person"
    bl_label = "Export Person"
    bl_options = {"REGISTER"}

    filepath: StringProperty(name="File Path", description="File to write", subtype="FILE_PATH", options={"SKIP_SAVE"})
    format: EnumProperty(name="Format", description="Format of the file", items=_formats)
    at_origin: BoolProperty(
        name="Start at Origin",
        description="Move the person in the file over the ground, so that the motion begins at the origin",
    )
    filter_glob: StringProperty(default="*.fbx;*.glb;*.bvh;*.usdc", options={"HIDDEN"})
    check_existing: BoolProperty(default=True, options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        armature = view_layer_of(context).objects.active
        assert armature is not None  # see `poll`
        self.filepath = f"{armature.name}{self.format}"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, context: bpy.types.Context) -> bool:
        """Give the name in the file browser the suffix of the format."""
        before = self.filepath
        self.filepath = str(Path(before).with_suffix(self.format)) if Path(before).name else before
        return bool(self.filepath != before)

    def draw(self, context: bpy.types.Context) -> None:
        assert self.layout is not None
        self.layout.prop(self, "format")
        self.layout.prop(self, "at_origin")

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature = view_layer_of(context).objects.active
        assert armature is not None  # see `poll`
        path = Path(self.filepath).with_suffix(self.format)
        try:
            with started_at_origin(armature) if self.at_origin else nullcontext():
                save_each(path, [armature])
        except TarError as error:
            return refuse(self, error)
        self.report({"INFO"}, f"Wrote {path.name}")
        return {"FINISHED"}


register, unregister = registration((TAR_OT_export_person,))

"""Operators that export the active person, or all people, for other programs."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from tar_core.errors import TarError

from ..export.amass import ENDING as AMASS_ENDING
from ..export.formats import can_write, has_one_person, save_each, save_together
from ..export.origin import started_at_origin
from ..scene.metadata import scene_people
from ..util.blender_types import OperatorMixin, OperatorResult, scene_of, view_layer_of
from ..util.registration import registration
from ..util.report import refuse
from ..util.waiting import with_wait_cursor
from .editing import EditOperator
from .targets import poll_no_import

_FORMATS = (
    (".fbx", "FBX", "For Unreal, Unity, Godot, Maya and MotionBuilder: centimeters, no scaled objects"),
    (".glb", "glTF", "For Godot, three.js and other programs that read glTF"),
    (".bvh", "BVH", "The skeleton alone, for programs for motion capture: y up, centimeters, T-pose"),
    (
        f".{AMASS_ENDING}",
        "AMASS",
        "Poses and shape as arrays, for research and tools for SMPL: z up, meters",
    ),
    (".usdc", "USD", "For Maya, Houdini, Unreal and Omniverse: z up, meters"),
)
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('/\\:*?"<>|', "_"))


def _formats(self: Any, context: bpy.types.Context | None) -> Sequence[tuple[str, str, str]]:
    """The formats that this Blender can write: Debian builds it without USD."""
    return _FORMATS if can_write(".usdc") else _FORMATS[:-1]


class _ExportOperator(OperatorMixin):
    """Base class of operators that write people to files."""

    bl_options = {"REGISTER"}

    filepath: StringProperty(name="File Path", description="File to write", subtype="FILE_PATH", options={"SKIP_SAVE"})
    format: EnumProperty(name="Format", description="Format of the file", items=_formats)
    at_origin: BoolProperty(
        name="Start at Origin",
        description="Move each person in the file over the ground, so that the motion begins at the origin",
    )
    filter_glob: StringProperty(default="*.fbx;*.glb;*.bvh;*.npz;*.usdc", options={"HIDDEN"})
    check_existing: BoolProperty(default=True, options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        self.filepath = f"{self.suggested_name(context)}{self.format}"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, context: bpy.types.Context) -> bool:
        """Give the name in the file browser the ending of the format."""
        before = self.filepath
        self.filepath = str(self.path()) if Path(before).name else before
        return bool(self.filepath != before)

    def draw(self, context: bpy.types.Context) -> None:
        assert self.layout is not None
        self.layout.prop(self, "format")
        self.layout.prop(self, "at_origin")

    @with_wait_cursor
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            files = self.write(context)
        except TarError as error:
            return refuse(self, error)
        self.report({"INFO"}, f"Wrote {files[0].name if len(files) == 1 else f'{len(files)} files'}")
        return {"FINISHED"}

    def path(self) -> Path:
        """The chosen file, with the ending of the format instead of that of another one."""
        path = Path(self.filepath)
        known = next((ending for ending, *_ in _FORMATS if path.name.lower().endswith(ending)), "")
        return path.with_name(path.name[: len(path.name) - len(known)] + self.format)

    @abstractmethod
    def suggested_name(self, context: bpy.types.Context) -> str:
        """The name of the file without its ending."""

    @abstractmethod
    def write(self, context: bpy.types.Context) -> list[Path]:
        """Write the files; return their paths.

        Raises:
            TarError: a file cannot be written.
        """


class TAR_OT_export_person(_ExportOperator, EditOperator, bpy.types.Operator):
    """Export the active person with its body and motion, layers included, at the frame rate of the scene"""

    bl_idname = "tar.export_person"
    bl_label = "Export Person"

    def suggested_name(self, context: bpy.types.Context) -> str:
        armature = view_layer_of(context).objects.active
        assert armature is not None  # see `poll`
        return armature.name

    def write(self, context: bpy.types.Context) -> list[Path]:
        armature = view_layer_of(context).objects.active
        assert armature is not None  # see `poll`
        return _write(self.path(), [armature], self.at_origin)


class TAR_OT_export_people(_ExportOperator, bpy.types.Operator):
    """Export all people of the scene: a file for each person, whose name is added to the file name, or one file"""

    bl_idname = "tar.export_people"
    bl_label = "Export All People"

    together: BoolProperty(name="One File", description="Write all people to one file, where they stand")
    overwrite: BoolProperty(name="Replace Files", description="Replace files that exist", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not scene_people(scene_of(context)):
            cls.poll_message_set("Import people first")
            return False
        return poll_no_import(cls, context)

    def draw(self, context: bpy.types.Context) -> None:
        assert self.layout is not None
        self.layout.prop(self, "format")
        row = self.layout.row()
        row.active = not has_one_person(self.path())
        row.prop(self, "together")
        row = self.layout.row()
        row.active = not self.is_together()
        row.prop(self, "at_origin")
        self.layout.prop(self, "overwrite")

    def is_together(self) -> bool:
        return self.together and not has_one_person(self.path())

    def suggested_name(self, context: bpy.types.Context) -> str:
        return Path(bpy.data.filepath).stem or "motion"

    def write(self, context: bpy.types.Context) -> list[Path]:
        people, path = scene_people(scene_of(context)), self.path()
        if self.is_together():
            files = [path]
        else:
            stem = path.name.removesuffix(self.format)
            names = [person.name.translate(_NOT_IN_NAMES) for person in people]
            files = [path.with_name(f"{stem}_{name}{self.format}") for name in names]
        existing = next((file for file in files if file.exists()), None)
        if len({file.name.lower() for file in files}) < len(files):
            raise TarError("two people would get the same file; rename one of them")
        if existing is not None and not self.overwrite:
            raise TarError(f"{existing.name} exists; choose another name, or turn on Replace Files")
        if self.is_together():
            return save_together(path, people)
        for file, person in zip(files, people, strict=True):
            _write(file, [person], self.at_origin)
        return files


def _write(path: Path, people: Sequence[bpy.types.Object], at_origin: bool) -> list[Path]:
    with ExitStack() as stack:
        for person in people if at_origin else ():
            stack.enter_context(started_at_origin(person))
        return save_each(path, people)


register, unregister = registration((TAR_OT_export_person, TAR_OT_export_people))

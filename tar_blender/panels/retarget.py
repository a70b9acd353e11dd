"""The sidebar's Retarget panel: a person's motion on the animator's own character."""

import json
from pathlib import Path
from typing import ClassVar

import bpy
from bpy.props import CollectionProperty, PointerProperty, StringProperty

from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.skeleton import JOINT_NAMES

from ..engine.paths import bone_map_folder
from ..operators.choose_video import CATEGORY
from ..operators.people import TAR_OT_reduce_keys
from ..retarget.bone_maps import BoneMap, find_bones
from ..retarget.retarget import retarget
from ..scene.metadata import imported_clips, is_person
from ..util.report import refuse


def saved_maps() -> dict[str, BoneMap]:
    """The user's own bone maps by their names; files that cannot be read are passed over."""
    maps: dict[str, BoneMap] = {}
    for path in sorted(bone_map_folder().glob("*.json")):
        try:
            bones = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(bones, dict) and all(joint in JOINT_NAMES for joint in bones):
            maps[path.stem] = {joint: str(bone) for joint, bone in bones.items()}
    return maps


def save_map(name: str, bones: BoneMap) -> Path:
    """Raises TarError: the name is none for a file, or the file cannot be written."""
    plain = "".join(letter for letter in name if letter.isalnum() or letter in " -_.").strip(" .")
    if not plain:
        raise TarError("a bone map needs a name of letters and digits; type one")
    folder = bone_map_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / f"{plain}.json") as temporary:
            Path(temporary).write_text(json.dumps(bones, indent=1), encoding="utf-8")
    except OSError as error:
        raise TarError(
            f"{folder}: cannot write there ({error.strerror}); free space or mend its permissions"
        ) from error
    return folder / f"{plain}.json"


class TARBone(bpy.types.PropertyGroup):
    """Which bone moves like a joint; `name` is SMPL's joint."""

    bone: StringProperty(name="Bone", description="The character's bone that moves like this joint; empty for none")


def _choose_character(settings: "TARRetarget", context: bpy.types.Context) -> None:
    settings.fill()


class TARRetarget(bpy.types.PropertyGroup):
    """Who moves whom; kept in the scene."""

    person: PointerProperty(
        name="Person",
        description="The imported person whose motion is taken; empty: the active one",
        type=bpy.types.Object,
        poll=lambda settings, thing: is_person(thing),
    )
    character: PointerProperty(
        name="Character",
        description="The armature that shall move like the person",
        type=bpy.types.Object,
        poll=lambda settings, thing: thing.type == "ARMATURE" and not is_person(thing),
        update=_choose_character,
    )
    kind: StringProperty(description="The kind of rig that was recognized")
    bones: CollectionProperty(type=TARBone)

    def fill(self) -> None:
        """Looks the character's bones up."""
        self.kind = ""
        self.bones.clear()
        if self.character is None:
            return
        self.kind, found = find_bones([bone.name for bone in self.character.data.bones], saved_maps())
        for joint in JOINT_NAMES:
            row = self.bones.add()
            row.name, row.bone = joint, found.get(joint, "")

    def source(self, active: bpy.types.Object | None) -> bpy.types.Object | None:
        """Whose motion is taken: the person who is named, or the active one; None if it is nobody's."""
        if self.person is not None:
            return self.person
        return active if active is not None and is_person(active) else None

    def bone_map(self) -> BoneMap:
        return {row.name: row.bone for row in self.bones if row.bone}


class TAR_OT_retarget(bpy.types.Operator):
    """Bake the person's motion to the character: a new action with a key on every frame"""

    bl_idname = "tar.retarget"
    bl_label = "Retarget"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.tar_retarget
        if settings.source(context.view_layer.objects.active) is None or settings.character is None:
            cls.poll_message_set("Choose a person and a character")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.tar_retarget
        try:
            person = settings.source(context.view_layer.objects.active)
            action = retarget(person, settings.character, settings.bone_map(), settings.kind)
        except TarError as error:
            return refuse(self, error)
        self.report({"INFO"}, f"{settings.character.name} moves by the action {action.name}")
        return {"FINISHED"}


class TAR_OT_find_bones(bpy.types.Operator):
    """Look the character's bones up again; changes to the list are lost"""

    bl_idname = "tar.find_bones"
    bl_label = "Find Bones"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.tar_retarget.fill()
        return {"FINISHED"}


class TAR_OT_save_bone_map(bpy.types.Operator):
    """Keep this list of bones: characters that have all of them are recognized by it from now on"""

    bl_idname = "tar.save_bone_map"
    bl_label = "Save Bones"
    map_name: StringProperty(name="Name", description="What this kind of character is called", default="My Rig")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            path = save_map(self.map_name, context.scene.tar_retarget.bone_map())
        except TarError as error:
            return refuse(self, error)
        context.scene.tar_retarget.kind = path.stem
        return {"FINISHED"}


class TAR_PT_retarget(bpy.types.Panel):
    bl_label = "Retarget"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(imported_clips(context.scene))

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.tar_retarget
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(settings, "person", icon="ARMATURE_DATA")
        source = settings.source(context.view_layer.objects.active)
        if settings.person is None and source is not None:
            layout.label(text=f"{source.name} is active", icon="ARMATURE_DATA")
        layout.prop(settings, "character", icon="OUTLINER_OB_ARMATURE")
        if settings.character is not None:
            there = settings.character.data.bones
            found = sum(row.bone in there for row in settings.bones)
            layout.label(text=f"{settings.kind}: {found} of {len(settings.bones)} joints", icon="BONE_DATA")
        button = layout.column()
        button.scale_y = 1.4
        button.operator(TAR_OT_retarget.bl_idname, icon="ARMATURE_DATA")
        if settings.character is not None and context.view_layer.objects.active == settings.character:
            layout.operator(TAR_OT_reduce_keys.bl_idname, icon="KEYFRAME")


class TAR_PT_retarget_bones(bpy.types.Panel):
    bl_label = "Bones"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_parent_id = "TAR_PT_retarget"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.scene.tar_retarget.character is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.tar_retarget
        layout.use_property_split = True
        layout.use_property_decorate = False
        row = layout.row(align=True)
        row.operator(TAR_OT_find_bones.bl_idname, icon="FILE_REFRESH")
        row.operator(TAR_OT_save_bone_map.bl_idname, icon="FILE_TICK")
        column = layout.column(align=True)
        for bone in settings.bones:
            title = bone.name.replace("_", " ").title()
            column.prop_search(bone, "bone", settings.character.data, "bones", text=title)


_CLASSES = (
    TARBone,
    TARRetarget,
    TAR_OT_retarget,
    TAR_OT_find_bones,
    TAR_OT_save_bone_map,
    TAR_PT_retarget,
    TAR_PT_retarget_bones,
)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.tar_retarget = PointerProperty(type=TARRetarget)


def unregister() -> None:
    del bpy.types.Scene.tar_retarget
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)

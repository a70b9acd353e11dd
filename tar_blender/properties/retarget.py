"""The Retarget panel's settings: the person, the character and the character's bones."""

import bpy
from bpy.props import CollectionProperty, PointerProperty, StringProperty

from tar_core.skeleton import JOINT_NAMES

from ..retarget.bone_maps import BoneMap, find_bones
from ..retarget.saved_maps import saved_maps
from ..scene.metadata import is_person


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
        poll=lambda settings, obj: is_person(obj),
    )
    character: PointerProperty(
        name="Character",
        description="The armature that shall move like the person",
        type=bpy.types.Object,
        poll=lambda settings, obj: obj.type == "ARMATURE" and not is_person(obj),
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


_CLASSES = (TARBone, TARRetarget)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.tar_retarget = PointerProperty(type=TARRetarget)


def unregister() -> None:
    del bpy.types.Scene.tar_retarget
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)

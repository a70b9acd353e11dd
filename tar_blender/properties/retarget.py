"""Settings of the Retarget panel: the person, the character and the character's bones."""

import bpy
from bpy.props import BoolProperty, CollectionProperty, PointerProperty, StringProperty

from tar_core.skeleton import JOINT_NAMES

from ..retarget.known_rigs import BoneMap
from ..retarget.saved_maps import bones_of
from ..scene.metadata import is_person
from ..util.registration import Pointer, registration


class TARBone(bpy.types.PropertyGroup):
    """The bone that corresponds to a joint; `name` is the name of SMPL's joint."""

    bone: StringProperty(
        name="Bone", description="Bone of the character that corresponds to this joint. Leave it empty if there is none"
    )


def _on_character_changed(settings: "TARRetarget", context: bpy.types.Context) -> None:
    settings.fill()


class TARRetarget(bpy.types.PropertyGroup):
    """Settings of the Retarget panel; saved with the scene."""

    person: PointerProperty(
        name="Person",
        description="Imported person to copy the motion from. Leave it empty to use the active person",
        type=bpy.types.Object,
        poll=lambda settings, obj: is_person(obj),
    )
    character: PointerProperty(
        name="Character",
        description="Armature to copy the motion to",
        type=bpy.types.Object,
        poll=lambda settings, obj: obj.type == "ARMATURE" and not is_person(obj),
        update=_on_character_changed,
    )
    kind: StringProperty(description="Kind of rig that was recognized")
    bones: CollectionProperty(type=TARBone)
    mute_interference: BoolProperty(
        name="Mute Interference",
        description="Mute constraints, drivers and NLA tracks that would change the motion, and leave Rest Position. "
        "Nothing is removed. If disabled, such characters are refused",
        default=True,
    )
    muted: StringProperty(description="What the last bake muted")
    deviations: StringProperty(description="Bones that are not where they should be after the last bake")

    def fill(self) -> None:
        """Find the character's bones."""
        self.kind = self.muted = self.deviations = ""
        self.bones.clear()
        if self.character is None:
            return
        self.kind, found = bones_of(self.character)
        for joint in JOINT_NAMES:
            row = self.bones.add()
            row.name, row.bone = joint, found.get(joint, "")

    def source(self, active: bpy.types.Object | None) -> bpy.types.Object | None:
        """Return the person to copy the motion from: the chosen one, or else the active one; None if there is none."""
        if self.person is not None:
            return self.person
        return active if active is not None and is_person(active) else None

    def bone_map(self) -> BoneMap:
        """Return the map from joints to bones, without joints that have no bone."""
        return {row.name: row.bone for row in self.bones if row.bone}


register, unregister = registration((TARBone, TARRetarget), (Pointer(bpy.types.Scene, "tar_retarget", TARRetarget),))

"""Settings of the Retarget panel: the person, the character and the character's bones."""

from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, PointerProperty, StringProperty

from tar_core.skeleton import ALL_JOINT_NAMES, JOINT_NAMES

from ..retarget.known_rigs import BoneMap
from ..retarget.retarget import BakeOptions
from ..retarget.saved_maps import bones_of
from ..scene.metadata import is_person, scene_people
from ..util.blender_types import data_of
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
        description="Imported person to copy the motion from. Leave it empty to use the active person, or the only one",
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
        description="Mute drivers and NLA tracks that would change the motion, turn constraints off on the baked "
        "frames, and leave Rest Position. Nothing is removed. If disabled, such characters are refused",
        default=True,
    )
    limbs: EnumProperty(
        name="Arms and Legs",
        description="Which controls of arms and legs get keys, if the character has IK",
        items=(
            ("FK", "FK", "Keys for the bones themselves"),
            ("IK", "IK", "Keys for hands, feet, and the poles of elbows and knees. IK is switched on"),
            ("BOTH", "FK and IK", "Keys for both, so that you can switch between them. IK is switched on"),
        ),
        default="FK",
    )
    root_motion: BoolProperty(
        name="Root Motion",
        description="The root bone carries the place on the ground and the heading, and the hips carry the rest. "
        "If disabled, the root bone gets no keys",
        default=False,
    )
    face: BoolProperty(
        name="Face",
        description="Copy a captured face to the shape keys of the character's meshes that have the names of ARKit, "
        "Character Creator, VRoid, VRChat or MMD. Shape keys with drivers are left as they are",
        default=True,
    )
    muted: StringProperty(description="What the last bake muted")
    deviations: StringProperty(description="Bones that are not where they should be after the last bake")

    def fill(self) -> None:
        """Find the character's bones."""
        self.kind = self.muted = self.deviations = ""
        self.bones.clear()
        character = self.target()
        if character is None:
            return
        self.kind, found = bones_of(character)
        for joint in ALL_JOINT_NAMES:
            row = self.bones.add()
            row.name, row.bone = joint, found.get(joint, "")

    def source(self, active: bpy.types.Object | None) -> bpy.types.Object | None:
        """The person to copy the motion from: the chosen one, the active one, or the only one of the scene."""
        chosen = active if self.person is None else self.person
        if chosen is not None and is_person(chosen):
            return chosen
        scene: Any = self.id_data
        people = scene_people(scene)
        return people[0] if len(people) == 1 and self.person is None else None

    def target(self) -> bpy.types.Object | None:
        """Return the character; None if none is chosen. A file may name an object that is not an armature."""
        character = self.character
        return character if character is not None and character.type == "ARMATURE" else None

    def options(self) -> BakeOptions:
        """Return the options of the bake."""
        return BakeOptions(self.limbs, self.root_motion, self.mute_interference, self.face)

    def check_rows(self) -> None:
        """Find the bones again if the list, which comes from a file, is not one of joints, with fingers or without."""
        names = [row.name for row in self.bones[: len(ALL_JOINT_NAMES) + 1]]
        if names not in ([], list(JOINT_NAMES), list(ALL_JOINT_NAMES)):
            self.fill()

    def bone_map(self) -> BoneMap:
        """Return the map from joints to bones of the character, without joints that have no bone."""
        character = self.target()
        bones: Any = () if character is None else data_of(character, bpy.types.Armature).bones
        rows = self.bones[: len(ALL_JOINT_NAMES)]
        return {row.name: row.bone for row in rows if row.name in ALL_JOINT_NAMES and row.bone in bones}


register, unregister = registration((TARBone, TARRetarget), (Pointer(bpy.types.Scene, "tar_retarget", TARRetarget),))

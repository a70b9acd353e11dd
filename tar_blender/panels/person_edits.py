"""The corrections of a person in the People panel."""

import bpy

from tar_core.edits import EFFECTORS, FEET, HANDS

from ..operators.person_edits import (
    TAR_OT_resolve_range,
    TAR_OT_set_contact,
    TAR_OT_set_height,
    TAR_OT_stand_on_floor,
    TAR_OT_use_contact_keys,
)
from ..scene.contacts import contacts_of
from ..scene.metadata import edits_of


def draw_person_edits(context: bpy.types.Context, layout: bpy.types.UILayout, armature: bpy.types.Object) -> None:
    """Draw the height, the floor and the contacts of a person at the current frame."""
    edits, found = edits_of(armature), contacts_of(armature)
    column = layout.column(align=True)
    row = column.row(align=True)
    text = "Height..." if edits.height is None else f"Height {100 * edits.height:.0f} cm"
    row.operator(TAR_OT_set_height.bl_idname, text=text, icon="EMPTY_SINGLE_ARROW").person = armature.name
    stand = row.operator(TAR_OT_stand_on_floor.bl_idname, icon="ANCHOR_BOTTOM", depress=edits.on_floor)
    stand.person = armature.name
    frame = -1 if found is None or context.scene is None else context.scene.frame_current - found[0]
    is_inside = found is not None and 0 <= frame < len(found[1])
    column = layout.column(align=True)
    column.label(text="Contacts at this frame")
    for pair in (FEET, HANDS):
        row = column.row(align=True)
        row.enabled = is_inside
        for effector in EFFECTORS[pair]:
            is_locked = found is not None and is_inside and bool(found[1][frame, EFFECTORS.index(effector)])
            name = effector.replace("_", " ").title()
            button = row.operator(
                TAR_OT_set_contact.bl_idname, text=name, icon="LOCKED" if is_locked else "UNLOCKED", depress=is_locked
            )
            button.person, button.effector = armature.name, effector
    row = column.row(align=True)
    row.operator(TAR_OT_use_contact_keys.bl_idname, icon="KEYINGSET").person = armature.name
    row.operator(TAR_OT_resolve_range.bl_idname, icon="FILE_REFRESH").person = armature.name

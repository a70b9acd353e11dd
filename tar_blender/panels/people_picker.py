"""The list of the people detected in the video."""

import bpy

from ..properties.people_picker import TARDetectedPeople, frames_text, portrait_icon

_PORTRAIT_SCALE = 3.2  # in widget heights


def draw_detected(context: bpy.types.Context, layout: bpy.types.UILayout, detected: TARDetectedPeople) -> None:
    """Draw a row for each person: portrait, checkbox, the range of frames in the scene, and doubts."""
    for person in detected.people:
        row = layout.box().row()
        row.template_icon(portrait_icon(person), scale=_PORTRAIT_SCALE)
        column = row.column(align=True)
        column.use_property_split = False
        column.prop(person, "selected", text=f"Person {person.person_id}")
        column.label(text=f"Frames {frames_text(context, detected, person)}")
        if person.reason:
            column.label(text=person.reason)

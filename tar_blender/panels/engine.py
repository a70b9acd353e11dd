"""The engine's state and operators, for the preferences and the sidebar."""

import bpy

from ..engine.environment import set_up_info, update_reason
from ..engine.paths import addon_preferences, bundled_program, engine_folder
from ..engine.status import engine_text, engine_trouble
from ..operators.engine import (
    TAR_OT_cancel_engine,
    TAR_OT_remove_engine,
    TAR_OT_set_up_engine,
    TAR_OT_test_engine,
)
from ..util.report import sentence


def set_up_label() -> str:
    """Return the label of the button that sets up the engine."""
    info = set_up_info(engine_folder())
    if info is None:
        return TAR_OT_set_up_engine.bl_label
    return "Update Engine" if update_reason(info) else "Set Up Again"


def draw_engine(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the engine's state and its operators, in the preferences."""
    state = context.window_manager.tar_engine
    column = layout.box().column()
    if state.error:
        column.label(text=sentence(state.error), icon="ERROR")
    if trouble := engine_trouble(context):
        column.label(text=sentence(trouble), icon="ERROR")
    else:
        column.label(text=state.tested or engine_text(context), icon="CHECKMARK")
    if state.running or set_up_is_offered(context):
        draw_set_up(column, context)
    if not state.running:
        row = column.row(align=True)
        row.operator(TAR_OT_test_engine.bl_idname, icon="PLAY")
        row.operator(TAR_OT_remove_engine.bl_idname, icon="TRASH")


def set_up_is_offered(context: bpy.types.Context) -> bool:
    """Whether the user may want to set up the engine: not if the packages in the extension fit."""
    preferences = addon_preferences(context)
    wanted = preferences is not None and preferences.use_graphics_card
    return wanted or bundled_program() is None or set_up_info(engine_folder()) is not None


def draw_set_up(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the button that sets up the engine, or the progress of the setup."""
    state = context.window_manager.tar_engine
    if not state.running:
        layout.operator(TAR_OT_set_up_engine.bl_idname, text=set_up_label(), icon="IMPORT")
        if not TAR_OT_set_up_engine.poll(context):
            row = layout.row()
            row.use_property_split = False  # half the width of the sidebar is too narrow for the label
            row.prop(context.preferences.system, "use_online_access", text="Allow Online Access")
        return
    if state.fraction >= 0:
        layout.progress(factor=state.fraction, type="BAR", text=state.stage)
    else:
        layout.label(text=f"{state.stage} ...", icon="SORTTIME")
    layout.operator(TAR_OT_cancel_engine.bl_idname, icon="X")

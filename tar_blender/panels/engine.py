"""The engine's state and operators, for the preferences and the sidebar."""

import bpy

from ..engine.environment import set_up_info
from ..engine.paths import engine_folder
from ..engine.status import update_reason
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
    """Draw the engine's state and all of its operators, in the preferences."""
    state, info = context.window_manager.tar_engine, set_up_info(engine_folder())
    column = layout.box().column()
    if state.error:
        column.label(text=sentence(state.error), icon="ERROR")
    if update_reason(info):
        column.label(text=sentence(update_reason(info)), icon="ERROR")
    elif state.tested or info is not None:
        column.label(text=state.tested or str(info), icon="CHECKMARK")
    else:
        column.label(text="The network runs in a separate Python environment", icon="INFO")
    draw_set_up(column, context)
    if not state.running:
        row = column.row(align=True)
        row.operator(TAR_OT_test_engine.bl_idname, icon="PLAY")
        row.operator(TAR_OT_remove_engine.bl_idname, icon="TRASH")


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

"""The add-on's preferences: which Python runs the engine, on what, which network and body, what is kept."""

import os

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from ..engine.cache import cache_size
from ..engine.paths import ADDON, PYTHON_VARIABLE, cache_folder
from ..operators.cache import TAR_OT_clear_cache
from .engine import draw_engine

_NAMES = 0.4  # of the width, as Blender splits it


class TARPreferences(bpy.types.AddonPreferences):
    bl_idname = ADDON

    engine_python: StringProperty(
        name="Own Python",
        description="A Python (3.11 to 3.13) of yours in which tar_core is installed; empty: the engine set up above",
        subtype="FILE_PATH",
    )
    pip_options: StringProperty(
        name="Pip Options",
        description="For setting up, e.g. --index-url and --extra-index-url as PyTorch's site gives them for your "
        "graphics card, or --no-index --find-links FOLDER for wheels that you have",
    )
    device: EnumProperty(
        name="Device",
        description="What the network runs on",
        items=[
            ("auto", "Automatic", "The graphics card if the engine can use it, else the processor"),
            ("cpu", "Processor", "Slower, and never short of graphics memory"),
            ("cuda", "CUDA or ROCm", "An NVIDIA or AMD graphics card, with the PyTorch for it"),
            ("mps", "Apple's GPU", "On Macs with Apple silicon"),
        ],
    )
    threads: IntProperty(
        name="Threads",
        description="Of the processor, for a network that runs on it; 0: half of those it has",
        default=0,
        min=0,
        max=256,
    )
    checkpoint: StringProperty(
        name="Network",
        description="A network of your own (.safetensors), e.g. one adapted to your footage; empty: the add-on's",
        subtype="FILE_PATH",
    )
    body_file: StringProperty(
        name="SMPL Body",
        description="Your own SMPL file (.npz or .pkl) for new captures; empty: the free body",
        subtype="FILE_PATH",
    )
    cache_folder: StringProperty(
        name="Cache",
        description="Where captured motion is kept for importing it again; empty: in the add-on's own folder",
        subtype="DIR_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        draw_engine(layout, context)
        layout.use_property_split = True
        layout.prop(self, "pip_options")
        layout.prop(self, "engine_python")
        if os.environ.get(PYTHON_VARIABLE):
            _value_row(layout).label(text=f"{PYTHON_VARIABLE} is set and comes first", icon="INFO")
        layout.prop(self, "device")
        layout.prop(self, "threads")
        layout.prop(self, "checkpoint")
        layout.prop(self, "body_file")
        layout.prop(self, "cache_folder")
        self._draw_cache(context, layout)

    def _draw_cache(self, context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
        count, size = cache_size(cache_folder(context))
        row = _value_row(layout)
        motions = "1 captured motion" if count == 1 else f"{count} captured motions"
        row.label(text=f"{motions}, {size / 1e6:.1f} MB")
        row.operator(TAR_OT_clear_cache.bl_idname, icon="TRASH")


def _value_row(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """A row that begins where the values of properties do."""
    split = layout.split(factor=_NAMES)
    split.label()
    return split.row()


register, unregister = bpy.utils.register_classes_factory((TARPreferences,))

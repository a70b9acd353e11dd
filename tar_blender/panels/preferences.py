"""The add-on's preferences: the engine, the device, the network, the body and the cache."""

import os

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ..engine.cache import cache_size
from ..engine.paths import ADDON, PYTHON_VARIABLE, cache_folder
from ..operators.cache import TAR_OT_clear_cache
from ..util.registration import registration
from .engine import draw_engine, set_up_is_offered

_LABEL_WIDTH = 0.4  # share of the width of a row, as in property splits


def _make_absolute(preferences: "TARPreferences", context: bpy.types.Context) -> None:
    """Resolve a path that the file browser returned relative to the open .blend file, since others may be opened."""
    if preferences.engine_python.startswith("//") and bpy.data.filepath:
        preferences.engine_python = bpy.path.abspath(preferences.engine_python)


class TARPreferences(bpy.types.AddonPreferences):
    bl_idname = ADDON

    engine_python: StringProperty(
        name="Own Python",
        description="A Python (3.11 to 3.14) in which you installed tar_core. "
        "Leave it empty to use the engine shown above",
        subtype="FILE_PATH",
        update=_make_absolute,
    )
    use_graphics_card: BoolProperty(
        name="Graphics Card",
        description="Set up the engine for a graphics card too: installs PyTorch, a download of several gigabytes. "
        "Set up the engine again after a change",
    )
    pip_options: StringProperty(
        name="Pip Options",
        description="Options of pip for the setup, such as --index-url and --extra-index-url from PyTorch's website "
        "for your graphics card, or --no-index --find-links FOLDER for local wheels",
    )
    device: EnumProperty(
        name="Device",
        description="Device that runs the network. If it is not available, the CPU is used",
        items=[
            ("auto", "Automatic", "The graphics card if the engine supports it, otherwise the CPU"),
            ("cpu", "CPU", "Slower, but not limited by graphics memory"),
            ("cuda", "CUDA or ROCm", "An NVIDIA or AMD graphics card, with a build of PyTorch that supports it"),
            ("mps", "Apple GPU", "The GPU of Macs with Apple silicon, with PyTorch"),
            ("coreml", "Core ML", "The neural engine and GPU of Macs, without PyTorch"),
            (
                "directml",
                "DirectML",
                "Graphics cards on Windows, with Own Python and onnxruntime-directml",
            ),
        ],
    )
    threads: IntProperty(
        name="CPU Threads",
        description="Number of threads if the network runs on the CPU. 0 uses half of the available threads, "
        "at least two",
        default=0,
        min=0,
        max=256,
    )
    checkpoint: StringProperty(
        name="Own Network",
        description="Your own network (.safetensors), such as one adapted to your footage. "
        "Leave it empty to use the included one",
        subtype="FILE_PATH",
    )
    body_file: StringProperty(
        name="Own SMPL Body",
        description="Your own SMPL file (.npz or .pkl) for new captures. Leave it empty to use the free body",
        subtype="FILE_PATH",
    )
    cache_folder: StringProperty(
        name="Cache",
        description="Folder for captured motion, which Re-import uses. Leave it empty to use the add-on's own folder",
        subtype="DIR_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        draw_engine(layout, context)
        layout.use_property_split = True
        layout.prop(self, "use_graphics_card")
        if set_up_is_offered(context):
            layout.prop(self, "pip_options")
        layout.prop(self, "engine_python")
        if os.environ.get(PYTHON_VARIABLE):
            _value_row(layout).label(text=f"{PYTHON_VARIABLE} is set and takes precedence", icon="INFO")
        layout.prop(self, "device")
        layout.prop(self, "threads")
        if self.threads == 0:
            _value_row(layout).label(text="0: half of the CPU's threads", icon="INFO")
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
    """Return a row that is aligned with the values of properties."""
    split = layout.split(factor=_LABEL_WIDTH)
    split.label()
    return split.row()


register, unregister = registration((TARPreferences,))

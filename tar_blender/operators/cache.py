"""The operator that clears the cache of captured motion."""

import bpy

from tar_core.errors import TarError

from ..engine.cache import cache_size, clear_cache
from ..engine.paths import cache_folder
from ..util.blender_types import OperatorResult
from ..util.registration import registration
from ..util.report import refuse


class TAR_OT_clear_cache(bpy.types.Operator):
    """Delete the captured motion in the cache. Imported people stay, but can no longer be re-imported"""

    bl_idname = "tar.clear_cache"
    bl_label = "Clear"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if cache_size(cache_folder(context))[0] == 0:
            cls.poll_message_set("The cache is empty")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            clear_cache(cache_folder(context))
        except TarError as error:
            return refuse(self, error)
        return {"FINISHED"}


register, unregister = registration((TAR_OT_clear_cache,))

"""What the user sees after an import: the people are selected, and the viewports look through their camera."""

from collections.abc import Sequence
from typing import Any

import bpy

from ..scene.build import ImportedClip
from ..util.blender_types import scene_of, view_layer_of


def select_people(context: bpy.types.Context, imported: Sequence[ImportedClip]) -> None:
    """Select the armatures of an import, and make the first one active."""
    layer = view_layer_of(context)
    armatures = [person.armature for built in imported for person in built.people]
    visible = [armature for armature in armatures if armature.name in layer.objects and armature.visible_get()]
    if not visible:
        return
    for obj in layer.objects:
        obj.select_set(obj in visible)
    layer.objects.active = visible[0]


def look_through_camera(context: bpy.types.Context, imported: Sequence[ImportedClip]) -> None:
    """Look through the active camera in all viewports of the window, if the import made it; show the whole picture."""
    camera = scene_of(context).camera
    is_own = any(built.camera == camera and camera.name in built.collection.all_objects for built in imported)
    screen = context.screen
    if camera is None or not is_own or screen is None:
        return
    for area in screen.areas:
        for space in area.spaces:
            if isinstance(space, bpy.types.SpaceView3D) and space.region_3d is not None:
                space.region_3d.view_perspective = "CAMERA"
        region = next((region for region in area.regions if region.type == "WINDOW"), None)
        if area.type == "VIEW_3D" and region is not None and not bpy.app.background:
            with context.temp_override(area=area, region=region):
                center: Any = bpy.ops.view3d.view_center_camera
                if center.poll():
                    center()

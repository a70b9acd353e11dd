"""Timeline markers at the cuts of a video, which make the camera of each shot the active one."""

import bpy

_SHOT = "tar_shot"  # custom property of our markers in saved files: never change it


def add_marker(scene: bpy.types.Scene, name: str, frame: int, camera: bpy.types.Object) -> None:
    """Add a marker from which on a camera is the active one."""
    marker = scene.timeline_markers.new(name, frame=frame)
    marker.camera = camera
    marker[_SHOT] = True


def remove_markers(collection: bpy.types.Collection) -> None:
    """Remove the markers that an import has added for the cameras in a collection; the user's own are kept."""
    cameras = set(collection.all_objects)
    for scene in bpy.data.scenes:
        for marker in list(scene.timeline_markers):
            if marker.get(_SHOT) and marker.camera in cameras:
                scene.timeline_markers.remove(marker)

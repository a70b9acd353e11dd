"""Timeline markers at the cuts of a video, which make the camera of each shot the active one."""

from collections.abc import Callable

import bpy

# Custom property of a camera in saved files with the frame and name of its marker: never change it. Blender 5 has no
# custom properties of markers.
_MARKER = "tar_marker"


def add_marker(scene: bpy.types.Scene, name: str, frame: int, camera: bpy.types.Object) -> None:
    """Add a marker from which on a camera is the active one."""
    marker = scene.timeline_markers.new(name, frame=frame)
    marker.camera = camera
    camera[_MARKER] = _text(marker)


def remove_markers(collection: bpy.types.Collection) -> list[bpy.types.Scene]:
    """Remove the markers that an import has added for the cameras in a collection; return the scenes that had them.

    The user's own markers, and those that the user has moved or renamed, are kept.
    """
    scenes = []
    cameras = set(collection.all_objects)
    for scene in bpy.data.scenes:
        for marker in list(scene.timeline_markers):
            camera = marker.camera
            if camera is not None and camera in cameras and camera.get(_MARKER) == _text(marker):
                scene.timeline_markers.remove(marker)
                scenes.append(scene)
    return scenes


def move_markers(collection: bpy.types.Collection, moved: Callable[[int], int]) -> None:
    """Move the markers that an import has added for the cameras in a collection to other frames."""
    cameras = set(collection.all_objects)
    for scene in bpy.data.scenes:
        for marker in scene.timeline_markers:
            camera = marker.camera
            if camera is not None and camera in cameras and camera.get(_MARKER) == _text(marker):
                marker.frame = moved(marker.frame)
                camera[_MARKER] = _text(marker)


def go_to_shot(scene: bpy.types.Scene, camera: bpy.types.Object) -> None:
    """Go to the first frame of a camera's shot, unless the current frame is in it."""
    scene.frame_set(scene.frame_current)  # makes the camera of the last marker the active one
    frames = [marker.frame for marker in scene.timeline_markers if marker.camera == camera]
    if frames and scene.camera != camera:
        scene.frame_set(min(frames))


def _text(marker: bpy.types.TimelineMarker) -> str:
    return f"{marker.frame} {marker.name}"

"""The frame rate of a scene, which Blender stores as a whole number and a base."""

import bpy


def frame_rate(scene: bpy.types.Scene) -> float:
    """Return the frames per second of a scene."""
    return scene.render.fps / scene.render.fps_base


def set_frame_rate(scene: bpy.types.Scene, fps: float) -> None:
    """Set the frames per second of a scene. A rate of 29.97 becomes 30 with a base of 1.001."""
    scene.render.fps = max(1, round(fps))
    scene.render.fps_base = scene.render.fps / fps

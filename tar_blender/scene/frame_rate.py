"""The frame rate of a scene, which Blender splits into a whole number and a base."""

import bpy


def frame_rate(scene: bpy.types.Scene) -> float:
    """Frames per second of the scene."""
    return scene.render.fps / scene.render.fps_base


def set_frame_rate(scene: bpy.types.Scene, fps: float) -> None:
    """Set a frame rate that need not be a whole number: 29.97 becomes 30 with the base 1.001."""
    scene.render.fps = max(1, round(fps))
    scene.render.fps_base = scene.render.fps / fps

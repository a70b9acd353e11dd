"""Blender properties: the settings, and the state of the running import."""

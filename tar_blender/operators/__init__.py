"""Blender operators: import, people list, floor, retargeting, engine setup and cache."""

"""The engine: the process that captures for Blender, its protocol and its client."""

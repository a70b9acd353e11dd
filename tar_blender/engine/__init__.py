"""The engine as Blender uses it: its environment, its paths, requests and the cache."""

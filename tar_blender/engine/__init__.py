"""The engine, i.e. the process outside Blender that runs the network: its setup, its paths and its jobs."""

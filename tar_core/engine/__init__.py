"""The engine, i.e. the process outside Blender that runs the network; its protocol and its clients."""

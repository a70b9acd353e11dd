"""What Blender remembers: settings, and how the running import is doing."""

"""What an import builds in the scene: one module for each kind of Blender data."""

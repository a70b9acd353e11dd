"""What an import builds in the scene, one file for each of Blender's concepts."""

"""The command for `blender -b`: one video, or folders of them."""

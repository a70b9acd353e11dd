"""Entry of the Blender extension: the repository's root is its source. Everything is in tar_blender."""

from . import tar_blender


def register() -> None:
    tar_blender.register()


def unregister() -> None:
    tar_blender.unregister()

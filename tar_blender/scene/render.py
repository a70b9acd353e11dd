"""Fast Workbench renders of the scene from its camera; works without a display."""

from pathlib import Path

import bpy

from tar_core.errors import TarError


def render_frame(scene: bpy.types.Scene, frame: int, path: Path, width: int) -> None:
    """Render one scene frame with Workbench, on a transparent background.

    Bones and the background video are not rendered. The render settings are restored afterwards.

    Args:
        path: the .png file to write.
        width: of the image in pixels; the height follows from the scene's resolution.

    Raises:
        TarError: the file cannot be written.
    """
    assert scene.display is not None
    render, shading = scene.render, scene.display.shading
    settings = [
        (render, "engine", "BLENDER_WORKBENCH"),
        (scene.view_settings, "view_transform", "Standard"),
        (render, "filepath", str(path)),
        (render, "film_transparent", True),
        (render, "resolution_x", width),
        (render, "resolution_y", round(width * render.resolution_y / render.resolution_x)),
        (render, "resolution_percentage", 100),
        (shading, "light", "STUDIO"),
        (shading, "color_type", "MATERIAL"),
    ]
    image = render.image_settings
    image_settings = [(image, "file_format", "PNG"), (image, "color_mode", "RGBA")]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in settings + image_settings]
    try:
        for owner, name, value in settings + image_settings:
            setattr(owner, name, value)
        scene.frame_set(frame)
        bpy.ops.render.render(write_still=True, scene=scene.name)
    except RuntimeError as error:
        raise TarError(f"{path}: cannot be rendered ({str(error).strip()}); choose another folder") from error
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)

"""Settings of the video's camera, which are both in the sidebar and in the Re-import dialog."""

from math import atan, degrees, radians, tan

import bpy
from bpy.props import EnumProperty, FloatProperty

from tar_core.errors import TarError
from tar_core.option_fields import options_of
from tar_core.options import CaptureOptions

from ..scene.animated_camera import check_perspective, focal_length
from ..util.blender_types import data_of

_FOV = options_of(CaptureOptions)["fov"]


class LensSettings:
    """Camera settings. A mixin with annotations, since both a property group and an operator have them."""

    camera_mode: EnumProperty(
        name="Camera",
        description="Camera of the imported clip",
        items=[
            ("video", "From Video", "A new camera, which is static or rotates and zooms like the camera of the video"),
            (
                "animated",
                "As Animated",
                "The active camera with its animation, keyed by hand or solved by Blender's motion tracker. People are "
                "placed in its world, at its scale",
            ),
        ],
    )
    focal_mode: EnumProperty(
        name="Focal Length",
        description="Source of the focal length of the video's camera",
        items=[
            (
                "auto",
                "Automatic",
                "Estimated from straight lines in the image, the lens named in the file, and usual lenses",
            ),
            ("lens", "Lens and Sensor", "From the lens and the sensor size in millimeters"),
            ("fov", "Field of View", "From the angle across the longer side of the image"),
            ("camera", "Active Camera", "From the active camera of the scene"),
            ("pixels", "Pixels", "The focal length in pixels, for example from a calibration"),
        ],
    )
    lens: FloatProperty(
        name="Lens", description="Real focal length of the lens in millimeters", default=35, min=1, soft_max=300
    )
    sensor: FloatProperty(
        name="Sensor",
        description="Longer side of the sensor in millimeters. Use 36 with a full-frame equivalent focal length",
        default=36,
        min=1,
        soft_max=70,
    )
    fov: FloatProperty(
        name="Angle",
        description="Angle across the longer side of the image",
        subtype="ANGLE",
        default=radians(60),
        min=radians(_FOV.minimum),
        max=radians(_FOV.maximum),
    )
    focal_length: FloatProperty(
        name="Pixels", description="Focal length of the camera in pixels", default=1500.0, min=1.0, soft_max=10000.0
    )

    def field_of_view(self, scene: bpy.types.Scene) -> float | None:
        """Field of view across the longer side of the image, degrees; None if unknown or given as pixels.

        Raises:
            TarError: the scene has no perspective camera.
        """
        if self.camera_mode == "animated":
            return camera_field_of_view(scene)
        if self.focal_mode == "fov":
            return degrees(self.fov)
        if self.focal_mode == "lens":
            return degrees(2 * atan(self.sensor / (2 * self.lens)))
        if self.focal_mode == "camera":
            return camera_field_of_view(scene)
        return None

    def scene_camera(self, scene: bpy.types.Scene) -> str | None:
        """Name of the scene camera if its animation is used, else None.

        Raises:
            TarError: the scene has no perspective camera.
        """
        if self.camera_mode != "animated":
            return None
        camera_field_of_view(scene)
        return scene.camera.name


def lens_focal_length(settings: LensSettings, scene: bpy.types.Scene, width: int, height: int) -> float | None:
    """Focal length in pixels for an image of this size; None if it is to be estimated.

    Raises:
        TarError: the scene has no perspective camera.
    """
    if settings.camera_mode == "video" and settings.focal_mode == "pixels":
        return settings.focal_length
    angle = settings.field_of_view(scene)
    return None if angle is None else max(width, height) / (2 * tan(radians(angle) / 2))


def camera_field_of_view(scene: bpy.types.Scene) -> float:
    """Field of view of the scene camera across the longer side of the render, degrees.

    Raises:
        TarError: there is no camera, or it is not a perspective camera.
    """
    camera = scene.camera
    if camera is None or camera.type != "CAMERA":
        raise TarError("the scene has no active camera; set one, or change Camera or Focal Length")
    check_perspective(camera)
    width = scene.render.resolution_x * scene.render.pixel_aspect_x
    height = scene.render.resolution_y * scene.render.pixel_aspect_y
    return degrees(2 * atan(max(width, height) / (2 * focal_length(data_of(camera, bpy.types.Camera), width, height))))

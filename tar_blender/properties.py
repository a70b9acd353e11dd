"""What the sidebar remembers: the settings of the next import, and how the running one is doing."""

from math import degrees, radians
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from .engine_client import CaptureJob


class TARSettings(bpy.types.PropertyGroup):
    """Settings of the next import; kept in the scene."""

    video: StringProperty(name="Video", description="The video whose people become characters", subtype="FILE_PATH")
    people: EnumProperty(
        name="People",
        description="Whose motion to import",
        items=[
            ("all", "Everyone", "All people in the video"),
            ("largest", "Largest", "The one person who fills most of the picture"),
            ("count", "Number", "So many of the largest"),
        ],
    )
    people_count: IntProperty(name="Number", description="How many people to import", default=2, min=1, max=100)
    focal_mode: EnumProperty(
        name="Focal Length",
        description="What is known about the video's camera",
        items=[
            ("auto", "Automatic", "Nothing is known: assume a focal length of the picture's diagonal"),
            ("pixels", "Pixels", "The focal length in pixels, e.g. from a calibration"),
            ("fov", "Field of View", "The angle across the picture's longer side"),
        ],
    )
    focal: FloatProperty(
        name="Pixels", description="The camera's focal length in pixels", default=1500.0, min=1.0, soft_max=10000.0
    )
    fov: FloatProperty(
        name="Angle",
        description="The angle that the picture's longer side spans",
        subtype="ANGLE",
        default=radians(60),
        min=radians(1),
        max=radians(170),
    )
    use_range: BoolProperty(name="Only Some Frames", description="Import a part of the video")
    first_frame: IntProperty(name="First", description="The video's first frame to import, counted from 0", min=0)
    last_frame: IntProperty(name="Last", description="The video's last frame to import", default=100, min=0)

    def job(self, body: str | None) -> CaptureJob:
        """What to ask of the engine."""
        return CaptureJob(
            video=str(Path(bpy.path.abspath(self.video)).absolute()),
            start=self.first_frame if self.use_range else 0,
            end=self.last_frame if self.use_range else None,
            people=self.people_count if self.people == "count" else self.people,
            focal=self.focal if self.focal_mode == "pixels" else None,
            fov=degrees(self.fov) if self.focal_mode == "fov" else None,
            body=body,
        )


class TARProgress(bpy.types.PropertyGroup):
    """The running import, or how the last one ended; kept in the window manager, so it is not saved."""

    running: BoolProperty()
    cancel_requested: BoolProperty()
    fraction: FloatProperty()
    stage: StringProperty()
    error: StringProperty()
    notice: StringProperty()


_CLASSES = (TARSettings, TARProgress)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.tar_settings = PointerProperty(type=TARSettings)
    bpy.types.WindowManager.tar_progress = PointerProperty(type=TARProgress)


def unregister() -> None:
    del bpy.types.WindowManager.tar_progress
    del bpy.types.Scene.tar_settings
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)

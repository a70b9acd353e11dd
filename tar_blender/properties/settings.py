"""What the sidebar remembers: the settings of the next import, and how the running one is doing.

Settings come as plain classes of annotations, so that the panel's property groups and the operators' dialogs share
them.
"""

from math import atan, degrees, radians, tan
from pathlib import Path
from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from tar_core.engine.client import CaptureJob
from tar_core.errors import TarError
from tar_core.files import check_video_file

from ..scene.animated_camera import check_perspective, focal_length
from ..scene.build import ImportOptions, frame_rate
from ..util.video_info import read_video_info

Box = tuple[int, int, int, int]

_WIDEST = 170  # degrees; what the engine takes


class LensSettings:
    """What is known about the video's camera."""

    camera_mode: EnumProperty(
        name="Camera",
        description="Whose camera the people stand before",
        items=[
            ("video", "From the Video", "Stands, or turns as the video's background tells"),
            (
                "animated",
                "As Animated",
                "The scene's camera as it is animated, by hand or by Blender's motion tracker: people are placed in "
                "its world, whose scale is yours",
            ),
        ],
    )
    focal_mode: EnumProperty(
        name="Focal Length",
        description="What is known about the video's camera",
        items=[
            ("auto", "Automatic", "From the straight lines of the picture; where they do not tell it, its diagonal"),
            ("lens", "Lens and Sensor", "The lens in millimeters, and the size of the sensor behind it"),
            ("fov", "Field of View", "The angle across the picture's longer side"),
            ("camera", "Active Camera", "As the scene's camera sees"),
            ("pixels", "Pixels", "The focal length in pixels, e.g. from a calibration"),
        ],
    )
    lens: FloatProperty(
        name="Lens", description="The lens's real focal length in millimeters", default=35, min=1, soft_max=300
    )
    sensor: FloatProperty(
        name="Sensor",
        description="The longer side of the sensor in millimeters; 36 if the lens is given as for full frame",
        default=36,
        min=1,
        soft_max=70,
    )
    fov: FloatProperty(
        name="Angle",
        description="The angle that the picture's longer side spans",
        subtype="ANGLE",
        default=radians(60),
        min=radians(1),
        max=radians(_WIDEST - 1),
    )
    focal_length: FloatProperty(
        name="Pixels", description="The camera's focal length in pixels", default=1500.0, min=1.0, soft_max=10000.0
    )

    def field_of_view(self, scene: bpy.types.Scene) -> float | None:
        """Degrees across the picture's longer side; None where that is unknown or `focal_length` tells.

        Raises:
            TarError: the scene has no camera with a perspective.
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
        """The name of the camera that is taken as animated, if one is.

        Raises:
            TarError: the scene has no camera with a perspective.
        """
        if self.camera_mode != "animated":
            return None
        camera_field_of_view(scene)
        return scene.camera.name


class SceneSettings:
    """How the motion enters the scene."""

    start_frame: IntProperty(name="Start Frame", description="The scene frame of the video's first frame", default=1)
    smoothing: FloatProperty(
        name="Smoothing",
        description="Takes jitter out, and leaves quick limbs alone: 0 is the motion as captured, 1 the strongest",
        subtype="FACTOR",
        default=0.3,
        min=0.0,
        max=1.0,
    )
    lean_correction: BoolProperty(
        name="Keep Balance",
        description="Turns people who lean too far towards the camera or away from it until their weight is above "
        "their feet, where straight lines in the picture tell what is upright and the camera stands still",
        default=True,
    )
    foot_locking: FloatProperty(
        name="Plant Feet",
        description="Lets standing feet stand: moves the root, mostly along the line of sight. For cameras that stand "
        "or turn in one place; 0 leaves the motion as captured",
        subtype="FACTOR",
        default=1.0,
        min=0.0,
        max=1.0,
    )
    on_ground: BoolProperty(
        name="Feet on Ground", description="Raise the camera until the people's feet stand on z = 0", default=True
    )
    figure: EnumProperty(
        name="Create",
        description="What is made of each person",
        items=[
            ("body", "Armature and Body", "An armature with a skinned body"),
            ("armature", "Armature Only", "An armature without a body"),
        ],
    )
    timing: EnumProperty(
        name="Frame Rate",
        description="What happens where the video's frame rate is not the scene's; both are right in time",
        items=[
            ("video", "Set to Video's", "The scene takes the video's frame rate: a key for each frame of the video"),
            ("scene", "Keep Scene's", "The motion is resampled to the scene's frame rate"),
        ],
    )
    match_resolution: BoolProperty(
        name="Match Resolution", description="Set the scene's render size to the video's", default=True
    )
    show_video: BoolProperty(
        name="Background Video", description="Show the video behind the scene in the camera's view", default=True
    )

    def import_options(self, focal_length: float | None = None, camera: str | None = None) -> ImportOptions:
        """What to ask of import_clip."""
        return ImportOptions(
            start_frame=self.start_frame,
            smoothing=self.smoothing,
            lean_correction=self.lean_correction,
            foot_locking=self.foot_locking,
            on_ground=self.on_ground,
            focal_length=focal_length,
            camera=camera,
            with_body=self.figure == "body",
            keep_frame_rate=self.timing == "scene",
            match_resolution=self.match_resolution,
            show_video=self.show_video,
        )

    def take_options(self, options: ImportOptions) -> None:
        """The opposite of `import_options`."""
        self.start_frame, self.on_ground = options.start_frame, options.on_ground
        self.smoothing, self.foot_locking = options.smoothing, options.foot_locking
        self.lean_correction = options.lean_correction
        self.figure = "body" if options.with_body else "armature"
        self.timing = "scene" if options.keep_frame_rate else "video"
        self.match_resolution, self.show_video = options.match_resolution, options.show_video


def _choose_video(settings: "TARSettings", context: bpy.types.Context) -> None:
    context.window_manager.tar_video.show(settings.video)
    settings.take_box(0, (0, 0, 0, 0))  # it was drawn on another one


class TARSettings(LensSettings, SceneSettings, bpy.types.PropertyGroup):
    """Settings of the next import; kept in the scene."""

    video: StringProperty(name="Video", description="The video whose people become characters", update=_choose_video)
    frames: EnumProperty(
        name="Frames",
        description="Which part of the video to import",
        items=[
            ("all", "Whole Video", "All of the video's frames"),
            ("scene", "Scene Range", "What the scene's frame range shows of the video"),
            ("part", "From and To", "Frames of the video, counted from 0"),
        ],
    )
    first_frame: IntProperty(name="From", description="The video's first frame to import, counted from 0", min=0)
    last_frame: IntProperty(name="To", description="The video's last frame to import", default=100, min=0)
    people: EnumProperty(
        name="People",
        description="Whose motion to import",
        items=[
            ("all", "Everyone", "All people in the video"),
            ("largest", "Largest", "The one person who fills most of the picture"),
            ("count", "Number", "So many of the largest"),
            ("picked", "Pick", "Those who are ticked among the people that a quick look finds"),
            ("box", "Box", "The one person in a box that you draw on a frame of the video"),
        ],
    )
    people_count: IntProperty(name="Number", description="How many people to import", default=2, min=1, max=100)
    box_frame: IntProperty(
        name="Frame",
        description="The video frame on which the box is, counted from 0; the person is followed from there on",
        min=0,
    )
    box_left: IntProperty(
        name="Left", description="The box's left edge, from the picture's left edge", subtype="PIXEL", min=0
    )
    box_top: IntProperty(
        name="Top", description="The box's upper edge, from the picture's upper edge", subtype="PIXEL", min=0
    )
    box_right: IntProperty(
        name="Right", description="The box's right edge, from the picture's left edge", subtype="PIXEL", min=0
    )
    box_bottom: IntProperty(
        name="Bottom", description="The box's lower edge, from the picture's upper edge", subtype="PIXEL", min=0
    )
    every_frame: BoolProperty(
        name="Every Frame",
        description="Look at each frame of a video of 60 frames a second or more, not at 30 a second; takes longer, "
        "and catches the quickest movements",
        default=False,
    )
    static_camera: BoolProperty(
        name="Camera on Tripod",
        description="Do not look whether the camera turns: for a camera that stands before things that move",
        default=False,
    )
    body: EnumProperty(
        name="Body",
        description="Whose body the motion is for",
        items=[
            ("free", "Free Body", "The body that comes with the add-on"),
            ("smpl", "SMPL File", "Your own SMPL file"),
        ],
    )
    gender: EnumProperty(
        name="Gender",
        description="Which of SMPL's bodies; their files lie beside each other",
        items=[
            ("file", "As the File", "The body of the file that is named"),
            ("neutral", "Neutral", "The neutral body beside that file"),
            ("female", "Female", "The female body beside that file"),
            ("male", "Male", "The male body beside that file"),
        ],
    )

    @property
    def video_path(self) -> Path:
        return Path(bpy.path.abspath(self.video)).absolute()

    def drawn_box(self) -> Box | None:
        """x0, y0, x1, y1 in the video's pixels; None where there is none."""
        box = self.box_left, self.box_top, self.box_right, self.box_bottom
        return box if box[0] < box[2] and box[1] < box[3] else None

    def take_box(self, frame: int, box: Box) -> None:
        """The opposite of `drawn_box`."""
        self.box_frame = frame
        self.box_left, self.box_top, self.box_right, self.box_bottom = box

    def job(
        self,
        scene: bpy.types.Scene,
        body: str | None,
        chosen: list[dict[str, Any]] | None = None,
    ) -> CaptureJob:
        """What to ask of the engine.

        Args:
            body: the user's SMPL file, if they chose to use it.
            chosen: traces of the people, where they are picked (see pick_people.py).

        Raises:
            TarError: no frames, no such video, no box where one is wanted, or no usable camera in the scene.
        """
        check_video_file(self.video_path)
        if self.video_path.suffix.lower() == ".npz":
            raise TarError(f"{self.video_path.name}: a motion file, not a video; use Import Motion File")
        start, end = self._range(scene)
        box = self.drawn_box() if self.people == "box" else None
        if self.people == "box" and box is None:
            raise TarError("no box is drawn yet; press Draw Box, or choose Everyone under People")
        return CaptureJob(
            video=str(self.video_path),
            start=start,
            end=end,
            people={"count": self.people_count, "picked": "all", "box": "all"}.get(self.people, self.people),
            focal_length=self.focal_length if self.focal_mode == "pixels" and self.camera_mode == "video" else None,
            fov=self.field_of_view(scene),
            body=body,
            box=None if box is None else (self.box_frame, *box),
            static_camera=self.static_camera or self.camera_mode == "animated",
            every_frame=self.every_frame,
            selection=chosen,
        )

    def _range(self, scene: bpy.types.Scene) -> tuple[int, int | None]:
        if self.frames == "all":
            return 0, None
        if self.frames == "part":
            if self.last_frame < self.first_frame:
                raise TarError(f"the frames {self.first_frame} to {self.last_frame} are none; raise To above From")
            return self.first_frame, self.last_frame
        info = read_video_info(self.video_path)
        speed = info.fps / frame_rate(scene) if self.timing == "scene" else 1.0
        first, last = (int((frame - self.start_frame) * speed) for frame in (scene.frame_start, scene.frame_end))
        if last < 0 or first >= info.frames:
            raise TarError("the scene's frame range shows nothing of the video; change it or Start Frame")
        return max(0, first), min(last, info.frames - 1)


class TARVideo(bpy.types.PropertyGroup):
    """What is shown about the chosen video; kept in the window manager, so it is not saved."""

    path: StringProperty()
    facts: StringProperty()
    error: StringProperty()

    def show(self, path: str) -> None:
        """Reads what there is to say about a video."""
        self.path, self.facts, self.error = path, "", ""
        if not path:
            return
        try:
            self.facts = str(read_video_info(Path(bpy.path.abspath(path))))
        except TarError as error:
            self.error = str(error)


class TARQueued(bpy.types.PropertyGroup):
    """An import that waits for its turn; `name` is the video's."""

    request: StringProperty()


class TARProgress(bpy.types.PropertyGroup):
    """The running import, or how the last one ended; kept in the window manager, so it is not saved."""

    running: BoolProperty()
    cancel_requested: BoolProperty()
    fraction: FloatProperty()
    video: StringProperty()
    stage: StringProperty()
    pace: StringProperty()
    error: StringProperty()
    notice: StringProperty()
    request: StringProperty()
    log: StringProperty()
    queue: CollectionProperty(type=TARQueued)

    def clear_messages(self) -> None:
        self.error = self.notice = self.log = self.request = ""


def lens_focal_length(settings: LensSettings, scene: bpy.types.Scene, width: int, height: int) -> float | None:
    """The focal length in pixels that the settings mean for a picture of this size; None where they leave it open.

    Raises:
        TarError: the scene has no camera with a perspective.
    """
    if settings.camera_mode == "video" and settings.focal_mode == "pixels":
        return settings.focal_length
    angle = settings.field_of_view(scene)
    return None if angle is None else max(width, height) / (2 * tan(radians(angle) / 2))


def camera_field_of_view(scene: bpy.types.Scene) -> float:
    """Degrees that the scene's camera spans across the longer side of the scene's pictures.

    Raises:
        TarError: there is no camera, or none with a perspective.
    """
    camera = scene.camera
    if camera is None or camera.type != "CAMERA":
        raise TarError("the scene has no camera; make one the scene's camera, or choose another Camera or Focal Length")
    check_perspective(camera)
    width = scene.render.resolution_x * scene.render.pixel_aspect_x
    height = scene.render.resolution_y * scene.render.pixel_aspect_y
    return degrees(2 * atan(max(width, height) / (2 * focal_length(camera.data, width, height))))


@bpy.app.handlers.persistent
def _show_video_of_opened_file(*_: object) -> None:
    bpy.context.window_manager.tar_video.show(bpy.context.scene.tar_settings.video)


_CLASSES = (TARSettings, TARVideo, TARQueued, TARProgress)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.tar_settings = PointerProperty(type=TARSettings)
    bpy.types.WindowManager.tar_video = PointerProperty(type=TARVideo)
    bpy.types.WindowManager.tar_progress = PointerProperty(type=TARProgress)
    bpy.app.handlers.load_post.append(_show_video_of_opened_file)


def unregister() -> None:
    bpy.app.handlers.load_post.remove(_show_video_of_opened_file)
    del bpy.types.WindowManager.tar_progress
    del bpy.types.WindowManager.tar_video
    del bpy.types.Scene.tar_settings
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)

"""The settings in the sidebar for the next import."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import CollectionProperty, EnumProperty, IntProperty, StringProperty

from tar_core.engine.protocol import Job
from tar_core.errors import TarError
from tar_core.files import check_video_file
from tar_core.options import CaptureOptions, StartBox

from ..scene.frame_rate import frame_rate
from ..scene.options import ImportOptions
from ..scene.scene_settings import keeps_frame_rate
from ..util.registration import Pointer, registration
from ..util.video_info import read_video_info
from .generated import properties
from .lens import LensSettings

Box = tuple[int, int, int, int]


class CaptureSettings:
    """Properties that are generated from `CaptureOptions`."""


CaptureSettings.__annotations__ = properties(CaptureOptions)


class SceneSettings:
    """Properties that are generated from `ImportOptions`. The Re-import dialog has them as well."""

    if TYPE_CHECKING:  # the properties are generated

        def __getattr__(self, name: str) -> Any: ...

    def import_options(self, focal_length: float | None = None, camera: str | None = None) -> ImportOptions:
        """Return the options for `import_clip`."""
        values = {name: getattr(self, name) for name in properties(ImportOptions)}
        return ImportOptions(focal_length=focal_length, camera=camera, **values)

    def take_options(self, options: ImportOptions) -> None:
        """Set the properties to options; the inverse of `import_options`."""
        for name in properties(ImportOptions):
            setattr(self, name, getattr(options, name))


SceneSettings.__annotations__ = properties(ImportOptions)


def _choose_video(settings: "TARSettings", context: bpy.types.Context) -> None:
    context.window_manager.tar_video.show(settings.video)
    settings.take_box(0, (0, 0, 0, 0))  # it was drawn on the previous video
    settings.views.clear()  # they were of its motion


class TARView(bpy.types.PropertyGroup):
    """Another video of the same motion."""

    path: StringProperty(name="Video", description="Video of the same motion from another camera")


class TARSettings(LensSettings, CaptureSettings, SceneSettings, bpy.types.PropertyGroup):
    """Settings of the next import, kept in the scene."""

    video: StringProperty(name="Video", description="Video with the people to import", update=_choose_video)
    views: CollectionProperty(name="Other Views", type=TARView)
    frames: EnumProperty(
        name="Frames",
        description="Part of the video to import",
        items=[
            ("all", "Whole Video", "All frames of the video"),
            ("scene", "Scene Range", "The video frames within the frame range of the scene"),
            ("part", "From and To", "A range of video frames, counted from 0"),
        ],
    )
    first_frame: IntProperty(name="From", description="First video frame to import, counted from 0", min=0)
    last_frame: IntProperty(name="To", description="Last video frame to import, counted from 0", default=100, min=0)
    people: EnumProperty(
        name="People",
        description="Which people to import",
        items=[
            ("all", "Everyone", "All people in the video"),
            ("largest", "Largest", "The largest person in the image"),
            ("count", "Number", "This many of the largest people"),
            ("picked", "Pick", "People that you select after a quick scan of the video"),
            ("box", "Box", "The person in a box that you draw on a frame of the video"),
        ],
    )
    people_count: IntProperty(name="Number", description="Number of people to import", default=2, min=1, max=100)
    box_frame: IntProperty(
        name="Frame",
        description="Video frame of the box, counted from 0. The person is captured from this frame on",
        min=0,
    )
    box_left: IntProperty(
        name="Left", description="Left edge of the box, from the left edge of the image", subtype="PIXEL", min=0
    )
    box_top: IntProperty(
        name="Top", description="Upper edge of the box, from the upper edge of the image", subtype="PIXEL", min=0
    )
    box_right: IntProperty(
        name="Right", description="Right edge of the box, from the left edge of the image", subtype="PIXEL", min=0
    )
    box_bottom: IntProperty(
        name="Bottom", description="Lower edge of the box, from the upper edge of the image", subtype="PIXEL", min=0
    )
    body: EnumProperty(
        name="Body",
        description="Body of the characters",
        items=[
            ("free", "Free Body", "The body that comes with the add-on"),
            ("smpl", "SMPL File", "Your own SMPL file"),
        ],
    )
    gender: EnumProperty(
        name="Gender",
        description="SMPL body to use. The files of all bodies must be in the same folder",
        items=[
            ("file", "As File", "The body of the selected file"),
            ("neutral", "Neutral", "The neutral body in the same folder"),
            ("female", "Female", "The female body in the same folder"),
            ("male", "Male", "The male body in the same folder"),
        ],
    )

    @property
    def video_path(self) -> Path:
        return Path(bpy.path.abspath(self.video)).absolute()

    def view_paths(self) -> tuple[Path, ...]:
        """The paths of the other views."""
        return tuple(Path(bpy.path.abspath(view.path)).absolute() for view in self.views)

    def drawn_box(self) -> Box | None:
        """Return x0, y0, x1, y1 of the box in pixels; None if no box is drawn."""
        box = self.box_left, self.box_top, self.box_right, self.box_bottom
        return box if box[0] < box[2] and box[1] < box[3] else None

    def take_box(self, frame: int, box: Box) -> None:
        """Set the box; the inverse of `drawn_box`."""
        self.box_frame = frame
        self.box_left, self.box_top, self.box_right, self.box_bottom = box

    def job(
        self,
        scene: bpy.types.Scene,
        body: str | None,
        selection: list[dict[str, Any]] | None = None,
    ) -> Job:
        """Create the job for the engine.

        Args:
            scene: the scene of the settings.
            body: path of the user's SMPL file; None for the free body.
            selection: the people of a scan and whether they are selected (people_picker.py).

        Raises:
            TarError: a video does not exist, the frame range is empty, a required box is not drawn, or the scene has
                no usable camera.
        """
        for path in (self.video_path, *self.view_paths()):
            check_video_file(path)
        if self.video_path.suffix.lower() == ".npz":
            raise TarError(f"{self.video_path.name}: this is a motion file, not a video; use Import Motion File")
        start, end = self._range(scene)
        in_pixels = self.focal_mode == "pixels" and self.camera_mode == "video"
        options = CaptureOptions(
            start=start,
            end=end,
            people={"largest": "largest", "count": self.people_count}.get(self.people, "all"),
            focal_length=self.focal_length if in_pixels else None,
            fov=self.field_of_view(scene),
            body=None if body is None else Path(body),
            box=self._start_box(),
            views=self.view_paths(),
            counted_fps=self._counted_fps(),
            selection=selection,
            **{name: getattr(self, name) for name in properties(CaptureOptions)},
        )
        if self.camera_mode == "animated":
            options = replace(options, static_camera=True)
        return Job(str(self.video_path), options)

    def _counted_fps(self) -> float | None:
        """The rate by which Blender counts the frames of the range and of the box; None without either."""
        if self.frames == "all" and self.people != "box":
            return None
        try:
            return read_video_info(self.video_path).fps
        except TarError:  # Blender cannot read it, but the engine may
            return None

    def _start_box(self) -> StartBox | None:
        if self.people != "box":
            return None
        box = self.drawn_box()
        if box is None:
            raise TarError("no box is drawn; press Draw Box, or set People to Everyone")
        return StartBox(self.box_frame, box)

    def _range(self, scene: bpy.types.Scene) -> tuple[int, int | None]:
        if self.frames == "all":
            return 0, None
        if self.frames == "part":
            if self.last_frame < self.first_frame:
                raise TarError(
                    f"the frame range {self.first_frame} to {self.last_frame} is empty; set To to at least From"
                )
            return self.first_frame, self.last_frame
        info = read_video_info(self.video_path)
        speed = info.fps / frame_rate(scene) if keeps_frame_rate(scene, self.timing) else 1.0
        first, last = (int((frame - self.start_frame) * speed) for frame in (scene.frame_start, scene.frame_end))
        if last < 0 or first >= info.frames:
            raise TarError(
                "the frame range of the scene contains no frame of the video; change the range or Start Frame"
            )
        return max(0, first), min(last, info.frames - 1)


register, unregister = registration((TARView, TARSettings), (Pointer(bpy.types.Scene, "tar_settings", TARSettings),))

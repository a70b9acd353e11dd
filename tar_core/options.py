"""Options of the capture and of the clean-up.

Each option is defined once, as a field of a frozen dataclass whose metadata contains the label, help, unit and range
(tar_core/option_fields.py). Everything else is derived from it:

    command line             tar_core/arguments.py
    JSON of the engine       tar_core/option_fields.py: from_json, to_json
    Blender and its presets  tar_blender/properties/generated.py

To add an option, add a field here and use it where it takes effect. This module imports no torch and no bpy.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tar_core.errors import TarError
from tar_core.option_fields import check, option


@dataclass(frozen=True)
class StartBox:
    """A box around the person to follow, drawn by the user.

    Attributes:
        frame: 0-based number of the frame that it was drawn on. Capture begins there and goes forward.
        box: x0, y0, x1, y1 in pixels.
    """

    frame: int
    box: tuple[float, float, float, float]

    @classmethod
    def parse(cls, text: str) -> "StartBox":
        """Parse the text "frame,x0,y0,x1,y1".

        Raises:
            ValueError: the text has another form.
        """
        return cls.from_json(text.split(","))

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> "StartBox":
        """Create a box from [frame, x0, y0, x1, y1].

        Raises:
            TypeError, ValueError, OverflowError: the values have another form, or are not finite.
        """
        frame, *corners = values
        x0, y0, x1, y1 = map(float, corners)
        if not all(map(math.isfinite, (x0, y0, x1, y1))):
            raise ValueError("the box is not finite")
        return cls(int(frame), (x0, y0, x1, y1))

    def to_json(self) -> list[float]:
        return [self.frame, *self.box]


def parse_people(text: str) -> str | int:
    """Parse a value of the option `people`."""
    return text if text in ("all", "largest") else int(text)


def parse_trajectory_scale(text: str) -> float:
    """Parse a value of the option `trajectory_scale`; 0 estimates the scale from feet."""
    return 0.0 if text == "feet" else float(text)


@dataclass(frozen=True)
class CaptureOptions:
    """What to capture from a video, and how."""

    people: Literal["all", "largest"] | int = option(
        "all", "People", "Which people to capture", unit="all|largest|N", minimum=1, parse=parse_people, blender=False
    )
    start: int = option(0, "First Frame", "First video frame, counted from 0", unit="frame", minimum=0, blender=False)
    end: int | None = option(
        None,
        "Last Frame",
        "Last video frame, counted from 0 (default: the last one)",
        unit="frame",
        minimum=0,
        blender=False,
    )
    shot: int | None = option(
        None,
        "Shot",
        "Number of the only shot to process, counted from 1 (default: all shots). tar-capture shots lists them",
        unit="number",
        minimum=1,
        blender=False,
    )
    focal_length: float | None = option(
        None,
        "Focal Length",
        "Focal length of the camera. Without it, a capture estimates it from straight lines in the image, the lens "
        "named in the file, and the usual lenses of videos",
        unit="pixels",
        minimum=1,
        maximum=1_000_000,
        blender=False,
    )
    fov: float | None = option(
        None,
        "Field of View",
        "Field of view across the longer side of the image",
        unit="degrees",
        minimum=1,
        maximum=169,
        blender=False,
    )
    box: StartBox | None = option(
        None,
        "Box",
        "Follow the person in this box from this frame on, instead of detecting people",
        unit="frame,x0,y0,x1,y1",
        parse=StartBox.parse,
        blender=False,
    )
    every_frame: bool = option(
        False,
        "Every Frame",
        "Process every frame of a video with about 60 or more frames per second, instead of about 30 per second. "
        "Slower, but better for fast movements",
    )
    static_camera: bool = option(
        False,
        "Static Camera",
        "Skip the detection of camera rotation. Use it for a camera on a tripod in front of a moving background",
    )
    camera_trajectory: Path | None = option(
        None,
        "Camera Trajectory",
        "Camera trajectory from another program: an .npz file (see docs/file_format.md) or the folder of a COLMAP text "
        "model",
        unit="file",
        blender=False,
    )
    trajectory_scale: float = option(
        1.0,
        "Trajectory Scale",
        "Length of one unit of the camera trajectory, or 'feet' for the scale at which feet slide least",
        unit="METERS|feet",
        minimum=0,
        maximum=1_000_000,
        parse=parse_trajectory_scale,
        blender=False,
    )
    views: tuple[Path, ...] = option(
        (),
        "Other Views",
        "Other videos of the same motion, from cameras that stand elsewhere and do not move. Their motion is combined "
        "with that of the video, which corrects its depth",
        unit="file",
        blender=False,
    )
    body: Path | None = option(
        None,
        "Body",
        "Your SMPL file, to which the body shape is fitted (default: the free body)",
        unit="file",
        blender=False,
    )
    checkpoint: Path | None = option(
        None, "Checkpoint", "Your own checkpoint (default: the included one)", unit="file", blender=False
    )
    device: str = option(
        "auto",
        "Device",
        "Device that runs the network: auto, cpu, cuda, mps, coreml or directml. "
        "If it is not available, the CPU is used",
        unit="device",
        blender=False,
    )
    threads: int | None = option(
        None,
        "Threads",
        "Number of CPU threads for the network (default: half of the CPU's threads, at least two)",
        unit="number",
        minimum=1,
        blender=False,
    )
    workers: int | None = option(
        None,
        "Workers",
        "Number of processes that work side by side: on several videos, or on parts of a long video (default: several "
        "videos by the CPU and the memory; a video is not divided)",
        unit="number",
        minimum=1,
        blender=False,
    )
    memory: float | None = option(
        None,
        "Memory",
        "Memory that all workers together may use, which limits their number (default: half of the machine's)",
        unit="GB",
        minimum=0.1,
        blender=False,
    )
    fingers: bool = option(
        False,
        "Fingers",
        "Capture the fingers of hands that are seen and at least 24 pixels long. Coarse; best in close shots",
    )
    face: bool = option(
        False,
        "Face",
        "Capture blinks, the jaw, the corners of the mouth and the brows as shape keys of the free body, if the face "
        "is seen and at least 40 pixels wide. Coarse; best in close shots",
    )
    # Blender counts the frames of a video with a variable rate by another rate than `VideoReader`.
    counted_fps: float | None = option(
        None,
        "Counted Frame Rate",
        "Frame rate by which the frames of the range and the box are counted (default: that of the video)",
        minimum=0.001,
        command_line=False,
        blender=False,
    )
    # The result of `people.selection.DetectedPerson.to_job` for each person of a scan.
    selection: Sequence[Mapping[str, Any]] | None = option(
        None, "Selection", "People selected from a scan", command_line=False, blender=False
    )

    def __post_init__(self) -> None:
        check(self)
        if self.people not in ("all", "largest") and not isinstance(self.people, int):
            raise TarError(f"people is {self.people!r}; give all, largest or a number")
        if self.end is not None and self.end < self.start:
            raise TarError(f"the frame range {self.start} to {self.end} is empty; give an end after the start")
        if self.box is not None and self.shot is not None:
            raise TarError("both a box and a shot are given; give only the box, which is followed in its own shot")
        if self.views and self.camera_trajectory is not None:
            raise TarError("other views are given with a camera trajectory; the cameras of views must stay in place")
        if self.focal_length is not None and self.fov is not None:
            raise TarError("both the focal length and the field of view are given; give only one")
        if self.box is not None and not self.start <= self.box.frame <= (math.inf if self.end is None else self.end):
            raise TarError(f"the box is on frame {self.box.frame}, outside the frame range; draw it on a frame inside")

    @property
    def max_people(self) -> int | None:
        """The largest number of people to capture; None is unlimited."""
        return {"all": None, "largest": 1}[self.people] if isinstance(self.people, str) else self.people

    @property
    def first_frame(self) -> int:
        return self.start if self.box is None else self.box.frame


@dataclass(frozen=True)
class CleanupOptions:
    """How to clean up captured motion (tar_core/cleanup/pipeline.py)."""

    smoothing: float = option(
        0.3,
        "Smoothing",
        "Remove jitter and keep fast movements. 0 leaves the captured motion unchanged",
        unit="0..1",
        minimum=0,
        maximum=1,
    )
    depth_correction: bool = option(
        True,
        "Depth Correction",
        "Estimate the path of each person as a whole: distances from the camera do not jump, people are on one floor, "
        "and jumps fall with gravity",
    )
    foot_locking: float = option(
        1.0,
        "Foot Locking",
        "Keep feet in place while they are on the ground, by moving the root and bending the legs. 0 leaves the "
        "captured motion unchanged",
        unit="0..1",
        minimum=0,
        maximum=1,
    )
    lean_correction: bool = option(
        True,
        "Lean Correction",
        "Correct leaning along the line of sight, so that the center of mass is above the feet. Needs straight lines "
        "in the image",
    )

    def __post_init__(self) -> None:
        check(self)


NO_CLEANUP = CleanupOptions(smoothing=0.0, depth_correction=False, foot_locking=0.0, lean_correction=False)

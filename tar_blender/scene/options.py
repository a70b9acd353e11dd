"""Options of the import into the scene."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tar_core.body.hand_poses import AS_CAPTURED
from tar_core.camera.placement import WorldPlacement
from tar_core.option_fields import from_json, option, to_json
from tar_core.options import CleanupOptions

from .bone_names import BLENDER, SMPL

# Names of options in the records of older .blend files.
_RENAMED = {"plant_feet": "foot_locking", "keep_balance": "lean_correction", "focal": "focal_length"}


@dataclass(frozen=True)
class ImportOptions(CleanupOptions):
    """How to clean up a clip, and what to build.

    Attributes:
        placement: transformation from the camera frame to the world, instead of `on_ground`; only for scripts.
    """

    figure: str = option(
        "body",
        "Create",
        "What to create for each person",
        choices=(
            ("body", "Armature and Body", "An armature with a skinned body"),
            ("armature", "Armature Only", "An armature without a body"),
        ),
    )
    hands: str = option(
        AS_CAPTURED,
        "Hands",
        "Pose of the fingers. A pose that was not captured has a key on the first frame, where you can change it",
        choices=(
            (AS_CAPTURED, "Automatic", "As captured, or relaxed if the hands were not captured"),
            ("relaxed", "Relaxed", "Fingers slightly bent"),
            ("open", "Open", "Fingers straight and spread"),
            ("fist", "Fist", "Fingers closed"),
        ),
    )
    face_keys: bool = option(
        False,
        "Face Shape Keys",
        "Give free bodies 52 shape keys with ARKit's names, such as jawOpen, for faces that you animate",
    )
    bone_names: str = option(
        SMPL,
        "Bone Names",
        "Names of the bones",
        choices=(
            (SMPL, "SMPL", "Names of SMPL's joints, such as left_shoulder, which other tools for SMPL expect"),
            (BLENDER, "Blender", "Names in Blender's style, such as upper_arm.L"),
        ),
    )
    timing: str = option(
        "auto",
        "Frame Rate",
        "Frame rate of the scene after the import. The speed of the motion is the same either way",
        choices=(
            (
                "auto",
                "Automatic",
                "Keep Scene if the scene has animation, markers or a camera of yours, or a frame rate other than 24; "
                "otherwise Set to Video",
            ),
            ("video", "Set to Video", "The scene takes the frame rate of the video, with one key per video frame"),
            ("scene", "Keep Scene", "The motion is resampled to the frame rate of the scene"),
        ),
        command_line=False,
    )
    start_frame: int = option(1, "Start Frame", "Scene frame of the first video frame", unit="frame", preset=False)
    on_ground: bool = option(True, "Feet on Ground", "Place the camera so that the floor below the feet is at z = 0")
    match_resolution: bool = option(
        True,
        "Match Resolution",
        "Set the render size of the scene to the size of the video, unless the scene is in use",
    )
    show_video: bool = option(True, "Background Video", "Show the video behind the scene in the camera view")
    sound: str = option(
        "auto",
        "Sound",
        "Add the sound of the video to the sequencer",
        choices=(
            ("auto", "Automatic", "On, unless the scene is in use"),
            ("on", "On", "Add the sound as a strip in a free channel"),
            ("off", "Off", "Add no sound"),
        ),
    )
    focal_length: float | None = option(
        None,
        "Focal Length",
        "Focal length to use instead of the captured one",
        unit="pixels",
        minimum=1,
        command_line=False,
        blender=False,
    )
    camera: str | None = option(
        None,
        "Camera",
        "Name of the animated camera that filmed the video. People are placed in its world",
        command_line=False,
        blender=False,
    )
    placement: WorldPlacement | None = None

    @property
    def with_body(self) -> bool:
        return self.figure == "body"

    def to_json(self) -> dict[str, Any]:
        """Convert the options that differ from their defaults to JSON, for the record in the .blend file."""
        return to_json(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "ImportOptions":
        """Create options from a record, which may be that of an older version.

        Raises:
            TarError: the record has unknown options or invalid values.
        """
        values = {_RENAMED.get(name, name): value for name, value in record.items()}
        values.pop("background_opacity", None)
        if "with_body" in values:
            values["figure"] = "body" if values.pop("with_body") else "armature"
        if "keep_frame_rate" in values:
            values["timing"] = "scene" if values.pop("keep_frame_rate") else "video"
        return from_json(cls, values)

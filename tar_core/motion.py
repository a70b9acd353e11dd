"""The motion captured from a video, and its file format: the data that goes from the network to Blender."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.files import write_npz
from tar_core.motion_forms import (
    CLIP_FORMS,
    COMPANIONS,
    HEADER_FORMS,
    MAX_FPS,
    MAX_SIZE,
    MIN_FPS,
    PERSON_FORMS,
    people_forms,
)
from tar_core.npz import has_arrays, read_npz
from tar_core.shots import Shot
from tar_core.skeleton import NUM_JOINTS

FORMAT_VERSION = 6  # newest version; clips that need no newer feature are written in an older one, for older readers
SHOTS_VERSION = 4  # of files with several shots (tar_core/shot_files.py)
LEVEL = np.array([0.0, -1.0, 0.0])  # up for a camera without pitch and roll


@dataclass
class PersonMotion:
    """One person's SMPL motion in the camera frame (OpenCV: x right, y down, z forward; meters, radians).

    Attributes:
        person_id: number given by the tracker.
        poses: [N, 72] axis-angle; the first three numbers are SMPL's global_orient.
        betas: [10] SMPL shape, one for the whole motion.
        trans: [N, 3] SMPL's translation: vertices = LBS(theta, betas) + trans.
        frames: [N] consecutive frame numbers of the video, 0-based.
        boxes: [N, 4] bounding boxes of the person, x0 y0 x1 y1 in pixels.
        confidence: [N] 0 to 1; 0 marks a frame in which the person was not detected and the motion is interpolated.
        joint_errors: [N, 24] expected error of each joint's position relative to the pelvis, meters; zeros if unknown.
        hand_poses: [N, 90] axis-angle of the joints HAND_JOINT_NAMES; None if the hands were not captured.
        hand_confidence: [N, 2] 0 to 1, left and right; 0 marks a hand that was not seen. None without `hand_poses`.
        face_values: [N, 52] of the shape keys FACE_KEY_NAMES, 0 to 1; None if the face was not captured.
        face_confidence: [N] 0 to 1; 0 marks a face that was not seen. None without `face_values`.

    Raises:
        TarError: a shape is wrong, a value is not finite, or the frames are not consecutive.
    """

    person_id: int
    poses: np.ndarray
    betas: np.ndarray
    trans: np.ndarray
    frames: np.ndarray
    boxes: np.ndarray
    confidence: np.ndarray
    joint_errors: np.ndarray = field(default_factory=lambda: np.zeros((0, NUM_JOINTS)))
    hand_poses: np.ndarray | None = None
    hand_confidence: np.ndarray | None = None
    face_values: np.ndarray | None = None
    face_confidence: np.ndarray | None = None

    def __post_init__(self) -> None:
        count = len(self.frames)
        if len(self.joint_errors) == 0:
            self.joint_errors = np.zeros((count, NUM_JOINTS))
        for name, form in PERSON_FORMS.items():
            value, shape = getattr(self, name), tuple(count if n == "N" else n for n in form.shape)
            if value is None and getattr(self, COMPANIONS.get(name, name)) is None:
                continue
            array = np.asarray(value, np.int32 if name == "frames" else np.float32)
            if array.shape != shape:
                raise TarError(f"person {self.person_id}: {name} has shape {array.shape}, expected {shape}")
            if not np.isfinite(array).all():
                raise TarError(f"person {self.person_id}: {name} has values that are not finite")
            setattr(self, name, array)
        if count == 0 or (np.diff(self.frames) != 1).any():
            raise TarError(f"person {self.person_id}: frames must be consecutive, and at least one")

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Floor:
    """The floor plane in the camera frame: points x with up . x + height = 0.

    It gives the pitch, roll and height of the camera.

    Attributes:
        up: [3] unit vector against gravity; (0, -1, 0) for a level camera.
        height: height of the camera above the floor, meters.
        confidence: probability that the error of `up` is at most 10 degrees, 0 to 1.
    """

    up: np.ndarray
    height: float
    confidence: float = 1.0

    def __post_init__(self) -> None:
        up = np.asarray(self.up, np.float64)
        length = float(np.linalg.norm(up)) if up.shape == (3,) else 0.0
        if not (length > 0 and np.isfinite([*up, self.height, self.confidence]).all()):
            raise TarError("a floor needs an up vector of three numbers, a height and a confidence, all finite")
        object.__setattr__(self, "up", up / length)

    def __str__(self) -> str:
        pitch, roll = np.degrees([self.pitch, self.roll])
        return (
            f"camera {self.height:.2f} m above the floor, pitch {pitch:.1f}, roll {roll:.1f} degrees, "
            f"confidence {self.confidence:.2f}"
        )

    @property
    def pitch(self) -> float:
        """Angle by which the camera looks down, radians."""
        return float(np.arcsin(-self.up[2]))

    @property
    def roll(self) -> float:
        """Rotation of the camera about its optical axis, radians: up in the image leans to the right by this angle."""
        return float(np.arctan2(self.up[0], -self.up[1]))

    def heights(self, points: np.ndarray) -> np.ndarray:
        """Heights [...] of camera-frame points [..., 3] above the floor, meters."""
        return points @ self.up + self.height

    def with_depth_scaled(self, ratio: float) -> "Floor":
        """The floor after the z coordinates of all points have been multiplied by `ratio`."""
        normal = self.up / (1.0, 1.0, ratio)
        length = float(np.linalg.norm(normal))
        return replace(self, up=normal / length, height=self.height / length)


@dataclass(frozen=True)
class Vertical:
    """The up direction, estimated from straight lines in the image (`tar_core/camera/vanishing_points.py`).

    Attributes:
        up: [3] unit vector against gravity in the camera frame.
        error: expected error of `up`, degrees.
    """

    up: np.ndarray
    error: float

    def __post_init__(self) -> None:
        up = np.asarray(self.up, np.float64)
        if up.shape != (3,) or not (
            np.linalg.norm(up) > 0 and np.isfinite([*up, self.error]).all() and self.error >= 0
        ):
            raise TarError("a vertical needs an up vector of three numbers and an error, all finite")
        object.__setattr__(self, "up", up / np.linalg.norm(up))

    def __str__(self) -> str:
        floor = Floor(self.up, 0.0)
        pitch, roll = np.degrees([floor.pitch, floor.roll])
        return f"pitch {pitch:.1f}, roll {roll:.1f} degrees, to within {self.error:.0f}"

    def with_focal_length_scaled(self, ratio: float) -> "Vertical":
        """The up direction for `ratio` times the focal length: the vanishing point in the image stays the same."""
        return Vertical(self.up * (1.0, 1.0, ratio), self.error)


@dataclass
class MotionClip:
    """The motion of all people in one shot of a video, and the camera of the shot.

    Attributes:
        fps: frames per second.
        width, height: displayed size of the video in pixels (after its rotation tag is applied).
        focal_length: pixels; with a moving camera, that of the first frame.
        principal_point: [2] pixels; (0, 0) is the center of the top-left pixel.
        source: path of the video.
        people: motion of each person.
        body: "free" for the default body, else the path of the SMPL file that the betas belong to.
        floor: floor plane; None if it was not estimated.
        vertical: up direction from the straight lines of the image; None if it was not estimated.
        lean_corrected: lean correction has been applied (`tar_core/cleanup/lean_correction.py`); applying it again
            would rotate people too far.
        camera_trajectory: motion of the camera after the first frame; None for a static camera. People, floor and
            vertical are in the camera frame of the first frame, called the clip's frame.
        focal_length_error: expected error of the logarithm of the focal length; two in three are smaller. 0 if it was
            given, None if nobody knows.
        shot: which shot of the video it is; None for a video without camera cuts.

    Raises:
        TarError: the frame rate, the size or the focal length is out of range.
    """

    fps: float
    width: int
    height: int
    focal_length: float
    principal_point: np.ndarray
    source: str
    people: list[PersonMotion] = field(default_factory=list)
    body: str = "free"
    floor: Floor | None = None
    vertical: Vertical | None = None
    lean_corrected: bool = False
    camera_trajectory: CameraTrajectory | None = None
    focal_length_error: float | None = None
    shot: Shot | None = None

    def __post_init__(self) -> None:
        self.principal_point = np.asarray(self.principal_point, np.float32)
        if not MIN_FPS <= self.fps <= MAX_FPS:
            raise TarError(f"the frame rate must be from {MIN_FPS:g} to {MAX_FPS:g}, not {self.fps:g}")
        if not (0 < self.width <= MAX_SIZE and 0 < self.height <= MAX_SIZE):
            raise TarError(f"the size must be from 1 to {MAX_SIZE} pixels, not {self.width} x {self.height}")
        if not 0 < self.focal_length < np.inf:
            raise TarError(f"the focal length must be above zero, not {self.focal_length:g}")

    @property
    def first_frame(self) -> int:
        """First video frame (0-based) of any person; 0 without people."""
        return min((int(person.frames[0]) for person in self.people), default=0)

    @property
    def last_frame(self) -> int:
        """Last video frame (0-based) of any person; 0 without people."""
        return max((int(person.frames[-1]) for person in self.people), default=0)

    def with_focal_length(self, focal_length: float) -> "MotionClip":
        """Change the focal length (pixels) and scale the depth of people with it, so that they keep their pixels.

        The depth of CLIFF's translation is proportional to the focal length. The new one counts as given, without an
        error.
        """
        ratio = focal_length / self.focal_length
        depth = np.array([1.0, 1.0, ratio])
        people = []
        for person in self.people:
            rotations, positions = self.camera_rotations(person.frames), self.camera_positions(person.frames)
            # Scale the depth in each frame's own camera frame.
            trans = (rotations @ (person.trans - positions)[..., None])[..., 0] * depth
            trans = (rotations.transpose(0, 2, 1) @ trans[..., None])[..., 0] + positions
            people.append(replace(person, trans=trans))
        floor = None if self.floor is None else self.floor.with_depth_scaled(ratio)
        vertical = None if self.vertical is None else self.vertical.with_focal_length_scaled(ratio)
        return replace(
            self, focal_length=focal_length, focal_length_error=0.0, people=people, floor=floor, vertical=vertical
        )

    def with_principal_point(self, principal_point: np.ndarray) -> "MotionClip":
        """Change the principal point (pixels) and shift people sideways, so that they keep their pixels."""
        shift_at_1m = (self.principal_point - np.asarray(principal_point)) / self.focal_length
        people = []
        for person in self.people:
            rotations = self.camera_rotations(person.frames)
            zoom_factors = self.focal_lengths(person.frames) / self.focal_length
            depth = self.depths(person)
            shift = np.column_stack([shift_at_1m * (depth / zoom_factors)[:, None], np.zeros(len(person))])
            trans = person.trans + (rotations.transpose(0, 2, 1) @ shift[..., None])[..., 0]
            people.append(replace(person, trans=trans))
        return replace(self, principal_point=principal_point, people=people)

    def camera_rotations(self, frames: np.ndarray) -> np.ndarray:
        """Rotations [N, 3, 3] from the clip's frame to the camera frames of frame numbers [N]."""
        if self.camera_trajectory is None:
            return np.broadcast_to(np.eye(3), (len(frames), 3, 3))
        return self.camera_trajectory.rotations_at(frames)

    def camera_positions(self, frames: np.ndarray) -> np.ndarray:
        """Camera positions [N, 3] at frame numbers [N], in the clip's frame, meters."""
        if self.camera_trajectory is None:
            return np.zeros((len(frames), 3))
        return self.camera_trajectory.positions_at(frames)

    def in_camera(self, points: np.ndarray, frame: int) -> np.ndarray:
        """Transform points [..., 3] from the clip's frame to the camera frame of one video frame."""
        at = np.array([frame])
        return (points - self.camera_positions(at)[0]) @ self.camera_rotations(at)[0].T

    def depths(self, person: PersonMotion) -> np.ndarray:
        """Distance [N] of a person's root from the camera of each frame along the line of sight, meters."""
        rotations = self.camera_rotations(person.frames)
        return (rotations @ (person.trans - self.camera_positions(person.frames))[..., None])[:, 2, 0]

    def focal_lengths(self, frames: np.ndarray) -> np.ndarray:
        """Focal lengths [N] at frame numbers [N], pixels."""
        if self.camera_trajectory is None:
            return self.focal_length * np.ones(len(frames))
        return self.focal_length * self.camera_trajectory.zoom_factors_at(frames)

    def save(self, path: str | Path) -> None:
        """Write a compressed `.npz` (docs/file_format.md).

        Raises:
            TarError: the file cannot be written.
        """
        write_npz(path, self.arrays())

    def arrays(self) -> dict[str, Any]:
        """The arrays of the file."""
        arrays: dict[str, Any] = {
            "format_version": np.int32(self._format_version()),
            "fps": np.float64(self.fps),
            "width": np.int32(self.width),
            "height": np.int32(self.height),
            "focal": np.float64(self.focal_length),
            "principal_point": self.principal_point,
            "source": np.str_(self.source),
            "body": np.str_(self.body),
            "person_ids": np.array([person.person_id for person in self.people], np.int32),
        }
        if self.floor is not None:
            arrays |= {f"floor/{key}": np.float64(getattr(self.floor, key)) for key in ("up", "height", "confidence")}
        if self.vertical is not None:
            arrays |= {f"vertical/{key}": np.float64(getattr(self.vertical, key)) for key in ("up", "error")}
        if self.focal_length_error is not None:
            arrays["focal_error"] = np.float64(self.focal_length_error)
        if self.shot is not None:
            arrays["shot"] = np.array([self.shot.number, self.shot.first, self.shot.last], np.int32)
        if self.lean_corrected:
            arrays["balanced"] = np.True_
        if self.camera_trajectory is not None:
            arrays |= self.camera_trajectory.to_arrays()
        for person in self.people:
            own = {f"person_{person.person_id}/{name}": getattr(person, name) for name in PERSON_FORMS}
            arrays |= {key: array for key, array in own.items() if array is not None}
        return arrays

    def _format_version(self) -> int:
        """The oldest version whose readers understand everything in this clip."""
        if any(person.face_values is not None for person in self.people):
            return FORMAT_VERSION
        if any(person.hand_poses is not None for person in self.people):
            return 5
        camera = self.camera_trajectory
        if camera is None:
            return 1
        return 3 if camera.has_translation or camera.has_zoom or camera.world is not None else 2

    @classmethod
    def load(cls, path: str | Path, prefix: str = "") -> "MotionClip":
        """Read a motion file written by `save`, or the arrays of a file whose names have a prefix.

        Raises:
            TarError: the file does not exist, is not a motion file, has a newer format, or contains several shots.
        """
        if not Path(path).is_file():
            raise TarError(f"{path}: no such motion file; check the path")
        if not prefix and has_arrays(path, "shots"):
            raise TarError(f"{path}: contains several shots; read it with load_shots")
        header = read_npz(path, HEADER_FORMS, WHAT, ADVICE, prefix)
        version = int(header["format_version"])
        if version > FORMAT_VERSION:
            raise TarError(f"{path}: written by a newer version of TAR (format {version}); update TAR")
        ids = [int(number) for number in header["person_ids"]]
        if len(set(ids)) != len(ids):
            raise TarError(f"{path}: {WHAT} (two people have the same number); {ADVICE}")
        data = read_npz(path, CLIP_FORMS | people_forms(ids), WHAT, ADVICE, prefix)
        try:
            return cls(
                fps=float(data["fps"]),
                width=int(data["width"]),
                height=int(data["height"]),
                focal_length=float(data["focal"]),
                principal_point=data["principal_point"],
                source=str(data["source"]),
                people=[_read_person(data, number) for number in ids],
                body=str(data["body"]),
                floor=_read_floor(data),
                vertical=_read_vertical(data),
                lean_corrected="balanced" in data and bool(data["balanced"]),
                camera_trajectory=CameraTrajectory.from_arrays(data),
                focal_length_error=float(data["focal_error"]) if "focal_error" in data else None,
                shot=Shot(*data["shot"].tolist()) if "shot" in data else None,
            )
        except (KeyError, ValueError) as error:  # keys that belong together are not all there
            raise TarError(f"{path}: {WHAT} ({error} is missing); {ADVICE}") from error
        except TarError as error:
            raise TarError(f"{path}: {WHAT} ({error}); {ADVICE}") from None


WHAT, ADVICE = "not a TAR motion file (.npz)", "capture the video again"  # of errors


def _read_floor(data: Mapping[str, np.ndarray]) -> Floor | None:
    if "floor/up" not in data:
        return None
    return Floor(data["floor/up"], float(data["floor/height"]), float(data["floor/confidence"]))


def _read_vertical(data: Mapping[str, np.ndarray]) -> Vertical | None:
    return Vertical(data["vertical/up"], float(data["vertical/error"])) if "vertical/up" in data else None


def _read_person(data: Mapping[str, np.ndarray], person_id: int) -> PersonMotion:
    keys = {name: f"person_{person_id}/{name}" for name in PERSON_FORMS}
    return PersonMotion(person_id, **{name: data[key] for name, key in keys.items() if key in data})

"""MotionClip: what a video became. The one data type that crosses from the network to Blender, and its files."""

import io
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.skeleton import NUM_JOINTS

FORMAT_VERSION = 3  # lower where nothing of the newer ones is needed, so that older readers take what they understand
NUM_BETAS = 10
LEVEL = np.array([0.0, -1.0, 0.0])  # up for a camera without pitch and roll


@dataclass
class PersonMotion:
    """One person's SMPL motion in the camera frame (OpenCV: x right, y down, z forward; meters, radians).

    Attributes:
        person_id: the number that the tracker gave.
        poses: [N, 72] axis-angle; the first three numbers are SMPL's global_orient.
        betas: [10] SMPL shape, one for the whole motion.
        trans: [N, 3] SMPL's translation: vertices = LBS(theta, betas) + trans.
        frames: [N] frame numbers of the video, 0-based, consecutive.
        boxes: [N, 4] where the person was seen, x0 y0 x1 y1 in pixels.
        confidence: [N] 0..1; 0 marks a frame in which the person was not seen and the motion is interpolated.
        joint_errors: [N, 24] how far each joint may lie off from the pelvis, meters; zeros where nobody said.
    """

    person_id: int
    poses: np.ndarray
    betas: np.ndarray
    trans: np.ndarray
    frames: np.ndarray
    boxes: np.ndarray
    confidence: np.ndarray
    joint_errors: np.ndarray = field(default_factory=lambda: np.zeros((0, NUM_JOINTS)))

    def __post_init__(self) -> None:
        count = len(self.frames)
        if len(self.joint_errors) == 0:
            self.joint_errors = np.zeros((count, NUM_JOINTS))
        expected = {
            "poses": (count, 3 * NUM_JOINTS),
            "betas": (NUM_BETAS,),
            "trans": (count, 3),
            "frames": (count,),
            "boxes": (count, 4),
            "confidence": (count,),
            "joint_errors": (count, NUM_JOINTS),
        }
        for name, shape in expected.items():
            dtype = np.int32 if name == "frames" else np.float32
            array = np.asarray(getattr(self, name), dtype)
            if array.shape != shape:
                raise TarError(f"person {self.person_id}: {name} has shape {array.shape}, expected {shape}")
            if not np.isfinite(array).all():
                raise TarError(f"person {self.person_id}: {name} holds numbers that are not finite")
            setattr(self, name, array)
        if count == 0 or (np.diff(self.frames) != 1).any():
            raise TarError(f"person {self.person_id}: frames must be consecutive and at least one")

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Floor:
    """The ground in the camera frame: points x with up . x + height = 0. It holds the camera's pitch, roll and height.

    Attributes:
        up: [3] unit vector against gravity; (0, -1, 0) for a level camera.
        height: of the camera above the floor, meters.
        confidence: 0..1, the probability that `up` is right to some degrees.
    """

    up: np.ndarray
    height: float
    confidence: float = 1.0

    def __post_init__(self) -> None:
        up = np.asarray(self.up, np.float64)
        length = float(np.linalg.norm(up)) if up.shape == (3,) else 0.0
        if not (length > 0 and np.isfinite([*up, self.height, self.confidence]).all()):
            raise TarError("a floor needs a direction of three numbers, a height and a confidence, all finite")
        object.__setattr__(self, "up", up / length)

    def __str__(self) -> str:
        pitch, roll = np.degrees([self.pitch, self.roll])
        return (
            f"camera {self.height:.2f} m above the floor, pitch {pitch:.1f}, roll {roll:.1f} degrees, "
            f"confidence {self.confidence:.2f}"
        )

    @property
    def pitch(self) -> float:
        """How far the camera looks down, radians."""
        return float(np.arcsin(-self.up[2]))

    @property
    def roll(self) -> float:
        """How far the camera is turned about its line of sight: radians by which up leans to the picture's right."""
        return float(np.arctan2(self.up[0], -self.up[1]))

    def heights(self, points: np.ndarray) -> np.ndarray:
        """Camera-frame points [..., 3] -> [...] meters above the floor."""
        return points @ self.up + self.height

    def at_depth(self, ratio: float) -> "Floor":
        """The floor after all points' depths were multiplied by `ratio`."""
        normal = self.up / (1.0, 1.0, ratio)
        length = float(np.linalg.norm(normal))
        return replace(self, up=normal / length, height=self.height / length)


@dataclass(frozen=True)
class Vertical:
    """Where up is, as the straight lines of the picture tell it (`tar_core/camera/vanishing_points.py`).

    Attributes:
        up: [3] unit vector against gravity in the camera frame.
        error: degrees by which it is expected to be off.
    """

    up: np.ndarray
    error: float

    def __post_init__(self) -> None:
        up = np.asarray(self.up, np.float64)
        if up.shape != (3,) or not (
            np.linalg.norm(up) > 0 and np.isfinite([*up, self.error]).all() and self.error >= 0
        ):
            raise TarError("a vertical needs a direction of three numbers and an error, all finite")
        object.__setattr__(self, "up", up / np.linalg.norm(up))

    def __str__(self) -> str:
        floor = Floor(self.up, 0.0)
        pitch, roll = np.degrees([floor.pitch, floor.roll])
        return f"pitch {pitch:.1f}, roll {roll:.1f} degrees, to within {self.error:.0f}"

    def at_focal(self, ratio: float) -> "Vertical":
        """The same lines seen by a camera with `ratio` times the focal length: their vanishing point stays."""
        return Vertical(self.up * (1.0, 1.0, ratio), self.error)


@dataclass
class MotionClip:
    """Everybody's motion in one video, and the camera that saw it.

    Attributes:
        fps: frames a second.
        width, height: the video's size in pixels, as it is shown (after its rotation tag).
        focal_length: focal length in pixels.
        principal_point: [2] pixels; (0, 0) is the CENTER of the top-left pixel.
        source: the video's path.
        people: the motions.
        body: "free" for the default body, else the path of the SMPL file that betas belong to.
        floor: where the ground is; None if nobody looked for it.
        lean_corrected: people's balance was kept already (leaning.py); once more would turn them too far.
        vertical: what the picture's lines tell of up; None if nobody looked, or it has none.
        camera_trajectory: how the camera moves after the first frame; None where it stands. People, floor and vertical
            are
            in the first frame's camera.
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

    def __post_init__(self) -> None:
        self.principal_point = np.asarray(self.principal_point, np.float32)
        if not (self.fps > 0 and self.width > 0 and self.height > 0 and self.focal_length > 0):
            raise TarError("a motion clip needs fps, width, height and focal_length above zero")

    @property
    def last_frame(self) -> int:
        """The last video frame (0-based) in which anybody moves; 0 without people."""
        return max((int(person.frames[-1]) for person in self.people), default=0)

    def with_focal_length(self, focal_length: float) -> "MotionClip":
        """The same motion as a camera of another focal length (pixels) would have seen it: nearer or farther away.

        CLIFF's translation has its depth in proportion to the focal length, so everybody stays over their pixels.
        """
        ratio = focal_length / self.focal_length
        depth = np.array([1.0, 1.0, ratio])
        people = []
        for person in self.people:
            seen, place = self.camera_rotations(person.frames), self.camera_places(person.frames)
            # Each frame's own camera gets the other lens.
            trans = (seen @ (person.trans - place)[..., None])[..., 0] * depth
            people.append(replace(person, trans=(seen.transpose(0, 2, 1) @ trans[..., None])[..., 0] + place))
        floor = None if self.floor is None else self.floor.at_depth(ratio)
        vertical = None if self.vertical is None else self.vertical.at_focal(ratio)
        return replace(self, focal_length=focal_length, people=people, floor=floor, vertical=vertical)

    def with_principal_point(self, principal_point: np.ndarray) -> "MotionClip":
        """The same motion as a camera with another optical axis saw it; everybody stays over their pixels."""
        moved = (self.principal_point - np.asarray(principal_point)) / self.focal_length  # a depth of 1 m
        people = []
        for person in self.people:
            seen = self.camera_rotations(person.frames)
            zooms = self.focal_lengths(person.frames) / self.focal_length
            depth = (seen @ (person.trans - self.camera_places(person.frames))[..., None])[:, 2, 0]
            away = np.column_stack([moved * (depth / zooms)[:, None], np.zeros(len(person))])
            people.append(replace(person, trans=person.trans + (seen.transpose(0, 2, 1) @ away[..., None])[..., 0]))
        return replace(self, principal_point=principal_point, people=people)

    def camera_rotations(self, frames: np.ndarray) -> np.ndarray:
        """[N] frame numbers -> [N, 3, 3], from the clip's camera frame to each frame's own camera."""
        if self.camera_trajectory is None:
            return np.broadcast_to(np.eye(3), (len(frames), 3, 3))
        return self.camera_trajectory.rotations_at(frames)

    def camera_places(self, frames: np.ndarray) -> np.ndarray:
        """[N] frame numbers -> [N, 3] of the camera in the clip's camera frame, meters."""
        return (
            np.zeros((len(frames), 3)) if self.camera_trajectory is None else self.camera_trajectory.places_at(frames)
        )

    def in_camera(self, points: np.ndarray, frame: int) -> np.ndarray:
        """Points [..., 3] in the clip's camera frame -> the same in the camera of one of the video's frames."""
        at = np.array([frame])
        return (points - self.camera_places(at)[0]) @ self.camera_rotations(at)[0].T

    def focal_lengths(self, frames: np.ndarray) -> np.ndarray:
        """[N] frame numbers -> [N] focal lengths, pixels."""
        return self.focal_length * (
            np.ones(len(frames)) if self.camera_trajectory is None else self.camera_trajectory.zooms_at(frames)
        )

    def save(self, path: str | Path) -> None:
        """Writes one compressed `.npz` (docs/motion_file.md), whole or not at all.

        Raises:
            TarError: the file cannot be written.
        """
        arrays: dict[str, np.ndarray | np.generic] = {
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
            arrays["floor/up"] = self.floor.up
            arrays["floor/height"] = np.float64(self.floor.height)
            arrays["floor/confidence"] = np.float64(self.floor.confidence)
        if self.vertical is not None:
            arrays["vertical/up"] = self.vertical.up
            arrays["vertical/error"] = np.float64(self.vertical.error)
        if self.lean_corrected:
            arrays["balanced"] = np.True_
        if self.camera_trajectory is not None:
            arrays |= _path_arrays(self.camera_trajectory)
        for person in self.people:
            for name in _PERSON_KEYS:
                arrays[f"person_{person.person_id}/{name}"] = getattr(person, name)
        write_npz(path, arrays)

    def _format_version(self) -> int:
        path = self.camera_trajectory
        if path is None:
            return 1
        return FORMAT_VERSION if path.travels or path.zoomed or path.world is not None else 2

    @classmethod
    def load(cls, path: str | Path) -> "MotionClip":
        """Reads a file that `save` wrote.

        Raises:
            TarError: no such file, not a motion clip, or of a newer format.
        """
        if not Path(path).is_file():
            raise TarError(f"{path}: no such motion file; check the path")
        try:
            with np.load(path, allow_pickle=False) as data:
                version = int(data["format_version"])
                if version > FORMAT_VERSION:
                    raise TarError(f"{path}: written by a newer TAR (format {version}); update the add-on")
                people = [_read_person(data, int(number)) for number in data["person_ids"]]
                return cls(
                    fps=float(data["fps"]),
                    width=int(data["width"]),
                    height=int(data["height"]),
                    focal_length=float(data["focal"]),
                    principal_point=data["principal_point"],
                    source=str(data["source"]),
                    people=people,
                    body=str(data["body"]),
                    floor=_read_floor(data),
                    vertical=_read_vertical(data),
                    lean_corrected="balanced" in data and bool(data["balanced"]),
                    camera_trajectory=_read_path(data),
                )
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise TarError(f"{path}: not a TAR motion file (.npz); capture the video again") from error


_PERSON_KEYS = ("poses", "betas", "trans", "frames", "boxes", "confidence", "joint_errors")


def _read_floor(data: np.lib.npyio.NpzFile) -> Floor | None:
    if "floor/up" not in data:
        return None
    return Floor(data["floor/up"], float(data["floor/height"]), float(data["floor/confidence"]))


def _read_vertical(data: np.lib.npyio.NpzFile) -> Vertical | None:
    return Vertical(data["vertical/up"], float(data["vertical/error"])) if "vertical/up" in data else None


def _path_arrays(path: CameraTrajectory) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        "camera/first_frame": np.int32(path.first_frame),
        "camera/turns": path.turns.astype(np.float32),
        "camera/explained": np.float64(path.explained),
    }
    if path.travels:
        arrays["camera/places"] = path.places
    if path.zoomed:
        arrays["camera/zooms"] = path.zooms
    if path.world is not None:
        arrays["camera/world"] = path.world
    return arrays


def _read_path(data: np.lib.npyio.NpzFile) -> CameraTrajectory | None:
    if "camera/turns" not in data:
        return None
    there = {key: data[f"camera/{key}"] for key in ("places", "zooms", "world") if f"camera/{key}" in data}
    explained = float(data["camera/explained"])
    return CameraTrajectory(int(data["camera/first_frame"]), data["camera/turns"], explained=explained, **there)


def _read_person(data: np.lib.npyio.NpzFile, person_id: int) -> PersonMotion:
    keys = {name: f"person_{person_id}/{name}" for name in _PERSON_KEYS}
    if keys["joint_errors"] not in data:  # written before networks told them
        del keys["joint_errors"]
    return PersonMotion(person_id, **{name: data[key] for name, key in keys.items()})


def write_npz(path: str | Path, arrays: dict[str, Any]) -> None:
    """Packs in memory first: numpy's zip writer, cut short by a full disk, complains later from its destructor."""
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    with atomic_path(path) as temporary:
        temporary.write_bytes(packed.getbuffer())

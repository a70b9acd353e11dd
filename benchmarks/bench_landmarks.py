"""What the network loses through its landmarks, on the four demo cameras of `make bench-real`.

    python -m benchmarks.bench_landmarks [--checkpoint FILE]

The first table compares the 2D landmarks of BlazePose, those of MoveNet in the same crops and their mean with the
projected ground truth. The second one replaces inputs of the network: 2D landmarks by the mean or by the projected
ground truth, and world landmarks by the true joints. Its first row is bench_real without one shape for the whole clip.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.bench_real import FRAMES
from benchmarks.camera_joints import BLAZEPOSE_KEYPOINTS, HIPS, KEYPOINTS, SMPL_KEYPOINTS
from benchmarks.pose2sim.score import GROUND_TRUTH, mean_row, score
from scripts.fetch.demo_video import CAMERAS, fetch_demo_video
from tar_core.camera.crop import CROP_CENTER, CROP_SIZE
from tar_core.camera.crop_camera import CropCamera, image_center
from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.capture.networks import Networks
from tar_core.errors import TarError
from tar_core.model.checkpoint import load_tar
from tar_core.model.features import DEPTHS, POINTS, WORLD, FrameFeatures
from tar_core.model.keypoints import BLAZEPOSE_POINTS
from tar_core.model.tar import TAR
from tar_core.options import CaptureOptions
from tar_core.people.track import Sighting
from tar_core.people.tracker import PeopleTracker
from tar_core.runtime.streaming import frame_step
from tar_core.video.reader import VideoReader

_MOVENET_KEYPOINTS = [BLAZEPOSE_POINTS.index(landmark) for landmark in BLAZEPOSE_KEYPOINTS]


@dataclass(frozen=True)
class Take:
    """The man of one camera in the N frames that capture processes.

    Attributes:
        frames: N frame numbers.
        features: [N] of the backbone.
        camera: [N] crop cameras.
        movenet: [N, 12, 2] MoveNet's keypoints, crop pixels.
        joints: [N, 12, 3] ground truth in the camera frame, meters.
        pixels: [N, 12, 2] ground truth in crop pixels.
    """

    frames: list[int]
    features: FrameFeatures
    camera: CropCamera
    movenet: Tensor
    joints: Tensor
    pixels: Tensor

    def from_hips(self) -> Tensor:
        """True joints [N, 12, 3] relative to the middle of the hips, in the rolled camera."""
        joints = self.joints - self.joints[:, HIPS].mean(1, keepdim=True)
        return self.camera[:, None].roll_camera(joints)

    def world_landmarks(self) -> Tensor:
        """BlazePose's world landmarks [N, 12, 3], likewise."""
        world = self.features.landmarks.world[:, BLAZEPOSE_KEYPOINTS]
        return world - world[:, HIPS].mean(1, keepdim=True)

    def with_points(self, points: Tensor) -> "Take":
        """Replace the 2D landmarks [N, 12, 2]."""
        all_points = self.features.landmarks.points.clone()
        all_points[:, BLAZEPOSE_KEYPOINTS] = points
        vector = self.features.vector.clone()
        vector[:, POINTS] = ((all_points - CROP_CENTER) / (CROP_SIZE / 2)).flatten(1)
        landmarks = replace(self.features.landmarks, points=all_points)
        return replace(self, features=replace(self.features, vector=vector, landmarks=landmarks))

    def with_true_depth(self) -> "Take":
        """Replace the world landmarks, and the depths of the 2D landmarks, by the ground truth."""
        from_hips = self.from_hips()
        world = self.features.landmarks.world.clone()
        world[:, BLAZEPOSE_KEYPOINTS] = from_hips
        vector = self.features.vector.clone()
        vector[:, WORLD] = 2 * world.flatten(1)
        distance = self.joints[:, HIPS, 2].mean(1)
        scale = 2 * self.camera.focal_length / distance / self.camera.size
        depths = vector[:, DEPTHS].clone()
        depths[:, BLAZEPOSE_KEYPOINTS] = from_hips[..., 2] * scale[:, None]
        vector[:, DEPTHS] = depths
        landmarks = replace(self.features.landmarks, world=world)
        return replace(self, features=replace(self.features, vector=vector, landmarks=landmarks))


@torch.inference_mode()
def follow_man(camera: int, networks: Networks) -> Take:
    """Track people as capture does and keep the largest."""
    reader = VideoReader(fetch_demo_video(camera))
    step = frame_step(reader.fps)
    tracker = PeopleTracker(networks.backbone, networks.detector, reader.fps / step, None, networks.movenet)
    people: dict[int, list[tuple[Sighting, np.ndarray]]] = {}
    focal_length = 0.0
    for frame in reader.frames(0, FRAMES - 1):
        number, between = divmod(frame.index, step)
        if between:
            continue
        focal_length = focal_length or estimate_initial_camera(frame.image, CaptureOptions()).focal_length
        for sighting in tracker.step(number, frame.image):
            keypoints = networks.movenet(sighting.crop.cut(frame.image)[None]).points[:, _MOVENET_KEYPOINTS]
            people.setdefault(sighting.track_id, []).append((sighting, keypoints))
    man = max(people.values(), key=lambda track: sum(np.prod(s.box[2:] - s.box[:2]) ** 0.5 for s, _ in track))
    sightings = [sighting for sighting, _ in man]
    frames = [step * sighting.frame for sighting in sightings]
    with np.load(GROUND_TRUTH) as truth:
        joints = truth[f"cam{camera:02d}/keypoints"][frames]
        projected = joints @ truth[f"cam{camera:02d}/intrinsics"].T
    pixels = projected[..., :2] / projected[..., 2:]
    crops = [CropCamera.from_crop(s.crop, focal_length, image_center(*reader.size)) for s in sightings]
    return Take(
        frames,
        FrameFeatures.cat([sighting.features for sighting in sightings]).to("cpu"),
        CropCamera.cat(crops).to("cpu"),
        torch.from_numpy(np.concatenate([keypoints for _, keypoints in man])).float(),
        torch.from_numpy(joints).float(),
        torch.from_numpy(np.stack([s.crop.from_image(p) for s, p in zip(sightings, pixels, strict=True)])).float(),
    )


@torch.inference_mode()
def network_scores(network: TAR, takes: Sequence[Take]) -> dict[str, float]:
    """MPJPE, PA-MPJPE and ACCEL of the network's own joints, means over the cameras."""
    rows = {}
    for camera, take in enumerate(takes):
        count = len(take.frames)
        encoded = network.encode_frames(take.features, take.camera)
        frames, zero = torch.arange(count), torch.zeros(count, dtype=torch.long)
        body = network.decode_windows(encoded, frames, zero, zero + count - 1)[-1]
        joints = body.points.joints[:, SMPL_KEYPOINTS] + body.translation[:, None]
        joints = take.camera[:, None].unroll_camera(joints)
        # The score takes every second frame for ACCEL, because the ground truth has 60 frames per second.
        rows[str(camera)] = score(joints.double().numpy().repeat(2, 0), take.joints.double().numpy().repeat(2, 0))
    return mean_row(rows)


def print_landmarks(takes: Sequence[Take]) -> None:
    """Print the distances of 2D landmarks from the projected ground truth, and the errors of the world landmarks."""
    blazepose = torch.cat([take.features.landmarks.points[:, BLAZEPOSE_KEYPOINTS] for take in takes])
    movenet, pixels = (torch.cat([getattr(take, name) for take in takes]) for name in ("movenet", "pixels"))
    parts = [name.removeprefix("left_") for name in KEYPOINTS[::2]]
    print(f"{'2D, pixels of the crop':28s} {'mean':>6s} {'median':>6s} {'95 %':>6s}", *(f"{p:>8s}" for p in parts))
    for name, points in {"BlazePose": blazepose, "MoveNet": movenet, "mean": (blazepose + movenet) / 2}.items():
        error = (points - pixels).norm(dim=-1)
        summary = (error.mean(), error.median(), error.quantile(0.95))
        by_part = error.view(-1, len(parts), 2).mean((0, 2))
        print(f"  {name:26s}", *(f"{v:6.2f}" for v in summary), *(f"{v:8.2f}" for v in by_part))
    error = torch.cat([take.world_landmarks() - take.from_hips() for take in takes])
    x, y, z = (1000 * (error**2).mean((0, 1)).sqrt()).tolist()
    print(f"world landmarks, rms mm: across {x:.0f}, down {y:.0f}, along the view {z:.0f}")


def print_inputs(network: TAR, takes: Sequence[Take]) -> None:
    """Print the scores of the network with replaced inputs."""

    def fused(take: Take) -> Take:
        return take.with_points((take.features.landmarks.points[:, BLAZEPOSE_KEYPOINTS] + take.movenet) / 2)

    rows = {
        "as captured": takes,
        "2D: mean with MoveNet": [fused(take) for take in takes],
        "2D: ground truth": [take.with_points(take.pixels) for take in takes],
        "world: ground truth": [take.with_true_depth() for take in takes],
        "both: ground truth": [take.with_points(take.pixels).with_true_depth() for take in takes],
    }
    print(f"\n{'inputs of the network':28s} {'MPJPE':>7s} {'PA':>7s} {'ACCEL':>7s}")
    for name, changed in rows.items():
        means = network_scores(network, changed)
        print(f"  {name:26s}", *(f"{means[measure]:7.1f}" for measure in ("mpjpe", "pa", "accel")), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what the network loses through its landmarks.")
    parser.add_argument("--checkpoint", type=Path, help="checkpoint to use (default: the included one)")
    arguments = parser.parse_args()
    try:
        networks = Networks.load(CaptureOptions())
        takes = [follow_man(camera, networks) for camera in CAMERAS]
        print_landmarks(takes)
        print_inputs(load_tar(arguments.checkpoint).eval(), takes)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

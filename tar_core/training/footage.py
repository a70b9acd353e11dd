"""Training clips out of ordinary video: features as capture sees them, and a motion fitted to what the picture shows.

Nobody knows the truth of such a video. The network's own motion is taken as what people can do, and bent until its
joints lie over the backbone's landmarks, with limbs of one length and a smooth path (after EFT, Joo et al., 3DV 2021,
where the network is the prior too). Depth is as good as the network's: such clips teach what a picture shows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tar_core.body.data import BodyData, load_body
from tar_core.body.model import BodyModel
from tar_core.camera.crop_camera import CropCamera, image_center
from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.capture.networks import Networks
from tar_core.capture.track import assemble_motion
from tar_core.datasets.features import ClipBatch, save_features
from tar_core.datasets.shards import CLIP_FRAMES
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.model.refinement import JOINT_OF_LANDMARK
from tar_core.model.streaming import TARStream, frame_step
from tar_core.model.tar import TAR
from tar_core.options import CaptureOptions
from tar_core.people.track import Sighting
from tar_core.people.tracker import PeopleTracker
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES
from tar_core.video.prefetch import prefetch
from tar_core.video.reader import VideoReader

_LANDMARKS = list(JOINT_OF_LANDMARK)
_JOINTS = [JOINT_NAMES.index(name) for name in JOINT_OF_LANDMARK.values()]
SEEN = 0.5  # visibility from which a landmark counts


@dataclass(frozen=True)
class FittingConfig:
    """How a motion is bent; the terms are means over joints and frames.

    Attributes:
        iterations, learning_rate: Adam's.
        tolerance: crop pixels; landmarks much farther off count for little (Geman and McClure), nor does the distance
            between a landmark and SMPL's joint.
        landmarks, poses, acceleration: weights of the distances in `tolerance`s, of rotations' squared distance from
            the network's, and of joints' squared accelerations, (cm/frame^2)^2.
    """

    iterations: int = 120
    learning_rate: float = 0.01
    tolerance: float = 8.0
    landmarks: float = 1.0
    poses: float = 2.0
    acceleration: float = 0.05


@dataclass(frozen=True)
class Run:
    """One person in consecutive frames, N of those that capture looks at: what the backbone says, and where."""

    frames: list[int]
    features: FrameFeatures
    camera: CropCamera
    boxes: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.frames)


def follow(video: Path, networks: Networks, most_frames: int) -> tuple[list[Run], float]:
    """Everybody in a video, and how many frames a second were looked at.

    Args:
        most_frames: looked at; the rest of the video is left. Local maps take 0.5 MB a frame and person.

    Raises:
        TarError: the video cannot be read.
    """
    reader = VideoReader(video)
    step = frame_step(reader.fps)
    tracker = PeopleTracker(networks.backbone, networks.detector, reader.fps / step, networks.device)
    sightings: dict[int, list[list[Sighting]]] = {}  # of each track the runs
    focal_length = 0.0
    for frame in prefetch(reader.frames(0, step * most_frames - 1)):
        number, between = divmod(frame.index, step)
        if between:
            continue
        focal_length = focal_length or estimate_initial_camera(frame.image, CaptureOptions()).focal_length
        for sighting in tracker.step(number, frame.image):
            runs = sightings.setdefault(sighting.track_id, [])
            if not runs or runs[-1][-1].frame != number - 1:
                runs.append([])
            runs[-1].append(sighting)
    confirmed = {track.track_id for track in tracker.confirmed_tracks()}
    found = [run for track_id, runs in sightings.items() if track_id in confirmed for run in runs]
    center = image_center(*reader.size)
    return [_join(run, focal_length, center) for run in found if len(run) >= CLIP_FRAMES], reader.fps / step


def _join(sightings: Sequence[Sighting], focal_length: float, center: tuple[float, float]) -> Run:
    features = FrameFeatures.cat([sighting.features for sighting in sightings]).to("cpu")
    return Run(
        [sighting.frame for sighting in sightings],
        FrameFeatures(features.vector.half(), features.local_map.half(), features.landmarks),
        CropCamera.cat([CropCamera.from_crop(sighting.crop, focal_length, center) for sighting in sightings]),
        [sighting.box for sighting in sightings],
    )


def estimate(run: Run, network: TAR, fps: float, data: BodyData) -> ClipBatch:
    """The network's own motion of a run, with one shape."""
    stream = TARStream(network, fps)
    features = run.features.map(lambda tensor: tensor.float())
    results = [
        result for k in range(len(run)) for result in stream.push(features[k : k + 1], run.camera[k : k + 1])
    ] + stream.finish()
    motion = assemble_motion(0, run.frames, run.boxes, results, data, data)
    poses = torch.from_numpy(motion.poses.reshape(len(run), -1, 3))
    betas = torch.from_numpy(motion.betas).expand(len(run), -1)
    return ClipBatch(run.features, run.camera, poses, betas, torch.from_numpy(motion.trans))


def fit(start: ClipBatch, body: BodyModel, config: FittingConfig) -> ClipBatch:
    """The motion of one run, bent over the backbone's landmarks."""
    landmarks = start.features.landmarks
    every = torch.arange(len(start.poses))
    poses, trans = start.poses.clone().requires_grad_(), start.trans.clone().requires_grad_()
    betas = start.betas[:1].clone().requires_grad_()
    known = axis_angle_to_matrix(start.poses)
    optimizer = torch.optim.Adam([poses, trans, betas], config.learning_rate)
    for _ in range(config.iterations):
        bent = ClipBatch(start.features, start.camera, poses, betas.expand(len(poses), -1), trans)
        truth = bent.truth(body, every)
        away, weights = landmark_distances(truth.joints_2d, landmarks)
        squares = (away / config.tolerance) ** 2
        loss = config.landmarks * (weights * squares / (1 + squares)).sum() / weights.sum().clamp_min(1)
        loss = loss + config.poses * ((axis_angle_to_matrix(poses) - known) ** 2).sum((-1, -2)).mean()
        # In the camera that does not roll with the crop, whose turns are no motion.
        joints = start.camera[every].unroll_camera(truth.joints.transpose(0, 1)).transpose(0, 1)
        second = 100 * (joints[2:] - 2 * joints[1:-1] + joints[:-2])
        loss = loss + config.acceleration * (second**2).sum(-1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    fitted = poses.detach(), betas.detach().expand(len(poses), -1), trans.detach()
    return ClipBatch(start.features, start.camera, *fitted)


def landmark_distances(joints_2d: Tensor, landmarks: Landmarks) -> tuple[Tensor, Tensor]:
    """How far projected joints [N, 24, 2] lie from the backbone's landmarks, crop pixels, and what each counts.

    Returns:
        [N, J] distances and [N, J] weights: the visibility, 0 below SEEN.
    """
    visible = landmarks.visibility[:, _LANDMARKS]
    away = (joints_2d[:, _JOINTS] - landmarks.points[:, _LANDMARKS]).norm(dim=-1)
    return away, torch.where(visible < SEEN, 0.0, visible)


def cut(run: ClipBatch) -> Iterator[ClipBatch]:
    """Clips of CLIP_FRAMES frames, end to end; what is left over at the end is dropped."""
    for first in range(0, len(run.poses) - CLIP_FRAMES + 1, CLIP_FRAMES):
        yield run[first : first + CLIP_FRAMES]


def make_clips(
    videos: Sequence[Path], networks: Networks, folder: Path, held_out: float, most_frames: int, config: FittingConfig
) -> Iterator[str]:
    """Writes folder/train and folder/held_out, one file a video, as `tar_core.datasets.features` does; tells of each.

    Args:
        held_out: share of each run, its end, that is not to be trained on.

    Raises:
        TarError: a video cannot be read, or the folder not written.
    """
    data = load_body()
    body = BodyModel(data)
    for number, video in enumerate(videos):
        runs, fps = follow(video, networks, most_frames)
        clips: dict[str, list[ClipBatch]] = {"train": [], "held_out": []}
        for run in runs:
            fitted = fit(estimate(run, networks.tar, fps, data), body, config)
            border = round(len(run) * (1 - held_out))
            clips["train"] += cut(fitted[:border])
            clips["held_out"] += cut(fitted[border:])
        for split, parts in clips.items():
            if parts:
                (folder / split).mkdir(parents=True, exist_ok=True)
                save_features(folder / split / f"{number:04d}.safetensors", join_clips(parts), CLIP_FRAMES)
        counts = ", ".join(f"{len(parts)} clips {split.replace('_', ' ')}" for split, parts in clips.items())
        yield f"{video.name}: {len(runs)} runs of somebody, {counts}"


def join_clips(parts: Sequence[ClipBatch]) -> ClipBatch:
    """Clips end to end."""
    truths = (torch.cat([getattr(part, name) for part in parts]) for name in ("poses", "betas", "trans"))
    features = FrameFeatures.cat([part.features for part in parts])
    return ClipBatch(features, CropCamera.cat([part.camera for part in parts]), *truths)

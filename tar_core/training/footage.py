"""Training clips from videos without ground truth: the features of capture, and a motion fitted to the landmarks.

The network's motion serves as a prior. It is optimized until its joints project onto the backbone's landmarks, with one
shape and smooth motion (after EFT, Joo et al., 3DV 2021, which uses the network as a prior as well). Depth is not
better than the network's, so that such clips only teach what is visible in the image.
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
from tar_core.options import CaptureOptions
from tar_core.people.track import Sighting
from tar_core.people.tracker import PeopleTracker
from tar_core.rotations import axis_angle_to_matrix
from tar_core.runtime.graphs import Runtime
from tar_core.runtime.streaming import TARStream, frame_step
from tar_core.skeleton import JOINT_NAMES
from tar_core.video.prefetch import prefetch
from tar_core.video.reader import VideoReader

_LANDMARKS = list(JOINT_OF_LANDMARK)
_JOINTS = [JOINT_NAMES.index(name) for name in JOINT_OF_LANDMARK.values()]
MIN_VISIBILITY = 0.5  # of a landmark that is used


@dataclass(frozen=True)
class FittingConfig:
    """Settings of the optimization; the loss terms are means over joints and frames.

    Attributes:
        iterations, learning_rate: of Adam.
        tolerance: scale of the robust loss on landmarks (Geman and McClure), crop pixels. Landmarks at a much larger
            distance have little influence. It also covers the distance between a landmark and SMPL's joint.
        landmarks: weight of the distances from the landmarks, in units of `tolerance`.
        poses: weight of the squared differences from the network's rotation matrices.
        acceleration: weight of the squared accelerations of the joints, (cm/frame^2)^2.
    """

    iterations: int = 120
    learning_rate: float = 0.01
    tolerance: float = 8.0
    landmarks: float = 1.0
    poses: float = 2.0
    acceleration: float = 0.05


@dataclass(frozen=True)
class Run:
    """One person in N consecutive frames of those that capture uses.

    Attributes:
        frames: N frame numbers.
        features: [N] of the backbone.
        camera: [N] crop cameras.
        boxes: N bounding boxes.
    """

    frames: list[int]
    features: FrameFeatures
    camera: CropCamera
    boxes: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.frames)


def track_people(video: Path, networks: Networks, max_frames: int) -> tuple[list[Run], float]:
    """Track all people in a video.

    Args:
        max_frames: maximum number of frames to use. The local maps need 0.5 MB of memory per frame and person.

    Returns:
        Runs of at least CLIP_FRAMES frames, and the number of frames per second that were used.

    Raises:
        TarError: the video cannot be read.
    """
    reader = VideoReader(video)
    step = frame_step(reader.fps)
    tracker = PeopleTracker(networks.backbone, networks.detector, reader.fps / step, None, networks.movenet)
    sightings: dict[int, list[list[Sighting]]] = {}  # the runs of each track
    focal_length = 0.0
    for frame in prefetch(reader.frames(0, step * max_frames - 1)):
        number, remainder = divmod(frame.index, step)
        if remainder:
            continue
        focal_length = focal_length or estimate_initial_camera(frame.image, CaptureOptions()).focal_length
        for sighting in networks.with_own_features(tracker.step(number, frame.image), frame.image):
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
        CropCamera.cat([CropCamera.from_crop(one.crop, focal_length, center) for one in sightings]).to("cpu"),
        [sighting.box for sighting in sightings],
    )


def predict_motion(run: Run, runtime: Runtime, fps: float, data: BodyData) -> ClipBatch:
    """Predict the motion of a run with the network, with one shape for all frames."""
    stream = TARStream(runtime, fps)
    features = run.features.map(lambda tensor: tensor.float().numpy())
    camera = run.camera.map(Tensor.numpy)
    results = [
        result for k in range(len(run)) for result in stream.push(features[k : k + 1], camera[k : k + 1])
    ] + stream.finish()
    motion = assemble_motion(0, run.frames, run.boxes, results, data, data)
    poses = torch.from_numpy(motion.poses.reshape(len(run), -1, 3))
    betas = torch.from_numpy(motion.betas).expand(len(run), -1)
    return ClipBatch(run.features, run.camera, poses, betas, torch.from_numpy(motion.trans))


def fit_to_landmarks(start: ClipBatch, body: BodyModel, config: FittingConfig) -> ClipBatch:
    """Optimize the motion of one run so that its joints project onto the backbone's landmarks.

    Args:
        start: the network's motion.
    """
    landmarks = start.features.landmarks
    all_frames = torch.arange(len(start.poses))
    poses, trans = start.poses.clone().requires_grad_(), start.trans.clone().requires_grad_()
    betas = start.betas[:1].clone().requires_grad_()
    known = axis_angle_to_matrix(start.poses)
    optimizer = torch.optim.Adam([poses, trans, betas], config.learning_rate)
    for _ in range(config.iterations):
        current = ClipBatch(start.features, start.camera, poses, betas.expand(len(poses), -1), trans)
        posed = current.truth(body, all_frames)
        distances, weights = landmark_distances(posed.joints_2d, landmarks)
        squares = (distances / config.tolerance) ** 2
        loss = config.landmarks * (weights * squares / (1 + squares)).sum() / weights.sum().clamp_min(1)
        loss = loss + config.poses * ((axis_angle_to_matrix(poses) - known) ** 2).sum((-1, -2)).mean()
        # In the camera without roll, because the roll of the crop is not motion of the person.
        joints = start.camera[all_frames].unroll_camera(posed.joints.transpose(0, 1)).transpose(0, 1)
        second = 100 * (joints[2:] - 2 * joints[1:-1] + joints[:-2])
        loss = loss + config.acceleration * (second**2).sum(-1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    fitted = poses.detach(), betas.detach().expand(len(poses), -1), trans.detach()
    return ClipBatch(start.features, start.camera, *fitted)


def landmark_distances(joints_2d: Tensor, landmarks: Landmarks) -> tuple[Tensor, Tensor]:
    """Compute the distances of projected joints [N, 24, 2] from the backbone's landmarks.

    Returns:
        Distances [N, J], crop pixels, and weights [N, J]: the visibility, or 0 below MIN_VISIBILITY.
    """
    visible = landmarks.visibility[:, _LANDMARKS]
    distances = (joints_2d[:, _JOINTS] - landmarks.points[:, _LANDMARKS]).norm(dim=-1)
    return distances, torch.where(visible < MIN_VISIBILITY, 0.0, visible)


def split_clips(run: ClipBatch) -> Iterator[ClipBatch]:
    """Split a run into clips of CLIP_FRAMES frames; remaining frames at the end are dropped."""
    for first in range(0, len(run.poses) - CLIP_FRAMES + 1, CLIP_FRAMES):
        yield run[first : first + CLIP_FRAMES]


def write_clips(
    videos: Sequence[Path], networks: Networks, folder: Path, held_out: float, max_frames: int, config: FittingConfig
) -> Iterator[str]:
    """Write the clips of videos to folder/train and folder/held_out, one file for each video (see `save_features`).

    Args:
        held_out: share of the end of each run that is excluded from training.
        max_frames: maximum number of frames of each video.

    Yields:
        A line of the report for each video.

    Raises:
        TarError: a video cannot be read, or the folder cannot be written.
    """
    data = load_body()
    body = BodyModel(data)
    for number, video in enumerate(videos):
        runs, fps = track_people(video, networks, max_frames)
        clips: dict[str, list[ClipBatch]] = {"train": [], "held_out": []}
        for run in runs:
            fitted = fit_to_landmarks(predict_motion(run, networks.runtime, fps, data), body, config)
            border = round(len(run) * (1 - held_out))
            clips["train"] += split_clips(fitted[:border])
            clips["held_out"] += split_clips(fitted[border:])
        for split, parts in clips.items():
            if parts:
                (folder / split).mkdir(parents=True, exist_ok=True)
                save_features(folder / split / f"{number:04d}.safetensors", join_clips(parts), CLIP_FRAMES)
        counts = ", ".join(f"{len(parts)} {split.replace('_', '-')} clips" for split, parts in clips.items())
        yield f"{video.name}: {len(runs)} uninterrupted tracks, {counts}"


def join_clips(parts: Sequence[ClipBatch]) -> ClipBatch:
    """Concatenate clips."""
    labels = (torch.cat([getattr(part, name) for part in parts]) for name in ("poses", "betas", "trans"))
    features = FrameFeatures.cat([part.features for part in parts])
    return ClipBatch(features, CropCamera.cat([part.camera for part in parts]), *labels)

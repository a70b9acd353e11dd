"""TAR on tracks of any length, frame by frame, with bounded memory."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import FrameFeatures
from tar_core.model.refinement import PosedBody
from tar_core.model.tar import TAR, EncodedFrames
from tar_core.rotations import matrix_to_axis_angle
from tar_core.skeleton import NUM_JOINTS

TRAINED_FPS = 30.0


def frame_step(fps: float) -> int:
    """Distance between frames of a video at about the frame rate of the training data."""
    return max(1, round(fps / TRAINED_FPS))


@dataclass(frozen=True)
class FrameResult:
    """One person in one frame, in the camera frame (not the rolled camera).

    Attributes:
        poses: [72] axis-angle, global_orient first, radians.
        betas: [10] shape.
        trans: [3] SMPL's translation, meters.
        confidence: the backbone's probability of a person times the mean visibility of the body landmarks, 0 to 1.
        joint_errors: [24] expected errors of the joints relative to the pelvis, meters; zeros if the network does not
            estimate them.
    """

    poses: np.ndarray
    betas: np.ndarray
    trans: np.ndarray
    confidence: float
    joint_errors: np.ndarray

    def packed(self) -> bytes:
        """Pack the result into 440 bytes, for storing many results.

        Python allocates such small objects in its own arenas. Small arrays would be allocated on the C library's heap
        between the large arrays of the network, and keep their memory from being returned to the system.
        """
        parts = self.poses, self.betas, self.trans, np.array([self.confidence]), self.joint_errors
        return np.concatenate(parts).astype(np.float32).tobytes()

    @classmethod
    def unpacked(cls, data: bytes) -> "FrameResult":
        """Unpack the result of `packed`."""
        poses, betas, trans, confidence, joint_errors = np.split(np.frombuffer(data, np.float32), [72, 82, 85, 86])
        return cls(poses, betas, trans, float(confidence[0]), joint_errors)


class TARStream:
    """Runs TAR on the frames of one track and returns the results in order, with a delay.

    Each frame is encoded once. A result needs frames after it, and windows are refined in batches, so results are
    delayed by up to stride * max(offsets) + batch_size frames; `finish` returns the rest. The results equal those of
    the network on each window, with the first and last frame of the track repeated beyond its ends.

    Args:
        model: network in evaluation mode.
        fps: frame rate of the video. The network is trained on windows at about 30 fps, so for faster videos, windows
            consist of every second (60 fps), fourth (120 fps), ... frame. Every frame gets a result.
        batch_size: number of windows that are refined together.
    """

    def __init__(self, model: TAR, fps: float = TRAINED_FPS, batch_size: int = 16) -> None:
        self.model = model
        self.batch_size = batch_size
        self.stride = frame_step(fps)
        self._reach = self.stride * max(model.config.offsets)
        self._frames: EncodedFrames | None = None
        self._waiting: list[tuple[FrameFeatures, CropCamera]] = []
        self._next = 0  # index in _frames of the next result

    def push(self, features: FrameFeatures, camera: CropCamera) -> list[FrameResult]:
        """Add the next frame (batch shape [1]) and return the results that became available, often none."""
        self._waiting.append((features, camera))
        known = (0 if self._frames is None else len(self._frames) - self._next) + len(self._waiting)
        if known < self.batch_size + self._reach:
            return []
        self._encode_waiting()
        assert self._frames is not None
        return self._decode(len(self._frames) - self._reach)

    def finish(self) -> list[FrameResult]:
        """Return the remaining results at the end of the track."""
        self._encode_waiting()
        return [] if self._frames is None else self._decode(len(self._frames))

    @torch.inference_mode()
    def _encode_waiting(self) -> None:
        if not self._waiting:
            return
        features = FrameFeatures.cat([features for features, _ in self._waiting])
        camera = CropCamera.cat([camera for _, camera in self._waiting])
        new = self.model.encode_frames(features, camera)
        self._frames = new if self._frames is None else EncodedFrames.cat([self._frames, new])
        self._waiting.clear()

    @torch.inference_mode()
    def _decode(self, stop: int) -> list[FrameResult]:
        """Compute the results up to index `stop`, then drop the frames that later windows do not need."""
        frames = self._frames
        assert frames is not None
        results: list[FrameResult] = []
        device = frames.embedded.device
        first, last = torch.tensor(0, device=device), torch.tensor(len(frames) - 1, device=device)
        for start in range(self._next, stop, self.batch_size):
            middles = torch.arange(start, min(start + self.batch_size, stop), device=device)
            ends = first.expand(len(middles)), last.expand(len(middles))
            bodies = self.model.decode_windows(frames, middles, *ends, stride=self.stride)
            visibility = frames.landmarks.visibility[middles][:, 11:33].mean(1)
            confidence = frames.landmarks.score[middles] * visibility
            results += frame_results(bodies[-1], frames.camera[middles], confidence)
        drop = max(stop - self._reach, 0)
        self._frames, self._next = frames[drop:], stop - drop
        return results


def frame_results(body: PosedBody, camera: CropCamera, confidence: Tensor) -> list[FrameResult]:
    """Convert bodies [B] in the rolled cameras to results in the camera frame."""
    rotations = body.rotations.clone()
    rotations[:, 0] = camera.unroll_rotation(rotations[:, 0])
    # Points rotate about the camera's center, but SMPL rotates the body about its pelvis, which is not at the body's
    # origin. The translation accounts for the difference.
    pelvis = body.points.joints[:, 0]
    trans = camera.unroll_camera(pelvis + body.translation) - pelvis
    poses = matrix_to_axis_angle(rotations).flatten(1)
    errors = torch.zeros_like(poses[:, :NUM_JOINTS]) if body.joint_errors is None else body.joint_errors
    arrays = (array.cpu().numpy() for array in (poses, body.estimate.betas, trans, confidence, errors))
    return [FrameResult(p, b, t, float(c), e) for p, b, t, c, e in zip(*arrays, strict=True)]

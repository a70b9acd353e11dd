"""TAR over a track of any length, frame by frame, in bounded memory."""

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
    """How many frames of a video lie between neighbors at about the rate that the network is trained at."""
    return max(1, round(fps / TRAINED_FPS))


@dataclass(frozen=True)
class FrameResult:
    """One person in one frame, in the camera's own frame (the crop's roll is undone).

    Attributes:
        poses: [72] axis-angle, global_orient first, radians.
        betas: [10].
        trans: [3] SMPL's translation, meters.
        confidence: 0..1, the backbone's own that a person is there, times the mean visibility of the body's landmarks.
        joint_errors: [24] how far each joint may lie off from the pelvis, meters; zeros if the network doesn't tell.
    """

    poses: np.ndarray
    betas: np.ndarray
    trans: np.ndarray
    confidence: float
    joint_errors: np.ndarray

    def packed(self) -> bytes:
        """The same in 440 bytes, for keeping many.

        Python has arenas of its own for objects as small as that. Small arrays instead lie in the C library's heap
        between the network's large ones, and hold the pages around them in memory when those are gone.
        """
        parts = self.poses, self.betas, self.trans, np.array([self.confidence]), self.joint_errors
        return np.concatenate(parts).astype(np.float32).tobytes()

    @classmethod
    def unpacked(cls, data: bytes) -> "FrameResult":
        """What `packed` packed."""
        poses, betas, trans, confidence, joint_errors = np.split(np.frombuffer(data, np.float32), [72, 82, 85, 86])
        return cls(poses, betas, trans, float(confidence[0]), joint_errors)


class TARStream:
    """Feeds one track's frames to TAR and gives the results in order, a few frames late.

    Each frame is encoded once. A result needs frames after it, and windows are refined in batches, so up to
    stride max(offsets) + batch_size frames are held back; `finish` gives the rest. The results equal the network's on
    each window by itself, with the track's ends repeating their edge frames.

    Args:
        model: in evaluation mode.
        fps: of the video. The network is trained on windows at about 30 frames a second, so that faster videos have
            their windows strung over every second (60 fps), fourth (120 fps) ... frame; every frame gets a result.
        batch_size: windows refined together.
    """

    def __init__(self, model: TAR, fps: float = TRAINED_FPS, batch_size: int = 16) -> None:
        self.model = model
        self.batch_size = batch_size
        self.stride = frame_step(fps)
        self._reach = self.stride * max(model.config.offsets)
        self._frames: EncodedFrames | None = None
        self._waiting: list[tuple[FrameFeatures, CropCamera]] = []
        self._next = 0  # index in _frames of the next frame to give out

    def push(self, features: FrameFeatures, camera: CropCamera) -> list[FrameResult]:
        """Takes the next frame (batch shape [1]); returns the results that became ready, often none."""
        self._waiting.append((features, camera))
        known = (0 if self._frames is None else len(self._frames) - self._next) + len(self._waiting)
        if known < self.batch_size + self._reach:
            return []
        self._encode_waiting()
        assert self._frames is not None
        return self._decode(len(self._frames) - self._reach)

    def finish(self) -> list[FrameResult]:
        """The results still held back; the track has ended."""
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
        """Gives out the frames up to index `stop`, then forgets those that no later window needs."""
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
        forget = max(stop - self._reach, 0)
        self._frames, self._next = frames[forget:], stop - forget
        return results


def frame_results(body: PosedBody, camera: CropCamera, confidence: Tensor) -> list[FrameResult]:
    """Turns bodies [B] in the rolled cameras into results in the cameras' own frames."""
    rotations = body.rotations.clone()
    rotations[:, 0] = camera.unroll_rotation(rotations[:, 0])
    # The body's points turn with the camera about its center, but SMPL turns the body about its pelvis, which lies
    # off the body's origin: the translation takes up the difference.
    pelvis = body.points.joints[:, 0]
    trans = camera.unroll_camera(pelvis + body.translation) - pelvis
    poses = matrix_to_axis_angle(rotations).flatten(1)
    errors = torch.zeros_like(poses[:, :NUM_JOINTS]) if body.joint_errors is None else body.joint_errors
    arrays = (array.cpu().numpy() for array in (poses, body.estimate.betas, trans, confidence, errors))
    return [FrameResult(p, b, t, float(c), e) for p, b, t, c, e in zip(*arrays, strict=True)]

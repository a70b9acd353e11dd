"""TAR on tracks of any length, frame by frame, with bounded memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.arrays import Array, concatenate
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import FrameFeatures
from tar_core.runtime.graphs import DECODE, ENCODE, Runtime

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
        runtime: runs the network.
        fps: frame rate of the video. The network is trained on windows at about 30 fps, so for faster videos, windows
            consist of every second (60 fps), fourth (120 fps), ... frame. Every frame gets a result.
        batch_size: number of windows that are refined together.
    """

    def __init__(self, runtime: Runtime, fps: float = TRAINED_FPS, batch_size: int = 16) -> None:
        self._runtime = runtime
        self._batch_size = batch_size
        self._stride = frame_step(fps)
        self._reach = self._stride * max(runtime.config.offsets)
        self._frames: dict[str, Array] = {}  # encoded frames: inputs of DECODE
        self._waiting: list[tuple[FrameFeatures, CropCamera]] = []
        self._next = 0  # index in _frames of the next result

    def push(self, features: FrameFeatures, camera: CropCamera) -> list[FrameResult]:
        """Add the next frame (batch shape [1]) and return the results that became available, often none."""
        self._waiting.append((features, camera))
        if self._num_frames - self._next + len(self._waiting) < self._batch_size + self._reach:
            return []
        self._encode_waiting()
        return self._decode(self._num_frames - self._reach)

    def finish(self) -> list[FrameResult]:
        """Return the remaining results at the end of the track."""
        self._encode_waiting()
        return self._decode(self._num_frames)

    @property
    def _num_frames(self) -> int:
        return len(self._frames["embedded"]) if self._frames else 0

    def _encode_waiting(self) -> None:
        if not self._waiting:
            return
        features = FrameFeatures.cat([features for features, _ in self._waiting])
        camera = CropCamera.cat([camera for _, camera in self._waiting])
        known = vars(features.landmarks) | vars(camera) | {"vector": features.vector, "local_map": features.local_map}
        encoded = self._runtime.run(ENCODE, **{name: known[name] for name in ENCODE.inputs})
        known |= dict(zip(ENCODE.outputs, encoded, strict=True))
        new = {name: known[name] for name in DECODE.inputs if name in known}
        if self._frames:
            new = {name: concatenate([self._frames[name], array]) for name, array in new.items()}
        self._frames = new
        self._waiting.clear()

    def _decode(self, stop: int) -> list[FrameResult]:
        """Compute the results up to index `stop`, then drop the frames that later windows do not need."""
        results: list[FrameResult] = []
        stride = np.array(self._stride)
        for start in range(self._next, stop, self._batch_size):
            middles = np.arange(start, min(start + self._batch_size, stop))
            outputs = self._runtime.run(DECODE, **self._frames, middles=middles, stride=stride)
            results += frame_results(outputs)
        drop = max(stop - self._reach, 0)
        self._frames = {name: array[drop:] for name, array in self._frames.items()}
        self._next = stop - drop
        return results


def frame_results(outputs: Sequence[np.ndarray]) -> list[FrameResult]:
    """The results of single frames, from the outputs of DECODE."""
    return [FrameResult(p, b, t, float(c), e) for p, b, t, c, e in zip(*outputs, strict=True)]

"""Legs and arms whose left and right landmarks the backbone swaps for some frames.

BlazePose takes the left leg for the right one in some frames of people who walk past the camera, and in more where they
run, kick or spin. Such legs jump, and the network shows them crossing. A limb is in one of two states in each frame: as
it is, or swapped. The most likely sequence of states is the one in which the landmarks move and accelerate least (the
Viterbi algorithm). A frame is decided some frames later, when the landmarks after it are known.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tar_core.camera.crop import CROP_SIZE
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import CONFIDENCES, DEPTHS, NUM_LANDMARKS, POINTS, WORLD, FrameFeatures
from tar_core.rotations import rotation_z

# Landmarks below the hips and below the shoulders; the left and the right one of each pair are neighbors.
LEGS, ARMS = range(25, 33), range(13, 23)
HIPS, SHOULDERS = [23, 24], [11, 12]
DELAY = 0.4  # seconds until a frame is decided; limbs are rarely swapped for longer
# Costs in units of the crop's side, means over the landmarks of a limb.
MAX_MOTION = 0.11  # of a landmark from frame to frame; a larger one costs the same
SWAP_COST = {LEGS: 0.009, ARMS: 0.03}  # of a swapped limb, for each frame at 30 fps
_STATES = np.arange(2)  # of a limb: 0 as it is, 1 swapped

SeenFrame = tuple[FrameFeatures, CropCamera]  # of one frame


class _Limb:
    """The states of the left and right legs, or arms, in consecutive frames."""

    def __init__(self, landmarks: range, origin: list[int], swap_cost: float) -> None:
        self.landmarks = landmarks
        self._origin, self._swap_cost = origin, swap_cost
        self._positions: deque[np.ndarray] = deque(maxlen=2)  # [2, K, 2] of the last frames, in each state
        self._costs = np.full((2, 2), np.inf)  # of the best sequence with these states before and in the last frame
        # For each frame that is not decided, and each state before and in it, the best state two frames before.
        self._best: deque[np.ndarray] = deque()

    def add(self, points: np.ndarray) -> None:
        """Add the landmarks [39, 2] of the next frame."""
        limb = (points - points[self._origin].mean(0))[list(self.landmarks)]
        now = np.stack([limb, limb.reshape(-1, 2, 2)[:, ::-1].reshape(-1, 2)])
        own = self._swap_cost * _STATES
        if not self._positions:
            np.fill_diagonal(self._costs, own)
            self._positions.extend([now, now])
            self._best.append(np.zeros((2, 2), int))
            return
        first, second = self._positions
        motion = _cost(now - second[:, None])  # [before, now]
        acceleration = _cost(now - 2 * second[:, None] + first[:, None, None])  # [two before, before, now]
        total = self._costs[:, :, None] + motion + acceleration + own
        self._best.append(total.argmin(0))
        self._costs = total.min(0) - total.min()
        self._positions.append(now)

    def decide(self) -> bool:
        """Whether the limb is swapped in the oldest frame that is not decided."""
        before, state = divmod(int(self._costs.argmin()), 2)
        decided = state
        for best in reversed(self._best):
            decided = state
            before, state = int(best[before, state]), before
        self._best.popleft()
        return bool(decided)


def _cost(differences: np.ndarray) -> np.ndarray:
    """Costs [...] of differences [..., K, 2] of landmarks."""
    return np.asarray(np.minimum(np.linalg.norm(differences, axis=-1), MAX_MOTION).mean(-1))


class LimbCorrector:
    """Swaps limbs back in consecutive frames of a track, with a delay.

    Args:
        fps: frame rate.

    Attributes:
        swapped_arms: the decided frames in which the arms were swapped, counted from 0.
    """

    def __init__(self, fps: float) -> None:
        self._delay = round(DELAY * fps)
        self._limbs = [
            _Limb(landmarks, origin, SWAP_COST[landmarks] * 30 / fps)
            for landmarks, origin in ((LEGS, HIPS), (ARMS, SHOULDERS))
        ]
        self._waiting: deque[SeenFrame] = deque()
        self._decided = 0
        self.swapped_arms: list[int] = []

    def push(self, features: FrameFeatures, camera: CropCamera) -> list[SeenFrame]:
        """Add the next frame (batch shape [1]) and return the frames that are decided, at most one."""
        points = features.landmarks.points[0].astype(np.float64) @ rotation_z(camera.roll[0])[:2, :2].T / CROP_SIZE
        for limb in self._limbs:
            limb.add(points)
        self._waiting.append((features, camera))
        return [self._decide()] if len(self._waiting) > self._delay else []

    def finish(self) -> list[SeenFrame]:
        """Return the remaining frames."""
        return [self._decide() for _ in range(len(self._waiting))]

    def _decide(self) -> SeenFrame:
        features, camera = self._waiting.popleft()
        swapped = [landmark for limb in self._limbs if limb.decide() for landmark in limb.landmarks]
        if ARMS[0] in swapped:
            self.swapped_arms.append(self._decided)
        self._decided += 1
        return (swap_sides(features, swapped) if swapped else features), camera


def swap_sides(features: FrameFeatures, landmarks: Iterable[int]) -> FrameFeatures:
    """Swap left and right landmarks; left ones have odd numbers, and the right one follows.

    Args:
        features: of BlazePose, batch shape [1].
        landmarks: both sides of each pair.
    """
    order = np.arange(NUM_LANDMARKS)
    for landmark in landmarks:
        order[landmark] = landmark + 1 if landmark % 2 else landmark - 1
    vector = features.vector.copy()
    for part in (POINTS, DEPTHS, CONFIDENCES, WORLD):
        vector[:, part] = vector[:, part].reshape(NUM_LANDMARKS, -1)[order].reshape(1, -1)
    known = features.landmarks
    sides = {name: getattr(known, name)[:, order] for name in ("points", "visibility", "presence", "world")}
    return replace(features, vector=vector, landmarks=replace(known, **sides))

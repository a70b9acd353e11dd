"""The backbone's results for the crops of a frame, with a look at the next frame.

The crop of a person in the next frame depends on the result for this one, so a single person could only be looked at
frame by frame. But people move steadily: the crop is nearly where the last two lead. So while one crop is processed,
another thread, or the rest of a batch, works on the expected crop of the next frame. If that turns out to be nearly the
right one, it is used, otherwise it is thrown away.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.model.features import FrameFeatures
from tar_core.people.track import CropView, Track

CROPS_AT_ONCE = 2  # the same for all devices and numbers of threads, so that the results are the same, too
# Largest differences of an expected crop that is used: of the center, as a fraction of the size; of the logarithm of
# the size; of the roll, radians.
MAX_SHIFT, MAX_SCALING, MAX_TURN = 0.02, 0.03, math.radians(2)


@dataclass(frozen=True)
class _Look:
    crop: Crop
    features: FrameFeatures


class LookAhead:
    """Runs the backbone on the crops of each frame and, where that costs no time, on expected crops of the next one.

    Args:
        backbone: maps crops [B, 256, 256, 3], uint8 RGB, to FrameFeatures.
    """

    def __init__(self, backbone: Callable[[np.ndarray], FrameFeatures]) -> None:
        self._backbone = backbone
        self._looks: dict[int, _Look] = {}  # at the next frame, by track number

    def view(self, image: np.ndarray, followed: Sequence[Track], upcoming: np.ndarray | None) -> list[CropView]:
        """The backbone's results for the crops of tracks.

        Args:
            image: [H, W, 3] uint8 RGB.
            followed: the tracks.
            upcoming: the next image, if it will be looked at next.
        """
        looks = {track.track_id: self._looks[track.track_id] for track in followed if self._was_expected(track)}
        missing = [track for track in followed if track.track_id not in looks]
        places = [(track.crop, image) for track in missing]
        expecting: Sequence[Track] = ()
        if upcoming is not None:
            expecting = followed[: -len(places) % CROPS_AT_ONCE]
            places += [(track.expected_crop(), upcoming) for track in expecting]
        found = iter(self._look(places))
        looks |= {track.track_id: next(found) for track in missing}
        self._looks = {track.track_id: next(found) for track in expecting}
        return [CropView(looks[t.track_id].crop, looks[t.track_id].features, image) for t in followed]

    def forget(self) -> None:
        """Discard the results of the next frame, so that it is processed again."""
        self._looks = {}

    def _look(self, places: Sequence[tuple[Crop, np.ndarray]]) -> list[_Look]:
        """Run the backbone on crops of images."""
        if not places:
            return []
        features = self._backbone(np.stack([crop.cut(image) for crop, image in places]))
        return [_Look(crop, features[row : row + 1]) for row, (crop, _) in enumerate(places)]

    def _was_expected(self, track: Track) -> bool:
        look = self._looks.get(track.track_id)
        return look is not None and is_near(look.crop, track.crop)


def is_near(crop: Crop, other: Crop) -> bool:
    """Whether two crops show nearly the same."""
    shift = math.hypot(crop.center_x - other.center_x, crop.center_y - other.center_y) / other.size
    turn = math.remainder(crop.roll - other.roll, 2 * math.pi)
    return shift < MAX_SHIFT and abs(math.log(crop.size / other.size)) < MAX_SCALING and abs(turn) < MAX_TURN

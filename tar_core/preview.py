"""Where the people are in a frame of the running capture, for a picture of its progress."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tar_core.option_fields import LARGEST_INTEGER

# COCO's keypoints: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles; the left of each pair first.
NUM_POINTS = 17
# Pairs of points that a line joins: the limbs, the trunk, and from the shoulders to the ears.
LINES = (
    *((5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16)),
    *((5, 6), (5, 11), (6, 12), (11, 12), (5, 3), (6, 4)),
)
_MOST_PEOPLE = 1000
_FARTHEST = 1e6  # pixels

Point = tuple[float, float]


@dataclass(frozen=True)
class Preview:
    """The people in one frame of a video.

    Attributes:
        frame: number of the frame in the video.
        width, height: of the video, pixels.
        people: COCO's 17 keypoints of each person, x and y in pixels, by the number of the person's track.
        time: when the image arrived, seconds of the system's clock; None if it is not live.
    """

    frame: int
    width: int
    height: int
    people: dict[int, tuple[Point, ...]]
    time: float | None = None

    def to_json(self) -> dict[str, Any]:
        people = [
            {"track": track, "points": [[round(x, 1), round(y, 1)] for x, y in points]}
            for track, points in self.people.items()
        ]
        live = {} if self.time is None else {"time": self.time}
        return {"frame": self.frame, "width": self.width, "height": self.height, "people": people, **live}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Preview":
        """Create a preview from JSON values.

        Raises:
            ValueError, KeyError, TypeError, OverflowError: they are not a preview.
        """
        frame, width, height = (int(values[key]) for key in ("frame", "width", "height"))
        if not (0 <= frame <= LARGEST_INTEGER and 0 < width <= _FARTHEST and 0 < height <= _FARTHEST):
            raise ValueError("not a frame of a video")
        if len(values["people"]) > _MOST_PEOPLE:
            raise ValueError("too many people")
        time = float(values["time"]) if "time" in values else None
        if time is not None and not math.isfinite(time):
            raise ValueError("not a time")
        return cls(frame, width, height, {int(p["track"]): _points(p["points"]) for p in values["people"]}, time)


def _points(values: Any) -> tuple[Point, ...]:
    points = tuple((float(x), float(y)) for x, y in values)
    if len(points) != NUM_POINTS or not all(math.isfinite(c) and abs(c) <= _FARTHEST for xy in points for c in xy):
        raise ValueError("not the points of a person")
    return points

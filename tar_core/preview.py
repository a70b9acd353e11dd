"""The people in a frame of the running capture, or in the newest image of a recording, to show while it runs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tar_core.option_fields import LARGEST_INTEGER
from tar_core.skeleton import NUM_JOINTS

# COCO's keypoints: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles; the left of each pair first.
NUM_POINTS = 17
# Pairs of points that a line joins: the limbs, the trunk, and from the shoulders to the ears.
LINES = (
    *((5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16)),
    *((5, 6), (5, 11), (6, 12), (11, 12), (5, 3), (6, 4)),
)
_MOST_PEOPLE = 1000
_FARTHEST = 1e6  # pixels
_FARTHEST_BODY = 1e4  # meters
_LARGEST_ANGLE = 10.0  # radians

Point = tuple[float, float]
Vector = tuple[float, ...]  # of three numbers


class LiveBody(NamedTuple):
    """A person's pose, with the mean shape of the free body, in a world with z up and the floor at z = 0.

    Attributes:
        poses: 24 axis-angle rotations, that of the pelvis from the axes of the body to those of the world.
        pelvis: position of the pelvis, meters.
    """

    poses: tuple[Vector, ...]
    pelvis: Vector


@dataclass(frozen=True)
class Preview:
    """The people in one frame of a video.

    Attributes:
        frame: number of the frame in the video.
        width, height: of the video, pixels.
        people: COCO's 17 keypoints of each person, x and y in pixels, by the number of the person's track.
        time: when the image arrived, seconds of the system's clock; None if it is not live.
        bodies: of people who are followed live, by the same numbers.
    """

    frame: int
    width: int
    height: int
    people: dict[int, tuple[Point, ...]]
    time: float | None = None
    bodies: dict[int, LiveBody] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        people = []
        for track, points in self.people.items():
            person: dict[str, Any] = {"track": track, "points": [[round(x, 1), round(y, 1)] for x, y in points]}
            if track in self.bodies:
                poses, pelvis = self.bodies[track]
                person["poses"] = [[round(angle, 4) for angle in joint] for joint in poses]
                person["pelvis"] = [round(value, 4) for value in pelvis]
            people.append(person)
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
        people = {int(person["track"]): _points(person["points"]) for person in values["people"]}
        bodies = {int(person["track"]): _body(person) for person in values["people"] if "poses" in person}
        return cls(frame, width, height, people, time, bodies)


def _points(values: Any) -> tuple[Point, ...]:
    points = tuple((float(x), float(y)) for x, y in values)
    if len(points) != NUM_POINTS or not all(math.isfinite(c) and abs(c) <= _FARTHEST for xy in points for c in xy):
        raise ValueError("not the points of a person")
    return points


def _body(person: Mapping[str, Any]) -> LiveBody:
    poses = tuple(_vector(joint, _LARGEST_ANGLE) for joint in person["poses"])
    if len(poses) != NUM_JOINTS:
        raise ValueError("not the pose of a person")
    return LiveBody(poses, _vector(person["pelvis"], _FARTHEST_BODY))


def _vector(values: Any, largest: float) -> Vector:
    vector = tuple(map(float, values))
    if len(vector) != 3 or not all(math.isfinite(value) and abs(value) <= largest for value in vector):
        raise ValueError("not a vector")
    return vector

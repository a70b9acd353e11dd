"""The size of a person, and the distance that goes with it.

A larger person farther away covers the same pixels. So a change of the size moves a person along the line of sight.
"""

from dataclasses import replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import scaled_shape, shape_of_height, translation_for_shape
from tar_core.cleanup.contacts import ORIGIN, sole_points
from tar_core.errors import TarError
from tar_core.motion import Floor, PersonMotion

_MAX_RATIO = 3.0  # of the distances before and after; a person who would have to move further is not on this floor
_LOW_PERCENTILE = 5.0  # of the lowest soles of all frames, of a person whose feet are never in contact


def with_shape(person: PersonMotion, body: BodyData, betas: np.ndarray, camera: np.ndarray = ORIGIN) -> PersonMotion:
    """A person of another shape at the distance from the camera at which the person covers the same pixels.

    Args:
        person: the motion.
        body: the body of the motion.
        betas: [10] the shape.
        camera: [N, 3] or constant [3] position of the camera, meters.
    """
    before = person.betas.astype(np.float64)[None]
    trans = translation_for_shape(person.trans - camera, before, betas, body, body) + camera
    return replace(person, betas=betas, trans=trans)


def scaled_person(person: PersonMotion, body: BodyData, scale: float, camera: np.ndarray = ORIGIN) -> PersonMotion:
    """A person of another size who covers the same pixels.

    Args:
        person: the motion.
        body: the body of the motion.
        scale: ratio of the sizes; reached only approximately, as shapes are limited.
        camera: [N, 3] or constant [3] position of the camera, meters.
    """
    betas, _ = scaled_shape(body, person.betas.astype(np.float64), scale)
    return with_shape(person, body, betas, camera)


def person_of_height(person: PersonMotion, body: BodyData, height: float, camera: np.ndarray = ORIGIN) -> PersonMotion:
    """A person of a height in meters who covers the same pixels; for the other arguments see `with_shape`."""
    return with_shape(person, body, shape_of_height(body, person.betas.astype(np.float64), height), camera)


def stand_on_floor(
    person: PersonMotion,
    body: BodyData,
    floor: Floor,
    contacts: np.ndarray,
    camera: np.ndarray = ORIGIN,
    keep_size: bool = False,
) -> PersonMotion:
    """Move a person along the lines of sight by one factor, so that the standing feet touch the floor.

    Args:
        person: the motion.
        body: the body of the motion.
        floor: the floor.
        contacts: [N, 2] bool; frames in which the feet are in contact.
        camera: [N, 3] or constant [3] position of the camera, meters.
        keep_size: keep the size of the body: only the feet stay at their pixels. Otherwise the size changes with the
            distance, and the whole person covers the same pixels.

    Raises:
        TarError: the lines of sight do not meet the floor, or only far away.
    """
    soles = sole_points(person, body).reshape(len(person), 2, 2, 3)
    lowest = floor.heights(soles).min(2)  # [N, 2] of each foot
    standing = contacts.any(1)
    height = np.where(contacts | ~standing[:, None], lowest, np.inf).min(1)
    above = floor.heights(np.broadcast_to(camera, (len(person), 3)))  # of the camera
    below = above - height
    frames = standing if standing.any() else height <= np.percentile(height, _LOW_PERCENTILE)
    ratio = float(np.median((above / np.where(below == 0, np.inf, below))[frames]))
    if not 1 / _MAX_RATIO < ratio < _MAX_RATIO:
        raise TarError(
            f"person {person.person_id} cannot stand on the floor: the feet are as high as the camera, or the floor is "
            "far away; correct the floor first"
        )
    if not keep_size:
        return scaled_person(person, body, ratio, camera)
    feet = (soles.mean((1, 2)) - person.trans)[frames].mean(0)  # constant, so that the path stays smooth
    return replace(person, trans=person.trans + (ratio - 1) * (person.trans + feet - camera))

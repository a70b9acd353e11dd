"""Pictures that are one of a numbered sequence, as 3D programs render them."""

import re
from pathlib import Path

_NUMBERED = re.compile(r"(.*?)(\d+)$")


def is_one_of_a_sequence(picture: Path) -> bool:
    """Whether a picture has a number in its name and the one before or after it is in the same folder."""
    match = _NUMBERED.match(picture.stem)
    if match is None:
        return False
    start, digits = match.groups()
    neighbors = (f"{start}{int(digits) + step:0{len(digits)}}{picture.suffix}" for step in (-1, 1))
    return any(picture.with_name(name).is_file() for name in neighbors)

"""SMPL gives out a file each for women, for men and for anybody; from one of them its neighbors are found by name."""

import re
from pathlib import Path

from tar_core.errors import TarError

# As SMPL_FEMALE.npz and basicmodel_f_lbs_10_207_0_v1.1.0.pkl say it.
_WORDS = {"neutral": ("neutral",), "female": ("female", "f"), "male": ("male", "m")}
_BREAK = re.compile(r"([^A-Za-z]+)")


def body_of_gender(path: Path, gender: str) -> Path:
    """The body file of a gender (neutral, female or male) beside another one, or that one itself.

    Raises:
        TarError: the file's name tells no gender, or its neighbor is not there.
    """
    parts = _BREAK.split(path.stem)
    places = [place for place, part in enumerate(parts) if any(part.lower() in words for words in _WORDS.values())]
    if not places:
        raise TarError(f"{path.name}: its name tells no gender, so no other is looked for; choose As the File")
    if parts[places[0]].lower() in _WORDS[gender]:
        return path
    names = {_named(parts, places[0], word).lower() for word in _WORDS[gender]}
    for neighbor in sorted(path.parent.iterdir()):
        if neighbor.suffix.lower() in (".npz", ".pkl") and neighbor.stem.lower() in names:
            return neighbor
    wanted = _named(parts, places[0], _WORDS[gender][0].upper() if parts[places[0]].isupper() else _WORDS[gender][0])
    raise TarError(f"{path.parent}: no {wanted} beside {path.name}; put it there, or choose another gender under Body")


def _named(parts: list[str], place: int, word: str) -> str:
    return "".join([*parts[:place], word, *parts[place + 1 :]])

"""Find the SMPL body file of another gender by its file name.

SMPL comes as one file each for female, male and neutral bodies.
"""

import re
from pathlib import Path

from tar_core.errors import TarError

# Words for each gender in file names such as SMPL_FEMALE.npz and basicmodel_f_lbs_10_207_0_v1.1.0.pkl.
_WORDS = {"neutral": ("neutral",), "female": ("female", "f"), "male": ("male", "m")}
_SEPARATOR = re.compile(r"([^A-Za-z]+)")


def body_of_gender(path: Path, gender: str) -> Path:
    """Find the body file of a gender in the folder of a given body file.

    Args:
        path: body file of any gender.
        gender: "neutral", "female" or "male".

    Returns:
        The file of that gender; `path` if it is that file.

    Raises:
        TarError: the file name has no gender, or the file of the other gender is missing.
    """
    parts = _SEPARATOR.split(path.stem)
    gendered = [index for index, part in enumerate(parts) if any(part.lower() in words for words in _WORDS.values())]
    if not gendered:
        raise TarError(
            f"{path.name}: the file name has no gender, so the file of another gender cannot be found; name it as SMPL"
            " does, or use the file as it is"
        )
    index = gendered[0]
    if parts[index].lower() in _WORDS[gender]:
        return path
    names = {_with_word(parts, index, word).lower() for word in _WORDS[gender]}
    for neighbor in sorted(path.parent.iterdir()):
        if neighbor.suffix.lower() in (".npz", ".pkl") and neighbor.stem.lower() in names:
            return neighbor
    word = _WORDS[gender][0]
    wanted = _with_word(parts, index, word.upper() if parts[index].isupper() else word)
    raise TarError(f"{path.parent}: no {wanted} beside {path.name}; put it there, or choose another gender")


def _with_word(parts: list[str], index: int, word: str) -> str:
    return "".join([*parts[:index], word, *parts[index + 1 :]])

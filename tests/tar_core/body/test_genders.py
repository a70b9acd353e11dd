"""Finding the body file of another gender by its name."""

from pathlib import Path

import pytest

from tar_core.body.genders import body_of_gender
from tar_core.errors import TarError


@pytest.mark.parametrize(
    "names",
    [
        {"neutral": "SMPL_NEUTRAL.npz", "female": "SMPL_FEMALE.npz", "male": "SMPL_MALE.pkl"},
        # The names on SMPL's website.
        {
            "neutral": "basicModel_neutral_lbs_10_207_0_v1.0.0.pkl",
            "female": "basicModel_f_lbs_10_207_0_v1.0.0.pkl",
            "male": "basicmodel_m_lbs_10_207_0_v1.0.0.pkl",
        },
    ],
)
def test_each_file_leads_to_those_of_the_other_genders(names: dict[str, str], tmp_path: Path) -> None:
    for name in names.values():
        (tmp_path / name).touch()
    for name in names.values():
        assert {gender: body_of_gender(tmp_path / name, gender).name for gender in names} == names


def test_missing_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "SMPL_MALE.npz").touch()
    with pytest.raises(TarError, match="no SMPL_FEMALE beside SMPL_MALE.npz; put it there"):
        body_of_gender(tmp_path / "SMPL_MALE.npz", "female")


def test_file_name_without_gender_is_reported(tmp_path: Path) -> None:
    with pytest.raises(TarError, match=r"mine\.npz: the file name has no gender"):
        body_of_gender(tmp_path / "mine.npz", "male")

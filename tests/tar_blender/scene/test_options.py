"""Import options and the records of older versions."""

import pytest

from tar_blender.scene.options import ImportOptions
from tar_core.errors import TarError


def test_records_of_the_first_version_are_read() -> None:
    record = {
        "start_frame": 5,
        "smoothing": 0.5,
        "keep_balance": True,
        "plant_feet": 0.0,
        "on_ground": True,
        "focal": 1400.0,
        "with_body": False,
        "keep_frame_rate": True,
        "match_resolution": True,
        "show_video": False,
        "background_opacity": 1.0,
        "camera": None,
    }
    assert ImportOptions.from_json(record) == ImportOptions(
        start_frame=5,
        smoothing=0.5,
        foot_locking=0.0,
        focal_length=1400.0,
        figure="armature",
        timing="scene",
        show_video=False,
    )


def test_options_survive_a_record() -> None:
    options = ImportOptions(start_frame=7, camera="Mine", timing="scene", lean_correction=False)
    assert ImportOptions.from_json(options.to_json()) == options
    assert ImportOptions().to_json() == {}


def test_records_with_unknown_options_are_errors() -> None:
    with pytest.raises(TarError, match="unknown options: toes"):
        ImportOptions.from_json({"toes": True})

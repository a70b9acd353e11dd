"""The text and the JSON of the plausibility report."""

import re
from dataclasses import replace

import numpy as np

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.cleanup.plausibility import kinematics_of_clip
from tar_core.cleanup.plausibility_report import report_json, report_lines
from tests.support.standing import BODY, jump, moved

FIGURES = ["root_speed_p99", "accel_p99", "slide_mm", "under_floor_percent", "floating_percent", "flight_off", "jitter"]


def test_report_has_a_block_per_person_and_a_last_line_of_figures() -> None:
    people = {1: kinematics_of_clip(moved(), BODY)[1], 7: kinematics_of_clip(moved(up=0.2), BODY)[1]}
    lines = report_lines(people)
    heads = [line for line in lines if line.startswith("person")]
    assert heads[0] == "person 1, frames 0 to 59: nothing to check"
    assert heads[1].startswith("person 7, frames 0 to 59: body ") and heads[1].endswith("floor in 100 % of frames")
    assert any(re.fullmatch(r"  check frames 0 to 59: body \d+ mm above the floor", line) for line in lines)
    name, *figures = lines[-1].split()
    assert name == "FIGURE_CHECK" and [figure.split("=")[0] for figure in figures] == FIGURES
    assert "floating_percent=50.0" in figures


def test_report_names_free_flight() -> None:
    flying = report_lines(kinematics_of_clip(moved(up=jump(3.0, 1.0)), BODY))
    assert any("free flight: vertical acceleration -3.0 m/s^2" in line for line in flying)
    assert "  no free flight" in report_lines(kinematics_of_clip(moved(), BODY))


def test_report_of_an_unknown_floor() -> None:
    clip = replace(moved(), camera_trajectory=CameraTrajectory(0, np.zeros((60, 3)), world=np.eye(4)))
    lines = report_lines(kinematics_of_clip(clip, BODY))
    assert "  floor unknown" in lines and not any("below the floor" in line for line in lines)


def test_json_has_the_people_and_all_together() -> None:
    values = report_json(kinematics_of_clip(moved(up=0.2), BODY))
    (person,) = values["people"]
    assert person["person"] == 1 and person["floating_percent"] == values["all"]["floating_percent"] == 100
    assert person["ranges"][0]["first"] == 0

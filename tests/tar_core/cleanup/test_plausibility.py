"""Plausible and implausible motion: every check with known values."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.cleanup.plausibility import Percentiles, Plausibility, kinematics_of_clip, plausibility_of, sustained
from tar_core.cleanup.uncertainty import UncertainRange
from tar_core.motion import MotionClip
from tests.support.standing import BODY, FPS, jump, moved

TIME = np.arange(60) / FPS


def report(clip: MotionClip) -> Plausibility:
    return plausibility_of(list(kinematics_of_clip(clip, BODY).values()))


def test_a_person_who_stands_still_is_plausible() -> None:
    still = report(moved())
    assert still.summary == "nothing to check" and still.ranges == ()
    assert still.root_speed_p99 == pytest.approx(0, abs=1e-3)
    assert (still.under_floor_percent, still.floating_percent, still.flight_off) == (0, 0, 0)


def test_a_jump_that_falls_is_plausible() -> None:
    jumping = report(moved(up=jump(9.81, 0.6)))
    assert jumping.summary == "nothing to check"
    assert jumping.fall == pytest.approx(-9.81, abs=0.05) and jumping.flight_off == 0
    assert jumping.floating_percent == 0, "a jump does not float"


def test_a_jump_that_falls_too_slowly() -> None:
    jumping = report(moved(up=jump(3.0, 1.0)))
    assert jumping.fall == pytest.approx(-3, abs=0.05) and 15 < jumping.flight_off < 30
    assert "falls too slowly (3.0 instead of 9.8 m/s^2)" in jumping.summary
    assert jumping.floating_percent == pytest.approx(100 * jumping.flight_off / 60)


def test_a_person_who_rises_at_constant_speed_does_not_fall() -> None:
    rising = report(moved(up=np.clip((np.arange(60) - 15) / 40, 0, None)))
    assert "is in the air without falling" in rising.summary


def test_feet_slide() -> None:
    slow = report(moved(x=0.15 * TIME))
    assert slow.sliding == pytest.approx(5, abs=0.01) and slow.ranges == ()
    fast = report(moved(away=4 + 0.7 * TIME))  # along the line of sight contacts may be fast
    assert fast.sliding == pytest.approx(700 / 30, abs=0.1)
    assert fast.ranges == (UncertainRange("feet in contact slide at 0.70 m/s", 0, 59),)


def test_feet_below_the_floor() -> None:
    offset = np.where(np.arange(60) < 45, 0.0, -0.05)
    below = report(moved(up=offset))
    assert below.under_floor_percent == pytest.approx(25) and below.deepest == pytest.approx(50, abs=3)
    (found,) = below.ranges
    assert (found.first, found.last) == (45, 59) and found.what.endswith("mm below the floor")
    assert below.summary == f"feet up to {below.deepest:.0f} mm below the floor in 25 % of frames"


def test_body_floats() -> None:
    floating = report(moved(up=0.2))
    assert floating.floating_percent == 100 and floating.hovering == pytest.approx(200, abs=3)
    assert floating.summary == f"body {floating.hovering:.0f} mm above the floor in 100 % of frames"
    assert (floating.ranges[0].first, floating.ranges[0].last) == (0, 59)


def test_root_leaps_towards_the_camera() -> None:
    away = np.interp(np.arange(60), [30, 33], [0.0, -1.0])
    leap = report(moved(away=away))
    assert leap.speed_along.max == pytest.approx(10, abs=0.1)
    assert leap.distance_jump == pytest.approx(100 * np.log(4 / 3), abs=1)
    kinds = {found.what.split(" at ")[0].split(" by ")[0]: found for found in leap.ranges}
    assert {"root leaps towards the camera", "distance jumps"} <= kinds.keys()
    found = kinds["root leaps towards the camera"]
    assert 26 <= found.first <= 30 and 32 <= found.last <= 37
    assert "root leaps towards the camera at 10.0 m/s in frames" in leap.summary
    assert "away from" in report(moved(away=-away)).summary


def test_root_leaps_across_the_line_of_sight() -> None:
    leap = report(moved(x=np.interp(np.arange(60), [30, 33], [0.0, 1.0])))
    assert 9.5 < leap.speed_across.max < 10.1
    assert any(found.what.startswith("root leaps across the line of sight at ") for found in leap.ranges)


def test_root_jerks_without_speed() -> None:
    shaking = report(moved(away=0.15 * (np.arange(60) // 3 % 2)))
    assert any(found.what.startswith("root jerks along the line of sight") for found in shaking.ranges)


def test_joints_jitter() -> None:
    clip = moved()
    clip.people[0].poses[:, 3:] = np.random.default_rng(0).normal(0, 0.1, (60, 69))
    shaking = report(clip)
    assert shaking.jitter > 200
    assert any(found.what.startswith("joints jitter") for found in shaking.ranges)


def test_ranges_of_several_people_are_in_order_of_time() -> None:
    late, early = moved(up=np.where(np.arange(60) < 40, 0.0, -0.1)), moved(up=np.where(np.arange(60) > 20, 0.0, -0.1))
    people = [*kinematics_of_clip(late, BODY).values(), *kinematics_of_clip(early, BODY).values()]
    both = plausibility_of(people)
    firsts = [found.first for found in both.ranges if "below" in found.what]
    assert firsts == sorted(firsts) and len(firsts) == 2
    assert both.under_floor_percent == pytest.approx(100 * 41 / 120)


def test_floor_is_unknown_in_the_world_of_a_camera_trajectory() -> None:
    trajectory = CameraTrajectory(0, np.zeros((60, 3)), world=np.eye(4))
    placed = report(replace(moved(up=0.2), camera_trajectory=trajectory))
    assert np.isnan([placed.under_floor_percent, placed.floating_percent, placed.deepest, placed.fall]).all()
    assert placed.ranges == () and placed.summary == "nothing to check"


def test_json_has_no_nan() -> None:
    values = report(moved()).to_json()
    assert values["fall"] is None and values["hovering"] is None
    assert "NaN" not in json.dumps(values)


def test_percentiles_are_those_of_absolute_values() -> None:
    assert Percentiles.of(np.linspace(-100, 0, 101)) == Percentiles(50, 95, 99, 100)


def test_sustained_is_a_mean_over_half_a_second() -> None:
    values = np.zeros(60)
    values[30] = 15
    assert sustained(values, FPS).max() == pytest.approx(1)
    values[:28] = np.nan
    assert np.isnan(sustained(values, FPS)[:20]).all() and not np.isnan(sustained(values, FPS)[30:]).any()

"""The plausibility report of a clip as text and as JSON."""

import math
from collections.abc import Mapping
from typing import Any

from tar_core.cleanup.kinematics import Kinematics
from tar_core.cleanup.plausibility import Percentiles, Plausibility, plausibility_of


def report_lines(people: Mapping[int, Kinematics]) -> list[str]:
    """One block of lines for each person, then one line with the figures over all people.

    Args:
        people: the kinematics by the number of the person; at least one.
    """
    blocks = [_person_lines(number, person, plausibility_of([person])) for number, person in people.items()]
    return [line for block in blocks for line in block] + [figure_line(plausibility_of(list(people.values())))]


def report_json(people: Mapping[int, Kinematics]) -> dict[str, Any]:
    """The report as JSON values: one for each person, and one over all people."""
    reports = [{"person": number, **plausibility_of([person]).to_json()} for number, person in people.items()]
    return {"people": reports, "all": plausibility_of(list(people.values())).to_json()}


def figure_line(report: Plausibility) -> str:
    """The figures of a report in one line, for scripts."""
    return (
        f"FIGURE_CHECK root_speed_p99={report.root_speed_p99:.2f} accel_p99={report.acceleration_p99:.1f} "
        f"slide_mm={report.sliding:.1f} under_floor_percent={report.under_floor_percent:.1f} "
        f"floating_percent={report.floating_percent:.1f} flight_off={report.flight_off} jitter={report.jitter:.1f}"
    )


def _person_lines(number: int, person: Kinematics, report: Plausibility) -> list[str]:
    return [
        f"person {number}, frames {person.frames[0]} to {person.frames[-1]}: {report.summary}",
        f"  {'':48}{'50 %':>8}{'95 %':>8}{'99 %':>8}{'max':>8}",
        _row("root speed along the line of sight, m/s", report.speed_along),
        _row("root speed across the line of sight, m/s", report.speed_across),
        _row("root acceleration along, m/s^2", report.acceleration_along),
        _row("root acceleration across, m/s^2", report.acceleration_across),
        f"  feet in contact slide by {report.sliding:.1f} mm in 1/30 s",
        *_floor_lines(report),
        f"  jitter {report.jitter:.1f} (10 m/s^3)",
        f"  largest change of the distance that the image does not support: {report.distance_jump:.1f} % in 0.1 s",
        *(f"  check frames {found.first} to {found.last}: {found.what}" for found in report.ranges),
    ]


def _floor_lines(report: Plausibility) -> list[str]:
    if math.isnan(report.under_floor_percent):
        return ["  floor unknown"]
    hovering = "" if math.isnan(report.hovering) else f", at {report.hovering:.0f} mm (median)"
    fall = f"vertical acceleration {report.fall:.1f} m/s^2 (median), {report.flight_off} frames do not fall"
    return [
        f"  feet below the floor in {report.under_floor_percent:.0f} % of the frames, at most {report.deepest:.0f} mm",
        f"  body above the floor in {report.floating_percent:.0f} % of the frames{hovering}",
        "  no free flight" if math.isnan(report.fall) else f"  free flight: {fall}",
    ]


def _row(name: str, values: Percentiles) -> str:
    return f"  {name:48}{values.p50:8.2f}{values.p95:8.2f}{values.p99:8.2f}{values.max:8.2f}"

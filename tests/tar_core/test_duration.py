import pytest

from tar_core.duration import format_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (3.4, "0:03"), (59.6, "1:00"), (65, "1:05"), (3600, "1:00:00"), (7265, "2:01:05")],
)
def test_durations_are_formatted(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(65.204, "1:05.20"), (59.999, "1:00.00"), (0.05, "0:00.05"), (3661.5, "1:01:01.50")]
)
def test_times_in_a_video_have_hundredths(seconds: float, text: str) -> None:
    assert format_duration(seconds, decimals=2) == text

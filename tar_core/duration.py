"""Durations as text."""


def format_duration(seconds: float) -> str:
    """Format seconds as minutes and seconds, e.g. 1:05, or as hours, minutes and seconds, e.g. 2:01:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

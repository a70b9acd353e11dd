"""Durations, and times in a video, as text."""


def format_duration(seconds: float, decimals: int = 0) -> str:
    """Format seconds as minutes and seconds, e.g. 1:05, or as hours, minutes and seconds, e.g. 2:01:05.

    Args:
        seconds: rounded to `decimals`, e.g. 1:05.20 for two.
    """
    whole, fraction = divmod(round(seconds * 10**decimals), 10**decimals)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{text}.{fraction:0{decimals}}" if decimals else text

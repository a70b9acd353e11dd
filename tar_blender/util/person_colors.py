"""One color for each person: of the body in the scene, and of the skeleton in the preview of an import."""

Color = tuple[float, float, float, float]

_COLORS: dict[str, Color] = {  # sRGB
    "Orange": (1.0, 0.55, 0.1, 1.0),
    "Blue": (0.3, 0.75, 1.0, 1.0),
    "Green": (0.5, 0.9, 0.35, 1.0),
    "Pink": (1.0, 0.45, 0.75, 1.0),
    "Yellow": (0.95, 0.85, 0.3, 1.0),
    "Violet": (0.7, 0.6, 1.0, 1.0),
}


def person_color(number: int) -> Color:
    """The color with a number, sRGB: the ID of a person, continued from the people of the clips before."""
    return list(_COLORS.values())[number % len(_COLORS)]


def color_name(number: int) -> str:
    """The name of that color."""
    return list(_COLORS)[number % len(_COLORS)]

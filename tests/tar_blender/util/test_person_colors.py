"""Colors of people."""

from tar_blender.util.person_colors import color_name, person_color


def test_the_first_six_people_have_different_colors() -> None:
    assert len({person_color(number) for number in range(6)}) == len({color_name(number) for number in range(6)}) == 6
    assert person_color(7) == person_color(1)

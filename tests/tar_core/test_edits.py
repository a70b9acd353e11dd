"""Edits of people: ranges of contacts, their JSON form, and hostile files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.body.data import load_body
from tar_core.body.shape import body_height
from tar_core.cli import main
from tar_core.edits import EFFECTORS, ContactRange, PersonEdits, load_edits, parse_height, with_heights
from tar_core.errors import TarError
from tar_core.shot_files import load_shots
from tests.support.clips import make_clip, make_person

ranges = st.tuples(
    st.sampled_from(EFFECTORS), st.integers(0, 30), st.integers(0, 12), st.sampled_from([True, False, None])
).map(lambda values: (values[0], values[1], values[1] + values[2], values[3]))


@given(st.lists(ranges, max_size=12))
def test_the_last_edit_of_a_frame_counts(changes: list[Any]) -> None:
    edits, expected = PersonEdits(), np.zeros((50, 4), int)
    for effector, first, last, in_contact in changes:
        edits = edits.with_contact(effector, first, last, in_contact)
        expected[first : last + 1, EFFECTORS.index(effector)] = {True: 1, False: -1, None: 0}[in_contact]
    np.testing.assert_array_equal(edits.contact_marks(np.arange(50)), expected)
    assert PersonEdits.from_json(json.loads(json.dumps(edits.to_json()))) == edits


def test_adjacent_ranges_are_joined() -> None:
    edits = PersonEdits().with_contact("left_foot", 3, 5, True).with_contact("left_foot", 6, 9, True)
    assert edits.contacts == (ContactRange("left_foot", 3, 9, True),)


def test_json_has_only_what_was_edited() -> None:
    assert PersonEdits().to_json() == {}
    edits = PersonEdits(1.78, True).with_contact("right_foot", 4, 8, False)
    assert edits.to_json() == {
        "height": 1.78,
        "on_floor": True,
        "contacts": [{"foot": "right", "first": 4, "last": 8, "in_contact": False}],
    }


def test_contacts_of_hands_are_written_beside_those_of_feet() -> None:
    edits = PersonEdits().with_contact("left_hand", 4, 8, True)
    assert edits.to_json() == {"contacts": [{"hand": "left", "first": 4, "last": 8, "in_contact": True}]}
    assert edits.contact_marks(np.arange(10)).any(0).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {"size": 1.8},
        {"height": "tall"},
        {"height": True},
        {"height": 18.0},
        {"height": float("nan")},
        {"on_floor": 1},
        {"contacts": {}},
        {"contacts": [{"foot": "left", "first": 1, "last": 2}]},
        {"contacts": [{"hand": "middle", "first": 1, "last": 2, "in_contact": True}]},
        {"contacts": [{"foot": "left", "hand": "right", "first": 1, "last": 2, "in_contact": True}]},
        {"contacts": [{"foot": "left", "first": 3, "last": 2, "in_contact": True}]},
        {"contacts": [{"foot": "left", "first": -3, "last": 2, "in_contact": True}]},
        {"contacts": [{"foot": "left", "first": 3, "last": 2**40, "in_contact": True}]},
        {"contacts": [{"foot": "left", "first": 0, "last": 1, "in_contact": True}] * 1001},
    ],
)
def test_other_forms_are_refused(values: Any) -> None:
    with pytest.raises(TarError):
        PersonEdits.from_json(values)


def test_edits_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "edits.json"
    path.write_text('{"2": {"height": 1.8}}')
    assert load_edits(path) == {2: PersonEdits(1.8)}
    for text in ("{", "[1]", '{"Anna": {}}', '{"1": {"height": 900}}'):
        path.write_text(text)
        with pytest.raises(TarError, match="edits.json"):
            load_edits(path)
    with pytest.raises(TarError, match="check the path"):
        load_edits(tmp_path / "missing.json")


def test_known_heights_are_added_to_edits() -> None:
    assert parse_height("2=178") == (2, 1.78)
    edits = with_heights({1: PersonEdits(on_floor=True)}, [(1, 1.7), (2, 1.8)], [1, 2])
    assert edits == {1: PersonEdits(1.7, True), 2: PersonEdits(1.8)}
    with pytest.raises(TarError, match="no person 3; the file contains the people 1, 2"):
        with_heights({}, [(3, 1.8)], [2, 1])
    with pytest.raises(ValueError):
        parse_height("178")


def test_known_heights_and_edits_are_applied(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    raw, output, edits = tmp_path / "raw.npz", tmp_path / "out.npz", tmp_path / "edits.json"
    clip = make_clip([make_person(1)])
    clip.people[0].trans[:, 2] += 5
    clip.save(raw)
    (before,) = load_shots(raw)
    person = before.people[0].person_id
    plain = ["--smoothing", "0", "--no-depth-correction", "--foot-locking", "0"]
    assert main(["cleanup", str(raw), "-o", str(output), *plain, "--height", f"{person}=185"]) == 0
    known = load_shots(output)[0].people[0]
    assert body_height(load_body(), known.betas) == pytest.approx(1.85, abs=0.001)
    assert known.trans[0, 2] != before.people[0].trans[0, 2]
    edits.write_text(f'{{"{person}": {{"height": 3}}}}')
    for arguments, message in (
        (["--edits", str(edits)], "50 to 250 cm"),
        (["--height", "77=180"], "there is no person 77"),
    ):
        assert main(["cleanup", str(raw), "-o", str(output), *arguments]) == 2
        assert message in capsys.readouterr().err

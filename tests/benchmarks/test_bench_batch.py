from dataclasses import replace

import numpy as np
import pytest

from benchmarks.bench_batch import seam_distance
from tests.support.clips import synthetic_clip


def test_seams_do_not_count() -> None:
    clip = synthetic_clip(frames=120)
    person = clip.people[0]
    trans = person.trans.copy()
    trans[55:65] += [0, 0, 1.0]
    trans[100, 2] += 0.25
    other = replace(clip, people=[replace(person, trans=trans)])
    largest, median = seam_distance(clip, other, [60])
    assert largest == pytest.approx(0.25, abs=1e-5) and median == 0
    assert np.isclose(seam_distance(clip, other, [100])[0], 1.0, atol=1e-5)

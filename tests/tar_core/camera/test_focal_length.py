"""The belief about the focal length: the prior, cues that may mislead, and the stated error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from tar_core.camera.focal_length import (
    LENS_MEDIAN,
    LENS_SPREAD,
    LOG_RATIOS,
    UNUSUAL_SHARE,
    UNUSUAL_SPREAD,
    FocalLengthBelief,
)


def test_lenses_have_the_stated_median_and_some_are_unusual() -> None:
    belief = FocalLengthBelief.of_lenses()
    assert np.exp(belief.log_ratio) == pytest.approx(LENS_MEDIAN, rel=0.01)
    assert LENS_SPREAD < belief.error < 1.3 * LENS_SPREAD
    long = belief.probabilities[belief.log_ratio + 2.5 * LENS_SPREAD < LOG_RATIOS].sum()
    assert long == pytest.approx(UNUSUAL_SHARE * norm.sf(2.5 * LENS_SPREAD / UNUSUAL_SPREAD), abs=0.015)


@given(st.floats(0.5, 1.1), st.floats(0.03, 0.5))
def test_a_cue_that_never_misleads_gives_the_product_of_normal_distributions(ratio: float, error: float) -> None:
    before = FocalLengthBelief.of_anything().with_measurement(np.log(LENS_MEDIAN), LENS_SPREAD, misleading=0)
    belief = before.with_measurement(np.log(ratio), error, misleading=0)
    precision = np.array([LENS_SPREAD, error]) ** -2.0
    assert belief.log_ratio == pytest.approx(np.log([LENS_MEDIAN, ratio]) @ precision / precision.sum(), abs=0.01)
    assert belief.error == pytest.approx(precision.sum() ** -0.5, rel=0.05)


@given(st.floats(0.4, 2.4), st.floats(0.02, 0.5))
def test_a_cue_that_always_misleads_changes_nothing(ratio: float, error: float) -> None:
    before = FocalLengthBelief.of_lenses()
    after = before.with_measurement(np.log(ratio), error, misleading=1)
    np.testing.assert_allclose(after.probabilities, before.probabilities, atol=1e-12)


def test_a_cue_far_from_all_lenses_is_not_believed_and_a_near_one_is() -> None:
    lenses = FocalLengthBelief.of_lenses()
    near, far = (lenses.with_measurement(np.log(ratio), 0.03, misleading=0.1) for ratio in (0.8, 2.3))
    assert near.log_ratio == pytest.approx(np.log(0.8), abs=0.01) and near.error < 0.08
    assert far.log_ratio < np.log(1.0) and far.error > 0.25
    assert lenses.with_measurement(np.log(2.3), 0.03, misleading=0.01).log_ratio == pytest.approx(np.log(2.3), abs=0.03)


def test_the_stated_error_contains_two_values_of_three() -> None:
    belief = FocalLengthBelief.of_anything().with_measurement(np.log(0.9), 0.1, misleading=0)
    drawn = np.random.default_rng(0).choice(LOG_RATIOS, 20000, p=belief.probabilities)
    assert np.mean(np.abs(drawn - belief.log_ratio) < belief.error) == pytest.approx(0.683, abs=0.02)

"""Curves are read at given times by one rule, whatever their height begins with."""

import numpy as np
import pandas as pd
import pytest

from analysis_lib.models.survival.curve_reading import heights_at


@pytest.mark.parametrize("before", [0.0, 1.0])
def test_a_curve_holds_its_height_from_a_step_to_the_next_and_is_unknown_after_the_last(before: float) -> None:
    curve = pd.DataFrame({"time": [2.0, 5.0], "height": [0.4, 0.3], "se": [0.1, 0.2]})
    read = heights_at(curve, np.array([0.0, 1.9, 2.0, 4.9, 5.0, 5.1]), before=before, names=("height", "se"))
    assert list(read) == ["height", "se", "time"]
    np.testing.assert_array_equal(read["height"], [before, before, 0.4, 0.4, 0.3, np.nan])
    np.testing.assert_array_equal(read["se"], [0.0, 0.0, 0.1, 0.1, 0.2, np.nan])

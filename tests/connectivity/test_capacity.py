"""What patches hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bocage.connectivity.capacity import look_up_capacity, raise_area, sum_class_areas, weigh_classes
from bocage.errors import DataError

SHAPE = (5, 7)


@given(
    arrays(np.int32, SHAPE, elements=st.integers(0, 3)),
    arrays(np.uint8, SHAPE, elements=st.sampled_from([5, 40, 41, 255])),
    st.permutations([255, 5, 41]),
)
@settings(max_examples=40, deadline=None)
def test_areas_of_classes_are_counts_of_cells(patches: np.ndarray, codes: np.ndarray, classes: list) -> None:
    """By the definition, patch by patch and class by class; classes not asked count nowhere."""
    areas = sum_class_areas(patches, codes, classes, count=4, cell=50)
    for patch in range(4):
        for column, code in enumerate(classes):
            assert areas[patch, column] == 0.25 * ((patches == patch + 1) & (codes == code)).sum()


def test_weights_make_one_capacity_of_the_classes() -> None:
    """Hand-worked: 2 ha at 1 and 4 ha at a half are 4."""
    assert weigh_classes([[2, 4]], [7, 8], {7: 1, 8: 0.5, 9: 3}).tolist() == [4]


def test_bad_capacities_are_refused_with_their_ids() -> None:
    """One sentence each."""
    patches = np.array([[1, 2]], np.int32)
    for call, words in (
        (lambda: raise_area([1, -1]), r"1 area\(s\) are negative"),
        (lambda: raise_area([1], -1), "power of areas is -1"),
        (lambda: weigh_classes([[1]], [31], {}), r"have no weight \(31\)"),
        (lambda: weigh_classes([[1]], [31], {31: -1}), "31 is negative"),
        (lambda: look_up_capacity(["a", "b"], {"a": 1}), r"not in the table of capacities \(b\)"),
        (lambda: look_up_capacity(["a"], {"a": -1}), r"negative or no number \(a\)"),
        (lambda: sum_class_areas(patches, patches, [1, 1], count=2, cell=1), "Class 1 is asked twice"),
        (lambda: sum_class_areas(patches, patches, [1], count=1, cell=1), "Patch number 2 is above"),
        (lambda: sum_class_areas(patches, patches[:, :1], [1], count=2, cell=1), "have shape"),
    ):
        with pytest.raises(DataError, match=words):
            call()

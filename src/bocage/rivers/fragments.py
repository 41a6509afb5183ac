"""Free-flowing parts of rivers: fragments between works, and how far it is to the next works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.rivers.tree import Floats, RiverTree


@dataclass(frozen=True)
class Fragments:
    """Parts of a river between works, within which all moves freely.

    Attributes
    ----------
    label : (n,) array of int32
        Fragment of each reach.
    lowest : (fragments,) array of int32
        Lowest reach of each; fragments are numbered by its rising index.
    length : (fragments,) array of float64
        Of all their branches [m].
    weight : (fragments,) array of float64
    count : (fragments,) array of int64
        Reaches.
    stretch : (fragments,) array of float64
        The longest single way up from the lower end of each [m].
    longest : int
        Fragment of greatest length; the first of equal ones.
    longest_stretch : int
        Fragment that has the longest single way up; the first of equal ones.
    """

    label: NDArray[np.int32]
    lowest: NDArray[np.int32]
    length: Floats
    weight: Floats
    count: NDArray[np.int64]
    stretch: Floats
    longest: int
    longest_stretch: int


@dataclass(frozen=True)
class FreeLengths:
    """How much river is open above and below each reach, up to the next works, a source or the sea.

    Attributes
    ----------
    above : (n,) array of float64
        All branches above the lower end of the reach, own length included [m]: for a reach with works, what
        lies between them and the next ones above.
    longest : (n,) array of float64
        The longest single way up, own length included [m].
    below : (n,) array of float64
        The way down from the upper end, own length included [m].
    """

    above: Floats
    longest: Floats
    below: Floats


def locate_works(tree: RiverTree, *, free_from: float = 1.0) -> NDArray[np.bool_]:
    """Tell at the lower end of which reaches something stands that is not passable enough, either way.

    Parameters
    ----------
    tree : RiverTree
    free_from : float
        Passability from which movement counts as free, in ]0, 1].

    Returns
    -------
    (n,) array of bool

    Raises
    ------
    DataError
        ``free_from`` is out of range.
    """
    if not 0 < free_from <= 1:
        raise DataError(f"free_from is {free_from}; give a passability above 0 and up to 1.")
    return np.minimum(tree.up, tree.down) < free_from


def find_fragments(tree: RiverTree, works: NDArray[np.bool_] | None = None) -> Fragments:
    """Find the fragments of a river between works.

    Parameters
    ----------
    tree : RiverTree
    works : (n,) array of bool or None
        Whether works stand at the lower end of each reach; None for where the river is not wholly passable
        (``locate_works``).

    Returns
    -------
    Fragments

    Raises
    ------
    DataError
        There is no reach, or ``works`` does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> tree = RiverTree(np.array([-1, 0, 0], np.int32), np.ones(3), np.array([1e3, 2e3, 4e3]),
    ...                  np.array([1.0, 0.5, 1.0]), np.ones(3))
    >>> found = find_fragments(tree)
    >>> found.label.tolist(), found.length.tolist(), found.longest
    ([0, 1, 0], [5000.0, 2000.0], 0)
    """
    from bocage.kernels.rivers import label_fragments, measure_free_lengths

    if not len(tree.downstream):
        raise DataError("The river has no reach; give one at least.")
    works = _check_works(tree, works)
    own = label_fragments(tree.order, tree.downstream, works)
    lowest, label = np.unique(own, return_inverse=True)
    parts = len(lowest)
    length = np.bincount(label, weights=tree.length, minlength=parts).astype(np.float64)
    stretch = measure_free_lengths(tree.order, tree.downstream, works, tree.length)[1][lowest]
    return Fragments(
        label.astype(np.int32),
        lowest.astype(np.int32),
        length,
        np.bincount(label, weights=tree.weight, minlength=parts).astype(np.float64),
        np.bincount(label, minlength=parts).astype(np.int64),
        stretch,
        int(np.argmax(length)),
        int(np.argmax(stretch)),
    )


def measure_to_works(tree: RiverTree, works: NDArray[np.bool_] | None = None) -> FreeLengths:
    """Measure how much river is open above and below each reach, up to the next works.

    Parameters
    ----------
    tree : RiverTree
    works : (n,) array of bool or None
        As in ``find_fragments``.

    Returns
    -------
    FreeLengths

    Raises
    ------
    DataError
        ``works`` does not fit.
    """
    from bocage.kernels.rivers import measure_free_lengths

    lengths = measure_free_lengths(tree.order, tree.downstream, _check_works(tree, works), tree.length)
    return FreeLengths(*lengths)


def _check_works(tree: RiverTree, works: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Give where works stand, checked."""
    if works is None:
        return locate_works(tree)
    if works.shape != tree.downstream.shape or works.dtype != np.bool_:
        raise DataError(
            f"works has shape {works.shape} and type {works.dtype}; "
            f"one bool a reach was expected, {tree.downstream.shape}."
        )
    return works

"""Sparse factors of grounded Laplacians."""

from __future__ import annotations

from typing import Any


def factorise_laplacian(matrix: Any) -> Any:
    """Factorise a grounded Laplacian: symmetric, its diagonal no less than the rest of its row in all.

    Parameters
    ----------
    matrix : scipy.sparse.csc_matrix or csc_array
        (n, n), n > 0.

    Returns
    -------
    scipy.sparse.linalg.SuperLU
        With a symmetric minimum-degree order and no pivoting, which an M-matrix does not need.

    Raises
    ------
    RuntimeError
        The matrix is singular: a part of it has no ground.
    MemoryError
        The factors do not fit.

    Examples
    --------
    >>> from scipy.sparse import csc_array
    >>> factorise_laplacian(csc_array([[2.0, -1.0], [-1.0, 1.0]])).solve(__import__("numpy").ones(2)).tolist()
    [2.0, 3.0]
    """
    from scipy.sparse.linalg import splu

    return splu(
        matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )  # fmt: skip

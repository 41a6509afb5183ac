"""Currents of a circuit from its potentials."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def measure_flows(start, end, conductance, voltage, leak, current):
    """Measure the current through each node: the larger of what comes in and what goes out.

    Parameters
    ----------
    start, end : (nlinks,) array of int64
    conductance : (nlinks,) array of float64
    voltage : (count,) array of float64
    leak : (count,) array of float64
        Conductance to the ground; empty where there is none.
    current : (count,) array of float64
        Filled with the result. 8 bytes a node are needed beside.
    """
    count = voltage.size
    into = np.zeros(count)
    for node in range(count):
        current[node] = 0.0
    for link in range(start.size):
        one, other = start[link], end[link]
        flow = conductance[link] * (voltage[one] - voltage[other])
        if flow > 0:
            current[one] += flow
            into[other] += flow
        else:
            current[other] -= flow
            into[one] -= flow
    if leak.size:
        for node in range(count):
            flow = leak[node] * voltage[node]
            if flow > 0:
                current[node] += flow
            else:
                into[node] -= flow
    for node in range(count):
        if into[node] > current[node]:
            current[node] = into[node]

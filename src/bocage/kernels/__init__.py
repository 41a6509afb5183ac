"""Loops over cells, compiled: arrays in, arrays out; numpy and numba only.

Nothing is imported here, so that ``bocage`` stays quick to start: name the module that is needed.
"""

"""Indices of a network, of patches and links, or of a land cover: what `bocage indices` reads and writes."""

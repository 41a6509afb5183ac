"""Corridors: least-cost links and their ground, dilation-erosion, axes."""

"""Current flow: every path, not only the best one, on rasters and on networks."""

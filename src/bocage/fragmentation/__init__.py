"""How cut up a landscape is: effective mesh size, landscape metrics, and what changed between two dates."""

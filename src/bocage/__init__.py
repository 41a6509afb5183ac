"""bocage: ecological networks from open geodata.

Reservoirs, corridors, obstacles and objectives of a territory, on land and in rivers,
in the national schema, and the map that prints them.
"""

__version__ = "0.1.0"

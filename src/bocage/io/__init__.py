"""Entrées et sorties: vector and raster files, the GeoPackage of a network, its metadata."""

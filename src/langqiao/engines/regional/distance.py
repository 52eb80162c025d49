"""Geodesic distances between places (大地线距离)."""

from __future__ import annotations

import numpy as np

from .types import Array, check_places


def distances(places: Array) -> Array:
    """Distances on the WGS 84 ellipsoid in km, (n, n), diagonal 0 (Karney, J. Geod. 87, 2013).

    Args:
        places: (n, 2), latitude and longitude in degrees.

    Raises:
        BadInput: a place is not on Earth.
    """
    from geographiclib.geodesic import Geodesic

    points = check_places(places, len(places))
    n = len(points)
    km = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1, n):
            line = Geodesic.WGS84.Inverse(*points[i], *points[j], Geodesic.DISTANCE)
            km[i, j] = km[j, i] = line["s12"] / 1000.0
    return km

"""Distances between cities (城市间距离), on the WGS-84 ellipsoid."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Protocol

from geographiclib.geodesic import Geodesic

# Half of the nearness is lost at this distance: about the mean distance between two of the nine
# G60 cities (about 150 km), an hour by high-speed rail.
HALF_NEARNESS_KM = 150.0


class Place(Protocol):
    """Anything with coordinates in degrees (WGS 84)."""

    latitude: float
    longitude: float


@lru_cache(maxsize=4096)
def _geodesic_km(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    solution = Geodesic.WGS84.Inverse(latitude_a, longitude_a, latitude_b, longitude_b, Geodesic.DISTANCE)
    return float(solution["s12"]) / 1000


def distance_km(a: Place, b: Place) -> float:
    """Length of the geodesic between two places (大地线距离), km.

    Source: C. F. F. Karney, "Algorithms for geodesics", J. Geodesy 87 (2013) 43–55; accurate to
    nanometres, so the choice of a city's centre is the only error that counts.
    """
    return _geodesic_km(a.latitude, a.longitude, b.latitude, b.longitude)


def nearness(a: Place | None, b: Place | None) -> float:
    """How near two places are, from 1 (the same place) towards 0: ``2^(−km / 150)``.

    An unknown place is neither near nor far: 0.5.
    """
    if a is None or b is None:
        return 0.5
    return math.exp2(-distance_km(a, b) / HALF_NEARNESS_KM)

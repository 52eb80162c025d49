"""The simulation's loop compiled by numba, for the rules under which it meets nothing but jobs (编译内核).

It does exactly what simulator.py, dispatch.py and displace.py do, on arrays, and a hundred times as fast
where many jobs wait and displace each other. ``carries`` says when; the plain loop does everything else.
"""

from __future__ import annotations

from .bridge import Carrier, carries

__all__ = ["Carrier", "carries"]

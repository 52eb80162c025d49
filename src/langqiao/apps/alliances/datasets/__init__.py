"""Open data of alliances (联盟): each subject registers its own sets."""

from __future__ import annotations

from langqiao.apps.alliances.datasets import alliances, chains, parks


def register() -> None:
    """Offer the data sets of all subjects, once."""
    alliances.register()
    chains.register()
    parks.register()

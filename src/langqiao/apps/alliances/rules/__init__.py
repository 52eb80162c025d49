"""Permissions of alliances (联盟)."""

from langqiao.apps.alliances.rules import alliances, chains, parks

__all__ = ["alliances", "chains", "parks"]

"""Engines: pure Python, typed dataclasses in and out, seeded. Nothing here imports Django."""

"""REST API of campus."""

from ninja import Router

router = Router(tags=["算力 / computing"])

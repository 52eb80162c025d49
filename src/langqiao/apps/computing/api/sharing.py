"""REST API of sharing."""

from ninja import Router

router = Router(tags=["算力 / computing"])

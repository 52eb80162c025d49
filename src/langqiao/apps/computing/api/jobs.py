"""REST API of jobs."""

from ninja import Router

router = Router(tags=["算力 / computing"])

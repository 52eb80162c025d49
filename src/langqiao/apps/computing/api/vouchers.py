"""REST API of vouchers."""

from ninja import Router

router = Router(tags=["算力 / computing"])

"""REST API of calibration and choice (遴选)."""

from ninja import Router

router = Router(tags=["verification"])

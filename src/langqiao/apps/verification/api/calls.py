"""REST API of calls and applications (征集与申报)."""

from ninja import Router

router = Router(tags=["verification"])

"""REST API of the pool of experts and assignments (专家库与分配)."""

from ninja import Router

router = Router(tags=["verification"])

"""REST API of the three services of a centre (概念验证服务)."""

from ninja import Router

router = Router(tags=["verification"])

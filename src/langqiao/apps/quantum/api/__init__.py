"""REST API of the quantum network (量子网络)."""

from ninja import Router

from langqiao.apps.quantum.api import deliveries, network

router = Router()
for _part in (network, deliveries):
    router.add_router("/", _part.router)

"""REST API of the computing centre (智算中心)."""

from ninja import Router

from langqiao.apps.computing.api import campus, jobs, sharing, vouchers

router = Router()
for _part in (campus, sharing, vouchers, jobs):
    router.add_router("/", _part.router)

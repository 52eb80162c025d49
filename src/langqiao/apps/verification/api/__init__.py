"""REST API of concept verification (概念验证)."""

from ninja import Router

from langqiao.apps.verification.api import calls, choosing, reviewing, services, valuation

router = Router()
for _part in (calls, reviewing, choosing, services, valuation):
    router.add_router("/", _part.router)

"""REST API of the think tank (智库)."""

from ninja import Router

from langqiao.apps.insight.api import indicators, reports

router = Router()
for _part in (indicators, reports):
    router.add_router("/", _part.router)

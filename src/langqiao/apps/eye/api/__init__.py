"""REST API of the Eye (科创之眼)."""

from ninja import Router

from langqiao.apps.eye.api import open_data, portal, wall

router = Router()
for _part in (portal, wall, open_data):
    router.add_router("/", _part.router)

"""REST API of alliances (联盟)."""

from ninja import Router

from langqiao.apps.alliances.api import alliances, chains, parks

router = Router()
for _part in (alliances, chains, parks):
    router.add_router("/", _part.router)

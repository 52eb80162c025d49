"""REST API of the joint conference (联席会议)."""

from ninja import Router

router = Router(tags=["conference"])

"""REST API of reviewers, assignment and reviews (评审)."""

from ninja import Router

router = Router(tags=["verification"])

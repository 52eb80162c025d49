"""The posing firm's own chain (上下游): who makes what it needs, and who needs what it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from langqiao.apps.challenges.matching import store
from langqiao.apps.registry.models import Organisation, Product
from langqiao.engines.matching.types import Filters, Hit, Query

if TYPE_CHECKING:
    from langqiao.apps.challenges.matching.panels import Narrow

# A firm's first few products and needs speak for its place in the chain; each costs one search.
READ = 3
PARTNERS = 2


def chain_hits(firm: Organisation, narrow: Narrow) -> list[tuple[Hit, str]]:
    """Products that meet the firm's needs and needs that its products meet, best first, with the role."""
    found: list[tuple[Hit, str]] = []
    for item in firm.products.all()[: 2 * READ]:
        wanted = "need" if item.direction == Product.Direction.PRODUCT else "product"
        filters = Filters(kinds=(wanted,), cities=narrow.cities, fields=narrow.fields)
        result = store.index().search(Query(text=item.description, title=item.name), filters, limit=PARTNERS)
        found += [(hit, _role(item)) for hit in result.hits if hit.score >= store.clear_score(result.total)]
    return sorted(found, key=lambda pair: -pair[0].score)


def _role(item: Product) -> str:
    name = item.name.replace("（示例）", "")
    if item.direction == Product.Direction.NEED:
        return _("可供应所需的%(name)s（上游）") % {"name": name}
    return _("可能采购%(name)s（下游）") % {"name": name}

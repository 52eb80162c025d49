"""What stands behind a chain map: a product's makers, a firm's products and failure, the links of names."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from langqiao.apps.alliances.domain.chains import confirm_link, reject_link
from langqiao.apps.alliances.forms.chains import ConfirmForm, RejectForm
from langqiao.apps.alliances.models.chains import ChainLink
from langqiao.apps.alliances.queries import chains as read
from langqiao.apps.alliances.queries.chains_failure import failure_of
from langqiao.apps.alliances.queries.chains_gaps import chain_partners, registry_partners
from langqiao.apps.alliances.views.chains.maps import choice_of
from langqiao.apps.ledger.queries import readable
from langqiao.kit.acting import Act, actor, do, is_partial
from langqiao.kit.acting import read as read_form
from langqiao.kit.permissions import allowed

MAKERS_SHOWN = 50


@require_safe
def chain_node(request: HttpRequest, pk: int) -> HttpResponse:
    """Who makes a product and how sure that is; what it is made of; who could fill its gap."""
    node = get_object_or_404(read.nodes(request.user), pk=pk)
    choice = choice_of(request)
    makers = read.makers_of(node, request.user, [] if choice.is_all else [c.slug for c in choice.cities])
    context: dict[str, Any] = {
        "node": node,
        "choice": choice,
        "makers": [(made, read.certainty_of(made.link)) for made in makers[:MAKERS_SHOWN]],
        "hidden": max(0, len(makers) - MAKERS_SHOWN),
        "inside": sum(1 for made in makers if made.firm.city_id is not None),
        "may_judge": allowed(request.user, "chains.judge_link", node),
    }
    if is_partial(request):
        return render(request, "alliances/chains/_node.html", context)
    others = [city for city in choice.every if city != choice.home]
    context |= {
        "neighbours": read.neighbours_of(node),
        "partners": chain_partners(node.dataset, node, request.user, cities=others, home=choice.home),
        "registered": registry_partners(node.name, cities=others, home=choice.home),
    }
    return render(request, "alliances/chains/node.html", context)


@require_safe
def chain_firm(request: HttpRequest, pk: int) -> HttpResponse:
    """A firm's products and what would be cut off if it failed."""
    firm = get_object_or_404(read.firms(request.user), pk=pk)
    products = firm.products.select_related("link__node", "link__dataset")
    context = {
        "firm": firm,
        "products": [(made, read.certainty_of(made.link)) for made in products if not made.is_balance],
        "balance": [made for made in products if made.is_balance],
        "failure": failure_of(firm, request.user, nationwide=request.GET.get("scope") == "country"),
        "nationwide": request.GET.get("scope") == "country",
        "supplies": firm.supplies.select_related("customer")[:MAKERS_SHOWN],
        "supplied_by": firm.supplied_by.select_related("supplier")[:MAKERS_SHOWN],
    }
    return render(request, "alliances/chains/firm.html", context)


@require_safe
def chain_link(request: HttpRequest, pk: int) -> HttpResponse:
    """One name: candidates, certainty, who uses it, what was decided."""
    link = get_object_or_404(read.links(request.user), pk=pk)
    context = {
        "link": link,
        "sure": read.certainty_of(link),
        "candidates": read.candidates_of(link),
        "least": read.LEAST_PERCENT,
        "users": link.products.select_related("firm__city")[:MAKERS_SHOWN],
        "may_judge": allowed(request.user, "chains.judge_link", link),
        "confirm": ConfirmForm(initial={"node": link.node.name if link.node else ""}),
        "reject": RejectForm(),
        "entries": readable(request.user).filter(object=f"alliances.chainlink:{link.pk}"),
    }
    return render(request, "alliances/chains/link.html", context)


def _confirm(request: HttpRequest, link: ChainLink) -> str:
    values = read_form(ConfirmForm(request.POST))
    node = read.node_named(link, values["node"])
    confirm_link(actor(request), link, node=node, reason=values["reason"])
    return _("已确认：“%(name)s”归到“%(node)s”。") % {"name": link.name, "node": node.name}


def _reject(request: HttpRequest, link: ChainLink) -> str:
    reject_link(actor(request), link, **read_form(RejectForm(request.POST)))
    return _("已否定“%(name)s”的归类。") % {"name": link.name}


LINK_ACTS: dict[str, Act] = {"confirm": _confirm, "reject": _reject}


@require_POST
def chain_link_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Confirm or reject a link."""
    link = get_object_or_404(read.links(request.user), pk=pk)
    return do(request, LINK_ACTS, act, link, where=link.get_absolute_url())

"""Judging links (核实产品归类): a person confirms or rejects which node a product name means."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.models.chains import ChainDataset, ChainLink, ChainNode
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.signals import acted
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid

REASON_AT_MOST = 500


@transaction.atomic
def confirm_link(
    actor: Any, link: ChainLink, *, node: ChainNode | None = None, reason: str = ""
) -> ChainLink:
    """Confirm that a product name means a node (确认归类): the proposed one, or ``node`` instead.

    Raises:
        NotAllowed: the actor is neither of the office nor of a secretariat.
        Invalid: nothing is proposed and no node is named, or the node is of another data set.
    """
    require(actor, "chains.judge_link", link)
    link = _locked(link)
    meant = node or link.node
    if meant is None:
        raise Invalid(
            _("“%(name)s”还没有候选节点。") % {"name": link.name},
            mend=_("请写明它是哪个产品节点。"),
            field="node",
        )
    if meant.dataset_id != (link.dataset.base_id or link.dataset_id):
        raise Invalid(_("产品节点不在这个数据集里。"), mend=_("请从同一数据集中选择。"), field="node")
    link.node = meant
    return _decide(actor, link, ChainLink.State.CONFIRMED, "confirm_link", reason)


@transaction.atomic
def reject_link(actor: Any, link: ChainLink, *, reason: str) -> ChainLink:
    """Reject a proposed link (否定归类): the name then counts as linked to nothing.

    Raises:
        NotAllowed: the actor is neither of the office nor of a secretariat.
        Invalid: nothing is linked, or no reason is given.
    """
    require(actor, "chains.judge_link", link)
    link = _locked(link)
    if link.node is None:
        raise Invalid(_("“%(name)s”没有归类，无可否定。") % {"name": link.name}, field="node")
    if not reason.strip():
        raise Invalid(_("请写明理由。"), field="reason")
    return _decide(actor, link, ChainLink.State.REJECTED, "reject_link", reason)


def _locked(link: ChainLink) -> ChainLink:
    return ChainLink.objects.select_for_update(of=("self",)).select_related("dataset", "node").get(pk=link.pk)


def _decide(actor: Any, link: ChainLink, state: ChainLink.State, verb: str, reason: str) -> ChainLink:
    link.state, link.reason = state, reason.strip()[:REASON_AT_MOST]
    link.decided_at = timezone.now()
    link.decided_by = actor if getattr(actor, "is_authenticated", False) else None
    link.save(update_fields=["node", "state", "reason", "decided_at", "decided_by"])
    # Graphs in memory are of one revision: the next reader builds anew.
    ChainDataset.objects.filter(pk=link.dataset_id).update(revision=F("revision") + 1)
    assert link.node is not None
    facts: dict[str, Any] = {"state": str(state), "certainty": link.certainty}
    if link.dataset.is_public:
        facts |= {"name": link.name, "node": link.node.name, "reason": link.reason}
    else:
        facts |= {"name_sm3": sm3_hex(link.name.encode()), "node": link.node.name}
    record(
        actor,
        verb,
        link,
        data=facts,
        visibility=Visibility.PUBLIC if link.dataset.is_public else Visibility.PARTIES,
    )
    acted.send(ChainLink, actor=actor, verb=verb, object=link)
    return link

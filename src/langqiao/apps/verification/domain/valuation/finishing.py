"""The end of a valuation (定稿、作废), and the proof that its figures come from its inputs."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.chain import canonical
from langqiao.apps.verification.domain.acts import digest, lock
from langqiao.apps.verification.domain.services.shared import WHY_AT_MOST, text
from langqiao.apps.verification.domain.valuation.shared import enter_valuation, say, step
from langqiao.apps.verification.domain.valuation.studies import study_of
from langqiao.apps.verification.models import Valuation
from langqiao.engines.valuation import Comparison, Receipt, inputs_digest, rerun, result_digest
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused


@transaction.atomic
def finalise_valuation(actor: User | None, valuation: Valuation) -> Valuation:
    """Make a valuation final (定稿): nothing of it changes afterwards, and the ledger holds its digest.

    The study is run once more, so that what is final can be had again from its inputs.

    Raises:
        NotAllowed: the actor works neither for the owner nor for the centre.
        Refused: it is not a draft, its inputs are not complete, or the stored figures are not those
            that the present engine gives.
    """
    require(actor, "verification.keep_valuation", valuation)
    lock(valuation)
    step(valuation, Valuation.State.FINAL)
    if not rerun_valuation(valuation).same:
        raise Refused(_("已存的结果与用现行版本算出的不一致。"), mend=_("请先重新计算，核对后再定稿。"))
    valuation.finalised_at = timezone.now()
    valuation.save(update_fields=["state", "finalised_at", "updated_at"])
    receipt = valuation.receipt
    entry = enter_valuation(
        actor,
        "finalise_valuation",
        valuation,
        data={
            "report_sm3": report_digest(valuation),
            "inputs_sm3": receipt["inputs"],
            "result_sm3": receipt["result"],
            "methods": len(valuation.result["estimates"]),
        },
    )
    say(_("项目 %(case)s 的估值已定稿。"), valuation, entry, but=actor)
    return valuation


@transaction.atomic
def withdraw_valuation(actor: User | None, valuation: Valuation, *, why: str) -> Valuation:
    """Withdraw a valuation (作废); it stays readable for its parties, marked as withdrawn.

    Raises:
        NotAllowed: the actor works neither for the owner nor for the centre.
        Refused: it is withdrawn already.
        Invalid: no reason is given.
    """
    require(actor, "verification.keep_valuation", valuation)
    lock(valuation)
    step(valuation, Valuation.State.WITHDRAWN)
    valuation.why = text(why, field="why", most=WHY_AT_MOST, needed=_("请写明原因。"))
    valuation.save(update_fields=["state", "why", "updated_at"])
    entry = enter_valuation(actor, "withdraw_valuation", valuation, data={"why_sm3": digest(valuation.why)})
    say(_("项目 %(case)s 的估值已作废。"), valuation, entry, but=actor)
    return valuation


def rerun_valuation(valuation: Valuation) -> Comparison:
    """Run the stored study once more and compare with the receipt; nothing is written.

    Raises:
        Refused: the inputs are not complete.
    """
    study = study_of(valuation)
    held = valuation.receipt
    receipt = Receipt(held["inputs"], held["result"], held["seed"], held["draws"], held["versions"])
    found = rerun(study, receipt)
    kept = result_digest(valuation.result) == receipt.result
    return Comparison(found.inputs, found.result and kept, found.versions)


def content_of(valuation: Valuation) -> dict[str, Any]:
    """All that the report states, in the form whose digest the ledger holds.

    Inputs and result stand by digests of what is stored now, so that a change of either shows.
    """
    return {
        "case": valuation.case,
        "title": valuation.title,
        "purpose": valuation.purpose,
        "organisation": valuation.organisation_id,
        "centre": valuation.centre_id,
        "achievement": valuation.achievement_id,
        "valuation_date": valuation.valuation_date.isoformat(),
        "inputs": inputs_digest(study_of(valuation)),
        "result": result_digest(valuation.result),
        "versions": valuation.receipt["versions"],
    }


def report_digest(valuation: Valuation) -> str:
    """SM3 of the report's content.

    Raises:
        Refused: the inputs are not complete.
    """
    return digest(canonical(content_of(valuation)))

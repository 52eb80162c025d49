"""The ledger's verbs of the choice in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "propose_choice": _("提出遴选方案"),
    "adopt_choice": _("采用遴选方案"),
    "discard_choice": _("放弃遴选方案"),
}

"""Verbs of vouchers in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "register_scheme": _("登记算力券政策"),
    "revise_scheme": _("修改算力券政策"),
    "issue_voucher": _("发放算力券"),
    "revoke_voucher": _("收回算力券"),
    "redeem": _("核销算力券"),
    "publish_redemption": _("公布算力券核销"),
}

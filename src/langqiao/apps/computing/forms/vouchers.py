"""Forms of voucher schemes and vouchers: they read values, the verbs judge them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.domain.vouchers import AREA_AT_MOST, NAME_AT_MOST
from langqiao.apps.computing.forms.parts import ByName, CityField, day_field, yuan_field
from langqiao.apps.computing.models import Scheme

SCHEME_FIELDS = (
    "name", "city", "area", "share_domestic", "share_other", "cap_firm_year", "pool_year", "pool_total",
    "starts_on", "ends_on", "source_name", "source_url", "source_date", "illustrative",
)  # fmt: skip
NO_LIMIT = _("不填则不限。")


class SchemeForm(forms.Form):
    """What a scheme says."""

    name = forms.CharField(label=_("名称"), max_length=NAME_AT_MOST)
    city = CityField(required=False, empty_label="—")
    area = forms.CharField(
        label=_("适用地区"),
        max_length=AREA_AT_MOST,
        required=False,
        help_text=_("大于走廊城市的地区，如上海市；选了城市则不必填写。"),
    )
    share_domestic = forms.IntegerField(
        label=_("国产芯片补助比例上限（%）"), min_value=0, max_value=100, help_text=_("占租金的百分比。")
    )
    share_other = forms.IntegerField(
        label=_("其他芯片补助比例上限（%）"), min_value=0, max_value=100, help_text=_("占租金的百分比。")
    )
    cap_firm_year = yuan_field(_("每企业每年上限（元）"), required=False, hint=NO_LIMIT)
    pool_year = yuan_field(_("年度总额（元）"), required=False, hint=NO_LIMIT)
    pool_total = yuan_field(_("总额（元）"), required=False, hint=NO_LIMIT)
    starts_on = day_field(_("生效日"))
    ends_on = day_field(_("失效日"), required=False)
    source_name = forms.CharField(label=_("来源"), max_length=200, required=False)
    source_url = forms.CharField(label=_("来源地址"), max_length=500, required=False)
    source_date = day_field(_("来源日期"), required=False)
    illustrative = forms.BooleanField(label=_("示例，不是真实政策"), required=False)

    def __init__(self, *args: Any, scheme: Scheme | None = None, **kwargs: Any) -> None:
        """Make the form of a new scheme, or of ``scheme`` to be revised."""
        if scheme is not None:
            kwargs["initial"] = {name: getattr(scheme, name) for name in SCHEME_FIELDS}
        super().__init__(*args, **kwargs)


class VoucherForm(forms.Form):
    """A voucher to be issued."""

    organisation = ByName(label=_("企业"), max_length=200, help_text=_("企业的编号或全称。"))
    amount = yuan_field(_("金额（元）"))
    expires_on = day_field(_("有效期至"))
    domestic_only = forms.BooleanField(label=_("仅限国产芯片"), required=False)
    illustrative = forms.BooleanField(label=_("示例，不是真实的券"), required=False)


class RedeemForm(forms.Form):
    """A bill to be paid from a voucher, and how much of it."""

    bill = forms.IntegerField(min_value=1, max_value=10**15)
    amount = yuan_field(_("金额（元）"), required=False, hint=_("不填则用足可用的金额。"))

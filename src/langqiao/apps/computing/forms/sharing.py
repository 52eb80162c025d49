"""Forms of requests, grants and quotas: they read values, the verbs judge them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.domain.quotas import WEIGHT_AT_MOST
from langqiao.apps.computing.domain.sharing import GPUS_AT_MOST, HOURS_AT_MOST, PURPOSE_AT_MOST
from langqiao.apps.computing.forms.parts import CityField, day_field, gpus_field, long_field, milli
from langqiao.apps.computing.models import Campus, Request, Tenant
from langqiao.apps.computing.queries.sharing import own_organisations
from langqiao.apps.computing.rules import operated_ids
from langqiao.apps.registry.domain.acts import REASON_AT_MOST, TITLE_AT_MOST
from langqiao.apps.registry.domain.values import parts_of
from langqiao.apps.registry.models import Organisation
from langqiao.kit.words import named


class CampusField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's class takes none at run time
    """A campus, named in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """The campus's name."""
        return named(obj)


class RequestForm(forms.Form):
    """What a request says; a new one also says for whom, where and in which case."""

    campus = CampusField(label=_("算力园区"), queryset=Campus.objects.all(), empty_label=None)
    organisation = forms.ModelChoiceField(
        label=_("申请单位"), queryset=Organisation.objects.none(), empty_label=None
    )
    case = forms.CharField(
        label=_("项目编号"),
        max_length=40,
        required=False,
        help_text=_("本单位参与的项目，如 LQ-2026-000001；不填则另立项目。"),
    )
    title = forms.CharField(label=_("用途"), max_length=TITLE_AT_MOST)
    gpus = forms.IntegerField(
        label=_("GPU 数"), min_value=1, max_value=GPUS_AT_MOST, help_text=_("同时使用的上限。")
    )
    gpu_hours = forms.IntegerField(
        label=_("GPU 时"), min_value=1, max_value=HOURS_AT_MOST, help_text=_("GPU 数 × 小时，期限内合计。")
    )
    chips = forms.ChoiceField(label=_("芯片"), choices=Request.Chips.choices)
    gpu_models = forms.CharField(
        label=_("可用型号"), max_length=900, required=False, help_text=_("多个型号用分号分隔；不填则不限。")
    )
    starts_on = day_field(_("开始日期"))
    ends_on = day_field(_("结束日期"))
    purpose = long_field(
        _("说明"), PURPOSE_AT_MOST, rows=6, required=False, hint=_("模型、数据规模、预期结果等。")
    )

    def __init__(self, *args: Any, viewer: Any, request: Request | None = None, **kwargs: Any) -> None:
        """Make the form of a new request of the viewer's organisations, or of ``request`` to be revised."""
        if request is not None:
            names = ("title", "gpus", "gpu_hours", "chips", "starts_on", "ends_on", "purpose")
            kwargs["initial"] = {name: getattr(request, name) for name in names} | {
                "gpu_models": "；".join(request.gpu_models)
            }
        super().__init__(*args, **kwargs)
        if request is not None:
            for name in ("campus", "organisation", "case"):
                del self.fields[name]
        else:
            self.fields["organisation"].queryset = own_organisations(viewer)  # type: ignore[attr-defined]  # a ModelChoiceField

    def values(self) -> dict[str, Any]:
        """The cleaned values as the verbs take them."""
        return {**self.cleaned_data, "gpu_models": parts_of(self.cleaned_data["gpu_models"])}


class ApprovalForm(forms.Form):
    """What is granted; at most what was asked for."""

    gpus = forms.IntegerField(label=_("授予 GPU 数"), min_value=1, max_value=GPUS_AT_MOST)
    gpu_hours = forms.IntegerField(label=_("授予 GPU 时"), min_value=1, max_value=HOURS_AT_MOST)
    starts_on = day_field(_("开始日期"))
    ends_on = day_field(_("结束日期"))
    why = long_field(_("审批意见"), REASON_AT_MOST, rows=2, required=False)


class TenantQuotaForm(forms.Form):
    """A tenant's quota, what it may borrow, and its weight."""

    gpus = gpus_field(_("GPU 配额"))
    borrow = gpus_field(_("可借用 GPU"), hint=_("其他租户空闲时可以超出配额借用，需要时归还。"))
    weight = forms.IntegerField(
        label=_("公平份额权重"),
        min_value=1,
        max_value=WEIGHT_AT_MOST,
        help_text=_("权重为 2 的租户应得份额是 1 的两倍。"),
    )

    @classmethod
    def of(cls, tenant: Tenant) -> TenantQuotaForm:
        """The form with the tenant's present values."""
        return cls(
            initial={
                "gpus": f"{tenant.gpu_milli / 1000:g}",
                "borrow": f"{tenant.borrow_milli / 1000:g}",
                "weight": tenant.weight,
            }
        )

    def values(self) -> dict[str, int]:
        """The cleaned values as the verb takes them."""
        read = self.cleaned_data
        return {
            "gpu_milli": milli(read["gpus"]),
            "borrow_milli": milli(read["borrow"]),
            "weight": read["weight"],
        }


class CityQuotaForm(forms.Form):
    """A city's quota at a campus that the viewer operates."""

    campus = CampusField(label=_("算力园区"), queryset=Campus.objects.none(), empty_label=None)
    city = CityField(empty_label=None)
    gpus = gpus_field(_("GPU 配额"))
    borrow = gpus_field(_("可借用 GPU"))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Campus.objects.filter(operator__in=operated_ids(viewer))
        self.fields["campus"].queryset = mine  # type: ignore[attr-defined]  # a ModelChoiceField

    def values(self) -> dict[str, Any]:
        """The cleaned values as the verb takes them."""
        read = self.cleaned_data
        return {
            "campus": read["campus"],
            "city": read["city"],
            "gpu_milli": milli(read["gpus"]),
            "borrow_milli": milli(read["borrow"]),
        }

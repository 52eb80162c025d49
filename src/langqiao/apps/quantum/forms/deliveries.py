"""Forms of endpoints and deliveries: they read values, the verbs judge them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.domain.deliveries import BYTES_AT_MOST, KEYS_AT_MOST, NOTE_AT_MOST, RECEIPT_AT_MOST
from langqiao.apps.quantum.forms.parts import ByName, NamedField, long_field
from langqiao.apps.quantum.models import Endpoint, Site
from langqiao.apps.quantum.queries.deliveries import own_endpoints
from langqiao.apps.quantum.rules import operated_ids
from langqiao.apps.registry.domain.acts import TITLE_AT_MOST
from langqiao.kit.words import named


class EndpointField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's class takes none at run time
    """An endpoint with its organisation and site."""

    def label_from_instance(self, obj: Any) -> str:
        """Who, where, and its identifier."""
        return f"{named(obj.organisation)} · {named(obj.site)} · {obj.sae_id}"


class EndpointForm(forms.Form):
    """A new endpoint at a site that the viewer operates."""

    sae_id = forms.CharField(label=_("SAE 标识"), max_length=80)
    site = NamedField(label=_("站点"), queryset=Site.objects.none(), empty_label=None)
    organisation = ByName(label=_("单位"), max_length=200, help_text=_("名录中的编号或全称。"))
    public_key = forms.CharField(
        label=_("SM2 公钥"), max_length=130, help_text=_("130 位十六进制，以 04 开头。")
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Site.objects.filter(operator__in=operated_ids(viewer))
        self.fields["site"].queryset = mine  # type: ignore[attr-defined]  # a ModelChoiceField


class EndpointReviseForm(forms.Form):
    """What changes of an endpoint in its life."""

    public_key = forms.CharField(
        label=_("SM2 公钥"),
        max_length=130,
        help_text=_("单位换了密钥对时更换；130 位十六进制，以 04 开头。"),
    )
    is_active = forms.BooleanField(
        label=_("在用"), required=False, help_text=_("停用后不能再用它预告传送；已预告的照常完成。")
    )

    def __init__(self, *args: Any, endpoint: Endpoint, **kwargs: Any) -> None:
        values = {"public_key": endpoint.public_key, "is_active": endpoint.is_active}
        super().__init__(*args, **{**kwargs, "initial": values})


class DeliveryForm(forms.Form):
    """What is to be sent from which endpoint to which."""

    sender = EndpointField(label=_("发送终端"), queryset=Endpoint.objects.none(), empty_label=None)
    recipient = EndpointField(
        label=_("接收终端"),
        queryset=Endpoint.objects.filter(is_active=True).select_related("site", "organisation"),
    )
    title = forms.CharField(label=_("名称"), max_length=TITLE_AT_MOST)
    size = forms.IntegerField(label=_("文件大小（字节）"), min_value=0, max_value=BYTES_AT_MOST)
    note = long_field(_("说明"), NOTE_AT_MOST, rows=4, required=False)

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sender"].queryset = own_endpoints(viewer)  # type: ignore[attr-defined]  # a ModelChoiceField


class SealForm(forms.Form):
    """What ``langqiao seal`` printed of the sealed file."""

    file_id = forms.CharField(label=_("密封文件标识"), max_length=32)
    header_digest = forms.CharField(label=_("文件头摘要（SM3）"), max_length=64)
    manifest_digest = forms.CharField(label=_("清单摘要（SM3）"), max_length=64)
    keys = forms.IntegerField(label=_("所用密钥数"), min_value=1, max_value=KEYS_AT_MOST)
    file_sm3 = forms.CharField(label=_("文件摘要（SM3）"), max_length=64, required=False)


class ProgressForm(forms.Form):
    """Bytes that have been sent."""

    done = forms.IntegerField(label=_("已传（字节）"), min_value=0, max_value=BYTES_AT_MOST)


class ReceiptForm(forms.Form):
    """The receipt as ``langqiao open`` wrote it."""

    receipt = long_field(
        _("回执"), RECEIPT_AT_MOST, rows=8, hint=_("粘贴 langqiao open 写出的回执全文（JSON）。")
    )

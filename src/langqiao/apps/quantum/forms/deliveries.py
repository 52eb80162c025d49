"""Forms of endpoints and deliveries: they read values, the verbs judge them."""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms
from django.core.validators import RegexValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.domain.deliveries import BYTES_AT_MOST, KEYS_AT_MOST, NOTE_AT_MOST, RECEIPT_AT_MOST
from langqiao.apps.quantum.forms.parts import ByName, NamedField, long_field
from langqiao.apps.quantum.models import Delivery, Endpoint, Site
from langqiao.apps.quantum.queries.deliveries import own_endpoints
from langqiao.apps.quantum.rules import operated_ids
from langqiao.apps.registry.domain.acts import TITLE_AT_MOST
from langqiao.kit.words import named

PRINTED_AT_MOST: Final = 16_384
SEALED_VALUES: Final = ("file_id", "header_digest", "manifest_digest", "keys", "file_sm3")


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


def hex_field(label: Any, digits: int) -> forms.CharField:
    """A fixed number of hexadecimal digits, or nothing."""
    words = format_lazy(_("这里应是 {digits} 位十六进制数，请从命令的输出中完整复制。"), digits=digits)
    exact = RegexValidator(rf"^[0-9a-fA-F]{{{digits}}}\Z", words)
    return forms.CharField(label=label, max_length=digits, required=False, validators=[exact])


class SealForm(forms.Form):
    """What ``langqiao seal`` printed of the sealed file: its JSON whole, or value by value."""

    printed = long_field(
        _("命令输出（JSON）"),
        PRINTED_AT_MOST,
        rows=5,
        required=False,
        hint=_("粘贴 langqiao seal --json 打印的全文，下面各项即可留空；也可以只填下面各项。"),
    )
    file_id = hex_field(_("密封文件标识"), 32)
    header_digest = hex_field(_("文件头摘要（SM3）"), 64)
    manifest_digest = hex_field(_("清单摘要（SM3）"), 64)
    keys = forms.IntegerField(label=_("所用密钥数"), min_value=1, max_value=KEYS_AT_MOST, required=False)
    file_sm3 = hex_field(_("文件摘要（SM3）"), 64)

    def __init__(self, *args: Any, delivery: Delivery, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._delivery = delivery

    def clean_printed(self) -> dict[str, Any]:
        """The values of the JSON, which are of the file that was announced."""
        text = self.cleaned_data["printed"]
        if not text.strip():
            return {}
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise forms.ValidationError(
                _("这不是 langqiao seal --json 打印的内容。请从开头的 { 到结尾的 } 完整粘贴。")
            )
        announced = {
            "sender": self._delivery.sender.sae_id,
            "recipient": self._delivery.recipient.sae_id,
            "size": self._delivery.size,
        }
        for name, value in announced.items():
            if name in values and values[name] != value:
                raise forms.ValidationError(
                    _("%(name)s 与预告不符：预告为 %(announced)s。请确认粘贴的是本次传送的文件。"),
                    params={"name": name, "announced": value},
                )
        return values

    def clean(self) -> dict[str, Any]:
        """Every value from the JSON or from its own field, which must not contradict each other."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        printed: dict[str, Any] = given.pop("printed", {})
        if "printed" in self.errors:
            return given
        for name in SEALED_VALUES:
            if name not in self.errors:
                self._settle(name, given, printed.get(name))
        return given

    def _settle(self, name: str, given: dict[str, Any], printed: Any) -> None:
        """Take a value from the JSON where its field is empty."""
        typed, field = given.get(name), self.fields[name]
        if printed in (None, ""):
            if typed in (None, "") and name != "file_sm3":
                self.add_error(name, _("此项必填：请填写，或粘贴 langqiao seal --json 打印的全文。"))
            return
        try:
            found = field.clean(printed if type(printed) is int else str(printed))
        except forms.ValidationError as fault:
            self.add_error(name, fault)
            return
        if typed not in (None, "") and str(typed).strip().lower() != str(found).strip().lower():
            self.add_error(name, _("与粘贴的 JSON 不同。请留空，或改正其中一处。"))
            return
        given[name] = found


class ProgressForm(forms.Form):
    """Bytes that have been sent."""

    done = forms.IntegerField(label=_("已传（字节）"), min_value=0, max_value=BYTES_AT_MOST)


class ReceiptForm(forms.Form):
    """The receipt as ``langqiao open --receipt`` wrote it."""

    receipt = long_field(
        _("回执"), RECEIPT_AT_MOST, rows=8, hint=_("粘贴 langqiao open --receipt 写出的回执全文（JSON）。")
    )

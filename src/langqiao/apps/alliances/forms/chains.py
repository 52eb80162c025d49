"""Forms of industry chains: a firms' own table, the judgement of a link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.domain.chains.links import REASON_AT_MOST
from langqiao.apps.alliances.models.chains import NAME_AT_MOST, ChainDataset


class OwnTableForm(forms.Form):
    """A table of firms, products, suppliers and customers (企业自有表格)."""

    file = forms.FileField(
        label=_("表格文件"),
        help_text=_("CSV、XLSX 或 TSV；第一行为列名：企业、产品、收入占比、供应商、客户、城市、产业。"),
    )
    name = forms.CharField(label=_("名称"), max_length=NAME_AT_MOST)
    slug = forms.SlugField(
        label=_("代号"), max_length=40, help_text=_("小写字母、数字和连字符；同一代号再次导入即更新。")
    )
    base = forms.ModelChoiceField(
        label=_("所依数据集"), queryset=ChainDataset.objects.none(), to_field_name="slug", empty_label=None
    )
    source_name = forms.CharField(label=_("来源"), max_length=NAME_AT_MOST, required=False)
    is_public = forms.BooleanField(
        label=_("公开"), required=False, help_text=_("不公开时，只有联席办和联盟秘书处可见。")
    )

    def __init__(self, *args: Any, bases: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["base"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = bases


class ConfirmForm(forms.Form):
    """Confirm a link, to the proposed node or to another."""

    node = forms.CharField(
        label=_("产品节点"), max_length=NAME_AT_MOST, help_text=_("可改为图谱中的另一个产品名称。")
    )
    reason = forms.CharField(label=_("理由"), max_length=REASON_AT_MOST, required=False)


class RejectForm(forms.Form):
    """Reject a link, with the reason."""

    reason = forms.CharField(label=_("理由"), max_length=REASON_AT_MOST)

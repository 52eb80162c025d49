"""Forms of accounts: profile, API tokens, memberships."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import CORRIDOR_ROLES, TOKEN_DAYS_AT_MOST
from langqiao.apps.accounts.models import Role, User


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person may change about themself."""

    class Meta:
        model = User
        fields = ["display_name", "language"]
        help_texts = {
            "display_name": _("显示在您提交的内容旁边；公开台账只显示机构。"),
            "language": _("换一台电脑登录时也使用这种语言。"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language: Any = self.fields["language"]
        known: Any = User._meta.get_field("language").choices
        language.choices = [("", _("跟随浏览器")), *known]


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(label=_("用途"), max_length=80, help_text=_("例如“与本单位科研系统对接”。"))
    days = forms.IntegerField(label=_("有效期（天）"), min_value=1, max_value=TOKEN_DAYS_AT_MOST, initial=90)
    may_write = forms.BooleanField(
        label=_("允许写入（发布、答题、修改）"), required=False, help_text=_("不勾选时只能读取。")
    )


class MembershipForm(forms.Form):
    """A role for a person in an organisation."""

    user = forms.CharField(label=_("用户名或邮箱"), max_length=254, help_text=_("对方须先注册账号。"))
    role = forms.ChoiceField(label=_("角色"))
    is_manager = forms.BooleanField(
        label=_("机构管理员"), required=False, help_text=_("可以授予和终止本机构成员的角色。")
    )
    valid_to = forms.DateField(
        label=_("截止日期"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, is_office: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [r for r in Role if r != Role.VISITOR and (is_office or r not in CORRIDOR_ROLES)]
        self.fields["role"].choices = [(r.value, r.label) for r in roles]  # type: ignore[attr-defined]

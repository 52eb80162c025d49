"""Sources of the shipped tree and parks in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

# By the name that stands in the files; any other is shown as it was entered.
SOURCES: dict[str, Any] = {
    "产业联盟与产业合作示范园区建设大会报道（sjcfw.com.cn 转载）": _(
        "产业联盟与产业合作示范园区建设大会报道（sjcfw.com.cn 转载）"
    ),
    "公开页面（jrtbxg.com）": _("公开页面（jrtbxg.com）"),
    "人工智能产业联盟成立报道（techappsinsider.com 转载）": _(
        "人工智能产业联盟成立报道（techappsinsider.com 转载）"
    ),
    "量子密码应用创新联盟（中心）成立快讯（steelnails.cn 转载）": _(
        "量子密码应用创新联盟（中心）成立快讯（steelnails.cn 转载）"
    ),
    "走廊项目与联盟的四个公开页面，出自其中哪一页未记录": _(
        "走廊项目与联盟的四个公开页面，出自其中哪一页未记录"
    ),
    "公开页面陈述，页面地址待补": _("公开页面陈述，页面地址待补"),
}


def source_in_words(name: str) -> str:
    """A source in the reader's language, where it is one of those shipped."""
    return str(SOURCES.get(name, name))

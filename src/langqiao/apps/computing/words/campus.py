"""Verbs of the campus in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "register_campus": _("登记算力园区"),
    "revise_campus": _("修改算力园区"),
    "add_claim": _("登记公开说法"),
    "set_assumption": _("设定容量假设"),
    "record_reading": _("登记能耗读数"),
    "register_building": _("登记机房楼"),
    "revise_building": _("修改机房楼"),
    "register_hall": _("登记机房"),
    "revise_hall": _("修改机房"),
    "derate_hall": _("机房降额"),
    "register_racks": _("登记机架"),
    "register_server": _("登记服务器"),
    "revise_server": _("修改服务器"),
    "drain_server": _("腾空服务器"),
    "start_maintenance": _("开始维护服务器"),
    "fail_server": _("登记服务器故障"),
    "restore_server": _("恢复服务器"),
    "retire_server": _("退役服务器"),
}

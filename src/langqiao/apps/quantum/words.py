"""The ledger's verbs of the quantum network in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, object] = {
    "register_site": _("登记量子站点"),
    "revise_site": _("修改量子站点"),
    "suspend_site": _("停用量子站点"),
    "resume_site": _("恢复量子站点"),
    "register_link": _("登记量子链路"),
    "revise_link": _("修改量子链路"),
    "cut_link": _("登记链路中断"),
    "restore_link": _("登记链路恢复"),
    "register_scenario": _("登记量子应用场景"),
    "revise_scenario": _("修改量子应用场景"),
    "propose_demand": _("提出密钥需求"),
    "withdraw_demand": _("撤回密钥需求"),
    "admit_demand": _("接纳密钥需求"),
    "refuse_demand": _("不予接纳密钥需求"),
    "end_demand": _("结束密钥需求"),
    "register_endpoint": _("登记密钥终端"),
    "revise_endpoint": _("修改密钥终端"),
    "announce_delivery": _("预告密封传送"),
    "seal_delivery": _("登记文件已密封"),
    "send_delivery": _("登记文件已发出"),
    "receive_delivery": _("签收密封文件"),
    "refuse_delivery": _("拒收密封文件"),
    "withdraw_delivery": _("撤回密封传送"),
    "publish_keys": _("公布密钥用量"),
    "import_readings": _("导入密钥池读数"),
    "lose_site": _("KME 失联"),
    "regain_site": _("KME 恢复应答"),
}

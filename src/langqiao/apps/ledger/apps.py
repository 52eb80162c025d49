from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "langqiao.apps.ledger"
    label = "ledger"
    verbose_name = _("台账")

    def ready(self) -> None:
        from langqiao.apps.ledger import datasets

        datasets.register()

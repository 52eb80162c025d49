from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QuantumConfig(AppConfig):
    name = "langqiao.apps.quantum"
    label = "quantum"
    verbose_name = _("量子网络")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.ledger.queries import register_case_reader
        from langqiao.apps.quantum import (
            datasets,
            flows,
            rules,  # noqa: F401  registers the permissions
            sections,
        )
        from langqiao.apps.quantum.queries.cases import read_case

        register_case_reader(read_case)
        sections.register()
        datasets.register()
        flows.register()

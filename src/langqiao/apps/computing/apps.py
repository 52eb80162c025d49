from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComputingConfig(AppConfig):
    name = "langqiao.apps.computing"
    label = "computing"
    verbose_name = _("智算中心")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.computing import (
            datasets,
            flows,
            rules,  # noqa: F401  registers the permissions
            sections,
        )
        from langqiao.apps.computing.queries.cases import read_case
        from langqiao.apps.ledger.queries import register_case_reader

        register_case_reader(read_case)
        sections.register()
        datasets.register()
        flows.register()

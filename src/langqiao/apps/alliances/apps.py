from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlliancesConfig(AppConfig):
    name = "langqiao.apps.alliances"
    label = "alliances"
    verbose_name = _("联盟与产业链")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.alliances import (
            datasets,
            rules,  # noqa: F401  registers the permissions
            sections,
        )
        from langqiao.apps.alliances.queries import chains_sections
        from langqiao.apps.alliances.queries.alliances.cases import read_case
        from langqiao.apps.ledger.queries import register_case_reader

        register_case_reader(read_case)
        sections.register()
        chains_sections.register()
        datasets.register()

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChallengesConfig(AppConfig):
    name = "langqiao.apps.challenges"
    label = "challenges"
    verbose_name = _("企业出题")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.challenges import (
            datasets,
            exchange,
            flows,
            queries,
            rules,  # noqa: F401  registers the permissions
            sections,
        )
        from langqiao.apps.ledger.queries import register_case_reader

        register_case_reader(queries.read_case)
        exchange.register()
        flows.register()
        sections.register()
        datasets.register()

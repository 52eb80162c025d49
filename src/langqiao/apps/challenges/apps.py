from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChallengesConfig(AppConfig):
    name = "langqiao.apps.challenges"
    label = "challenges"
    verbose_name = _("企业出题")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.challenges import (
            exchange,
            rules,  # noqa: F401  registers the permissions
            sections,
        )

        exchange.register()
        sections.register()

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InsightConfig(AppConfig):
    name = "langqiao.apps.insight"
    label = "insight"
    verbose_name = _("智库")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.insight import (
            datasets,
            rules,  # noqa: F401  registers the permissions
        )
        from langqiao.apps.insight.queries.key_figures import key_figures
        from langqiao.kit.keyfigures import register_key_figures

        datasets.register()
        register_key_figures(key_figures)

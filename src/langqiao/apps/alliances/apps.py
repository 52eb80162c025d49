from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlliancesConfig(AppConfig):
    name = "langqiao.apps.alliances"
    label = "alliances"
    verbose_name = _("联盟与产业链")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.alliances import rules  # noqa: F401  registers the permissions

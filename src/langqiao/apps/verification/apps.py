from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VerificationConfig(AppConfig):
    name = "langqiao.apps.verification"
    label = "verification"
    verbose_name = _("概念验证")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.verification import rules  # noqa: F401  registers the permissions

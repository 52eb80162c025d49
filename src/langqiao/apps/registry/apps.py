from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    name = "langqiao.apps.registry"
    label = "registry"
    verbose_name = _("名录")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.registry import (
            datasets,
            flows,
            rules,  # noqa: F401  registers the permissions
        )
        from langqiao.apps.registry.exchange import offers

        offers.register()
        datasets.register()
        flows.register()

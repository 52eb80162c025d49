from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EyeConfig(AppConfig):
    name = "langqiao.apps.eye"
    label = "eye"
    verbose_name = _("科创之眼")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.eye import datasets

        datasets.register()

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebConfig(AppConfig):
    name = "langqiao.web"
    label = "web"
    verbose_name = _("网站")

    def ready(self) -> None:
        from langqiao.apps.accounts.domain import token_holder
        from langqiao.apps.ledger.words import register_describer
        from langqiao.kit.api import register_token_reader
        from langqiao.web.acts import describe

        register_token_reader(token_holder)
        register_describer(describe)

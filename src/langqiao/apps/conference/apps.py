from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConferenceConfig(AppConfig):
    name = "langqiao.apps.conference"
    label = "conference"
    verbose_name = _("联席会议")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.conference import (
            datasets,
            flows,
            queries,
            receivers,
            rules,  # noqa: F401  registers the permissions
        )
        from langqiao.apps.ledger.queries import register_case_reader

        register_case_reader(queries.read_case)
        receivers.connect()
        datasets.register()
        flows.register()

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VerificationConfig(AppConfig):
    name = "langqiao.apps.verification"
    label = "verification"
    verbose_name = _("概念验证")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from langqiao.apps.ledger.queries import register_case_reader, register_withholder
        from langqiao.apps.verification import (
            awaiting,
            datasets,
            flows,
            receivers,
            rules,  # noqa: F401  registers the permissions
            sections,
            sections_services,
            sections_valuation,
        )
        from langqiao.apps.verification.queries.calls import read_case
        from langqiao.apps.verification.queries.reviews import withheld_entries

        register_case_reader(read_case)
        register_withholder(withheld_entries)
        receivers.connect()
        for part in (awaiting, sections, sections_services, sections_valuation):
            part.register()
        datasets.register()
        flows.register()

"""Addresses of the three services of a centre (概念验证服务)."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.verification.listings.services import ExaminationListing
from langqiao.apps.verification.views.services import detail, evidence, examining, report
from langqiao.kit.listing import list_view

urlpatterns: list[URLPattern] = [
    path("examinations/", list_view(ExaminationListing), name="examination_list"),
    path("examinations/new/", detail.examination_new, name="examination_new"),
    path("examinations/<int:pk>/", detail.examination_detail, name="examination_detail"),
    path("examinations/<int:pk>/act/<slug:act>/", detail.examination_act, name="examination_act"),
    path("examinations/<int:pk>/plan/", examining.examination_plan, name="examination_plan"),
    path("examinations/<int:pk>/edit/", examining.examination_edit, name="examination_edit"),
    path("examinations/<int:pk>/conclude/", examining.examination_conclude, name="examination_conclude"),
    path("examinations/<int:pk>/report/", report.examination_report, name="examination_report"),
    path("examinations/<int:pk>/report.docx", report.examination_docx, name="examination_docx"),
    path("examinations/<int:pk>/evidence/", evidence.evidence_add, name="evidence_add"),
    path("examinations/milestones/<int:pk>/", examining.milestone_detail, name="milestone_detail"),
    path("examinations/milestones/<int:pk>/act/<slug:act>/", examining.milestone_act, name="milestone_act"),
    path("examinations/evidence/<int:pk>/", evidence.evidence_download, name="evidence_download"),
    path("examinations/evidence/<int:pk>/remove/", evidence.evidence_remove, name="evidence_remove"),
]

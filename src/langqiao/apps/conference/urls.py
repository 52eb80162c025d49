"""Addresses of the joint conference (联席会议)."""

from __future__ import annotations

from django.urls import path

from langqiao.apps.conference import listings
from langqiao.apps.conference.views import decisions, lists, notices, projects, sessions, tasks
from langqiao.kit.listing import list_view

urlpatterns = [
    path("conference/sessions/", list_view(listings.SessionListing), name="session_list"),
    path("conference/sessions/new/", sessions.session_new, name="session_new"),
    path("conference/sessions/<int:pk>/", sessions.session_detail, name="session_detail"),
    path("conference/sessions/<int:pk>/edit/", sessions.session_edit, name="session_edit"),
    path("conference/sessions/<int:pk>/act/<slug:act>/", sessions.session_act, name="session_act"),
    path("conference/seats/<int:pk>/remove/", sessions.seat_remove, name="seat_remove"),
    path("conference/papers/<int:pk>/", sessions.paper_download, name="paper_download"),
    path("conference/papers/<int:pk>/act/<slug:act>/", sessions.paper_act, name="paper_act"),
    path("conference/matters/", list_view(listings.MatterListing), name="matter_list"),
    path("conference/matters/new/", decisions.matter_new, name="matter_new"),
    path("conference/matters/<int:pk>/", decisions.matter_detail, name="matter_detail"),
    path("conference/matters/<int:pk>/act/<slug:act>/", decisions.matter_act, name="matter_act"),
    path("conference/agenda/<int:pk>/act/<slug:act>/", decisions.item_act, name="item_act"),
    path("conference/ballots/<int:pk>/act/<slug:act>/", decisions.ballot_act, name="ballot_act"),
    path("conference/resolutions/", list_view(listings.ResolutionListing), name="resolution_list"),
    path("conference/resolutions/<int:pk>/", decisions.resolution_detail, name="resolution_detail"),
    path("conference/resolutions/<int:pk>/act/<slug:act>/", decisions.resolution_act, name="resolution_act"),
    path("conference/tasks/", list_view(listings.TaskListing), name="task_list"),
    path("conference/tasks/new/", tasks.task_new, name="task_new"),
    path("conference/tasks/<int:pk>/", tasks.task_detail, name="task_detail"),
    path("conference/tasks/<int:pk>/edit/", tasks.task_edit, name="task_edit"),
    path("conference/tasks/<int:pk>/act/<slug:act>/", tasks.task_act, name="task_act"),
    path("conference/evidence/<int:pk>/", tasks.evidence_download, name="progress_evidence"),
    path("conference/notices/", list_view(listings.NoticeListing), name="notice_list"),
    path("conference/notices/new/", notices.notice_new, name="notice_new"),
    path("conference/notices/<int:pk>/", notices.notice_detail, name="notice_detail"),
    path("conference/notices/<int:pk>/edit/", notices.notice_edit, name="notice_edit"),
    path("conference/notices/<int:pk>/act/<slug:act>/", notices.notice_act, name="notice_act"),
    path("conference/objections/<int:pk>/file/", notices.objection_download, name="objection_download"),
    path("conference/objections/<int:pk>/act/<slug:act>/", notices.objection_act, name="objection_act"),
    path("conference/priorities/", list_view(listings.PriorityListing), name="priority_list"),
    path("conference/priorities/new/", lists.priority_new, name="priority_new"),
    path("conference/priorities/import/", lists.priority_import, name="priority_import"),
    path("conference/priorities/act/<slug:act>/", lists.priority_list_act, name="priority_list_act"),
    path("conference/priorities/<int:pk>/", lists.priority_detail, name="priority_detail"),
    path("conference/priorities/<int:pk>/edit/", lists.priority_edit, name="priority_edit"),
    path("conference/priorities/<int:pk>/act/<slug:act>/", lists.priority_act, name="priority_act"),
    path("conference/projects/", list_view(listings.ProjectListing), name="project_list"),
    path("conference/projects/new/", projects.project_new, name="project_new"),
    path("conference/projects/<int:pk>/", projects.project_detail, name="project_detail"),
    path("conference/projects/<int:pk>/edit/", projects.project_edit, name="project_edit"),
    path("conference/projects/<int:pk>/act/<slug:act>/", projects.project_act, name="project_act"),
]

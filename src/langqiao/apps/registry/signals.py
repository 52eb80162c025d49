"""Signals that apps share (house.md, floors, rule 3).

``acted``: a domain verb changed a record, sent inside its transaction with ``actor``, ``verb`` and
``object``. Receivers that do slow work defer it with ``transaction.on_commit``.
"""

from __future__ import annotations

from django.dispatch import Signal

acted = Signal()

# Verification and the joint conference never import each other; these four tie them together. ``subject``
# is the plain identifier ``app.model:pk`` of what is decided or announced. All are sent inside the
# transaction of the act; receivers write in the same transaction.
#
# conference_wanted(actor, subject, case, title, summary, url, city, organisation): put a matter (议题)
#   before the joint conference. A receiver returns the matter's identifier.
# conference_decided(actor, subject, outcome, resolution, url): the conference resolved on the matter;
#   ``outcome`` is "approved", "rejected" or "returned", ``resolution`` its number (文号).
# notice_wanted(actor, subject, case, title, body, rows, days, city): publish a public notice (公示);
#   ``rows`` are dictionaries of text, shown as a table. A receiver returns (url, last day).
# notice_ended(actor, subject, upheld, url): the objection period (公示期) is over; ``upheld`` is a list of
#   the objections that were found right (texts), empty when the notice stands.
conference_wanted = Signal()
conference_decided = Signal()
notice_wanted = Signal()
notice_ended = Signal()

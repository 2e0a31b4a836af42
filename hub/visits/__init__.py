"""A guest in the shop, from the door to the till."""

from hub.visits.model import Stage, Visit, VisitId, Wait, WalkIn
from hub.visits.service import BoardRow, Door, Visits

__all__ = ["BoardRow", "Door", "Stage", "Visit", "VisitId", "Visits", "Wait", "WalkIn"]

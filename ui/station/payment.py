"""What has been handed over so far for one basket. Only a draft: the till's service judges it when the sale is completed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hub.money import Minor
from hub.pos.model import Tender, TenderKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """The payments of one basket in the order they were taken."""

    total: Minor
    tenders: tuple[Tender, ...] = ()

    @property
    def rest(self) -> Minor:
        """What is still due."""
        return self.total - sum(tender.amount for tender in self.tenders)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is due any more."""
        return self.rest == 0

    def with_cash(self, given: Minor) -> Payment:
        """This payment with cash handed over; what is above the rest is change, what is below leaves a rest."""
        return self._with(Tender(kind=TenderKind.CASH, amount=min(given, self.rest), given=given))

    def with_outside(self, kind: TenderKind, amount: Minor, reference: str) -> Payment:
        """This payment with a card or QR payment taken on a device of its own."""
        return self._with(Tender(kind=kind, amount=amount, reference=reference))

    def without(self, place: int) -> Payment:
        """This payment with the tender at `place` handed back."""
        return replace(self, tenders=self.tenders[:place] + self.tenders[place + 1 :])

    def towards(self, total: Minor) -> Payment:
        """The same parts towards another total; the last ones are handed back when it needs less than they are."""
        kept = replace(self, total=total)
        while kept.rest < 0 and kept.tenders:
            kept = kept.without(len(kept.tenders) - 1)
        return kept

    def _with(self, tender: Tender) -> Payment:
        return replace(self, tenders=(*self.tenders, tender))

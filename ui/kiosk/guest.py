"""What the guest at a kiosk has said so far, and where she is. It lives in memory only, until she takes her number."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hub.catalog.model import Service, ServiceId
from hub.customers.model import CustomerId, Purpose
from hub.ids import TapId
from hub.staff.model import StaffId
from hub.visits.model import Visit, Wait, WalkIn
from ui.texts import DEFAULT


class Step(StrEnum):
    """One question each."""

    WELCOME = "welcome"
    PHONE = "phone"
    PRIVACY = "privacy"
    SERVICES = "services"
    STYLIST = "stylist"
    DONE = "done"


@dataclass(slots=True, kw_only=True)
class Guest:
    """One guest's answers. A new guest is a new object: nothing typed outlives her."""

    step: Step = Step.WELCOME
    language: str = DEFAULT
    large: bool = False
    contrast: bool = False
    phone: str = ""
    anonymous: bool = False
    agreed: set[Purpose] = field(default_factory=set)
    services: list[Service] = field(default_factory=list)
    stylist: StaffId | None = None
    wait: Wait | None = None
    visit: Visit | None = None
    enrol_tap: TapId = field(default_factory=TapId.new)

    @property
    def path(self) -> tuple[Step, ...]:
        """The questions of this guest, in order; who gives no phone has nothing to agree to."""
        privacy = () if self.anonymous else (Step.PRIVACY,)
        return (Step.PHONE, *privacy, Step.SERVICES, Step.STYLIST)

    @property
    def before(self) -> Step:
        """Where back leads."""
        place = self.path.index(self.step)
        return self.path[place - 1] if place else Step.WELCOME

    @property
    def minutes(self) -> int:
        """How long all she chose takes."""
        return sum(service.minutes for service in self.services)

    @property
    def price(self) -> int:
        """What all she chose costs from, in minor units."""
        return sum(service.price for service in self.services)

    @property
    def fresh(self) -> bool:
        """Whether there is nothing to forget."""
        return self == Guest(enrol_tap=self.enrol_tap)

    def toggle(self, service: Service) -> bool:
        """Choose `service`, or not any more; returns whether it is chosen now."""
        if service in self.services:
            self.services.remove(service)
            return False
        self.services.append(service)
        return True

    def stay_a_guest(self) -> None:
        """She gives no number: what she had typed and agreed to is gone."""
        self.anonymous, self.phone = True, ""
        self.agreed.clear()

    def wish(self, customer: CustomerId | None = None, stylist: StaffId | None = None) -> WalkIn:
        """What she asks for at the door."""
        return WalkIn(services=self.service_ids, stylist=stylist or self.stylist, customer=customer, language=self.language)

    @property
    def service_ids(self) -> tuple[ServiceId, ...]:
        """What she chose, in the order she chose it."""
        return tuple(service.id for service in self.services)

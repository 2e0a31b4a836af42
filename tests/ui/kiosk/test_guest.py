"""What a kiosk keeps of the guest before it."""

from __future__ import annotations

from hub.catalog.model import Names, Phase, PhaseKind, Service, ServiceId
from hub.customers.model import Purpose
from ui.kiosk.guest import Guest, Step


def service(minutes: int, yuan: int) -> Service:
    phases = (Phase(kind=PhaseKind.WORKING, minutes=minutes),)
    names = Names(en="Cut")
    return Service(id=ServiceId.new(), code="C", category="cut", names=names, phases=phases, price=yuan * 100, tax=600, active=True)


def test_a_new_guest_has_nothing_to_forget() -> None:
    guest = Guest()
    assert guest.fresh
    guest.language = "en"
    assert not guest.fresh


def test_who_stays_a_guest_is_asked_nothing_about_data_and_leaves_nothing() -> None:
    guest = Guest(phone="13812345678", agreed={Purpose.PHOTOS}, step=Step.SERVICES)
    assert guest.path == (Step.PHONE, Step.PRIVACY, Step.SERVICES, Step.STYLIST)
    assert guest.before is Step.PRIVACY
    guest.stay_a_guest()
    assert guest.path == (Step.PHONE, Step.SERVICES, Step.STYLIST)
    assert guest.before is Step.PHONE
    assert (guest.phone, guest.agreed) == ("", set())


def test_choosing_twice_is_not_choosing() -> None:
    guest, cut, colour = Guest(), service(45, 168), service(105, 580)
    assert guest.toggle(cut)
    assert guest.toggle(colour)
    assert (guest.minutes, guest.price) == (150, 74800)
    assert not guest.toggle(cut)
    assert guest.wish().services == (colour.id,)


def test_a_wish_speaks_her_language() -> None:
    assert Guest(language="zh_TW").wish().language == "zh_TW"

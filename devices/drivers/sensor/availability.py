"""Whether a thing is there, by the availability topics of its entities."""

from __future__ import annotations

from collections.abc import Iterable

from devices.announced import Entity, Presence


class Availability:
    """Made anew when a thing announces itself anew; what was said before is handed over as `said`, the newest last."""

    def __init__(self, entities: Iterable[Entity], said: dict[Presence, bool]) -> None:
        self._groups = list(dict.fromkeys((entity.presence_mode, entity.presence) for entity in entities if entity.presence))
        self._by_topic: dict[str, list[Presence]] = {}
        self.said = said
        for presence in dict.fromkeys(one for _, group in self._groups for one in group):
            self._by_topic.setdefault(presence.topic, []).append(presence)

    @property
    def topics(self) -> frozenset[str]:
        """Where it is told."""
        return frozenset(self._by_topic)

    def take(self, topic: str, payload: bytes) -> bool:
        """One message; False when it is on none of these topics."""
        for presence in self._by_topic.get(topic, ()):
            there = presence.read(payload)
            if there is not None:
                self.said.pop(presence, None)
                self.said[presence] = there
        return topic in self._by_topic

    def is_there(self) -> bool | None:
        """False when something said that it is away and nothing that it is there; None while too little was said."""
        found = [self._of(mode, group) for mode, group in self._groups]
        return True if True in found else False if False in found else None

    def _of(self, mode: str, group: tuple[Presence, ...]) -> bool | None:
        told = [there for one, there in self.said.items() if one in group]
        if mode == "latest":
            return told[-1] if told else None
        if mode == "all":
            return False if False in told else True if len(told) == len(group) else None
        return True if True in told else False if len(told) == len(group) else None

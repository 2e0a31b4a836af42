"""The value templates third parties really send, as paths into JSON. They are never run as templates: what is not of these forms is not understood.

`{{ value }}`, `{{ value_json.a['b'][0] }}` with `| float`, `| int`, `| round(n)`, `| is_defined`, `| default(x)`;
`{{ iif(value_json.a, 'ON', 'OFF') }}` and `{% if value_json.a == 'x' %}ON{% else %}OFF{% endif %}`.
https://www.home-assistant.io/docs/configuration/templating/#processing-incoming-data
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson

TEMPLATE_MAX = 400
NUMBER_MAX = 1e12
MISSING: Any = object()  # the message does not speak of this value
Doc = Callable[[], Any]  # the message as JSON; MISSING when it is none
Reader = Callable[[str, Doc], Any]  # (the message as text, as JSON) -> value

_STEP = r"\.[A-Za-z_]\w{0,60}|\[(?:'[^'\\\]]{1,60}'|\"[^\"\\\]]{1,60}\"|\d{1,4})\]"
_PLACE = rf"value_json(?P<path>(?:{_STEP}){{0,8}})|value"
_LITERAL = r"'[^'\\]{0,60}'|\"[^\"\\]{0,60}\"|-?\d{1,12}(?:\.\d{1,6})?|[Tt]rue|[Ff]alse"
_FILTER = rf"\|\s*(?:float|int|round|is_defined|default)\s*(?:\(\s*(?:{_LITERAL})?\s*\))?"
_WHETHER = rf"(?:{_PLACE})(?:\s*(?P<how>==|!=)\s*(?P<to>{_LITERAL}))?"
_PLAIN = re.compile(rf"\s*\{{\{{-?\s*(?:{_PLACE})\s*(?P<filters>(?:{_FILTER}\s*){{0,6}})-?\}}\}}\s*")
_IIF = re.compile(rf"\s*\{{\{{-?\s*iif\(\s*{_WHETHER}\s*,\s*(?P<yes>{_LITERAL})\s*,\s*(?P<no>{_LITERAL})\s*\)\s*-?\}}\}}\s*")
_IF = re.compile(
    rf"\s*\{{%-?\s*if\s+{_WHETHER}\s*-?%\}}(?P<yes>[^{{}}%]{{0,60}})\{{%-?\s*else\s*-?%\}}(?P<no>[^{{}}%]{{0,60}})\{{%-?\s*endif\s*-?%\}}\s*"
)
_ONE_STEP = re.compile(r"\.(?P<name>\w+)|\['(?P<single>[^']+)'\]|\[\"(?P<double>[^\"]+)\"\]|\[(?P<index>\d+)\]")
_ONE_FILTER = re.compile(rf"\|\s*(?P<name>\w+)\s*(?:\(\s*(?P<to>{_LITERAL})?\s*\))?")


class NotUnderstood(ValueError):
    """No template of the forms above."""


@lru_cache(512)
def reader(template: str) -> Reader:
    """How to read a value; an empty template takes the whole message. Raises NotUnderstood."""
    if not template.strip():
        return _whole
    if len(template) > TEMPLATE_MAX:
        raise NotUnderstood(len(template))
    if found := _PLAIN.fullmatch(template):
        return _filtered(_place(found), [(f["name"], f["to"]) for f in _ONE_FILTER.finditer(found["filters"])])
    if found := _IIF.fullmatch(template):
        return _chosen(_whether(found), _literal(found["yes"]), _literal(found["no"]))
    if found := _IF.fullmatch(template):
        return _chosen(_whether(found), found["yes"].strip(), found["no"].strip())
    raise NotUnderstood(template)


def last_name(template: str) -> str:
    """The last name of a plain path, such as `linkquality`; empty when there is none."""
    found = _PLAIN.fullmatch(template[:TEMPLATE_MAX])
    names = [step for step in _steps(found["path"] or "") if isinstance(step, str)] if found else []
    return names[-1] if names else ""


def document(payload: bytes) -> Any:
    """A message as JSON, or MISSING."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return MISSING


def as_number(value: Any) -> int | float | None:
    """A finite number of reasonable size, also out of text; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value[:40])
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > NUMBER_MAX:
        return None
    return value


def as_word(value: Any) -> str:
    """How two values are compared that may be JSON or text: `true`, `ON`, `1`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < NUMBER_MAX:
        value = int(value)
    text = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()
    return text.lower() if text in {"True", "False"} else text


def _whole(text: str, doc: Doc) -> Any:  # noqa: ARG001 - every reader takes both
    return text


def _place(found: re.Match[str]) -> Reader:
    path = found["path"]
    if path is None:
        return _whole
    steps = _steps(path)
    if len(steps) == 1 and isinstance(steps[0], str):
        return _at_name(steps[0])

    def read(text: str, doc: Doc) -> Any:  # noqa: ARG001
        value = doc()
        for step in steps:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return MISSING
        return value

    return read


def _at_name(name: str) -> Reader:
    def read(text: str, doc: Doc) -> Any:  # noqa: ARG001
        found = doc()
        return found.get(name, MISSING) if isinstance(found, dict) else MISSING

    return read


def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(
        int(step["index"]) if step["index"] else step["name"] or step["single"] or step["double"] for step in _ONE_STEP.finditer(path)
    )


def _filtered(read: Reader, filters: list[tuple[str, str | None]]) -> Reader:
    if not filters:
        return read

    def filtered(text: str, doc: Doc) -> Any:
        value = read(text, doc)
        for name, to in filters:
            value = _one_filter(name, to, value)
        return value

    return filtered


def _one_filter(name: str, to: str | None, value: Any) -> Any:
    if value is MISSING:  # `float(0)` of what the message does not hold would be an invented value
        return _literal(to) if name == "default" and to else MISSING
    number = as_number(value)
    if name in {"is_defined", "default"}:
        return value
    if number is None:
        return MISSING
    if name == "round":
        return round(number, max(-3, min(6, int(as_number(_literal(to)) or 0))) if to else 0)
    return float(number) if name == "float" else int(number)


def _whether(found: re.Match[str]) -> Reader:
    read, how = _place(found), found["how"]
    to = as_word(_literal(found["to"])) if how else ""

    def whether(text: str, doc: Doc) -> Any:
        value = read(text, doc)
        if value is MISSING:
            return MISSING
        return (as_word(value) == to) is (how == "==") if how else bool(value)

    return whether


def _chosen(whether: Reader, yes: Any, no: Any) -> Reader:
    def chosen(text: str, doc: Doc) -> Any:
        said = whether(text, doc)
        return MISSING if said is MISSING else yes if said else no

    return chosen


def _literal(text: str | None) -> Any:
    if text is None:
        return None
    if text[0] in "'\"":
        return text[1:-1]
    return {"true": True, "false": False}[text.lower()] if text.lower() in {"true", "false"} else float(text)

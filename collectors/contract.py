"""The declared contract of a feed: its fields, their types, and which may be missing.

Types: text, number, integer, boolean, instant, date, json; `?` marks a field that may be missing or
null. A dotted name reaches into nested objects and lists: `product.code`, `product_id.0`; the
mapping sees `product_code`, `product_id_0`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

TYPES = ("text", "number", "integer", "boolean", "instant", "date", "json")
RESERVED = {"record", "record_no", "page_no", "received_at", "raw_ref", "contract_problem"}
_FIELD = re.compile(r"^[A-Za-z_@][\w@-]*(\.[\w@-]+)*$")


@dataclass(frozen=True)
class Field:
    """One declared field: `path` in the record, `column` of `page`, `type`; may it be absent."""

    path: str
    type: str
    optional: bool

    @property
    def column(self) -> str:
        """Name the mapping uses."""
        return re.sub(r"[^A-Za-z0-9_]", "_", self.path)

    @property
    def top(self) -> str:
        """Top-level field of the record it lives in."""
        return self.path.split(".", 1)[0]

    @property
    def inner(self) -> str | None:
        """JSONPath below the top-level field, None for the field itself."""
        parts = self.path.split(".")[1:]
        return (
            "$" + "".join(f"[{part}]" if part.isdigit() else f'."{part}"' for part in parts)
            if parts
            else None
        )


@dataclass(frozen=True)
class Contract:
    """The fields of one feed.

    With `empty_is_false` the JSON value false stands for null, as Odoo sends it.
    """

    fields: tuple[Field, ...]
    empty_is_false: bool = False

    @cached_property
    def tops(self) -> tuple[str, ...]:
        """Top-level fields to cut out of a record, in order."""
        return tuple(dict.fromkeys(field.top for field in self.fields))

    @cached_property
    def plain(self) -> frozenset[str]:
        """Top-level fields that are simply text: decoded and checked at once."""
        if self.empty_is_false:
            return frozenset()
        nested = {field.top for field in self.fields if field.inner}
        return frozenset(field.top for field in self.fields if field.type == "text") - nested

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Top-level fields that must be there."""
        return tuple(dict.fromkeys(field.top for field in self.fields if not field.optional))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Fields of type number or integer."""
        return frozenset(field.path for field in self.fields if field.type in ("number", "integer"))

    @cached_property
    def decoder(self) -> msgspec.json.Decoder[Any]:
        """Decodes one record into a tuple-like struct of its top-level fields."""
        return msgspec.json.Decoder(
            msgspec.defstruct(
                "Record", [self._slot(top) for top in self.tops], gc=False, kw_only=True
            )
        )

    def _slot(self, top: str) -> Any:
        kind: Any = str if top in self.plain else msgspec.Raw
        if top in self.required and not self.empty_is_false:
            return (_identifier(top), kind, msgspec.field(name=top))
        absent = (kind | None, None) if kind is str else (kind, msgspec.Raw(b"null"))
        return (_identifier(top), absent[0], msgspec.field(default=absent[1], name=top))

    def explain(self, error: str) -> str:
        """A decoder's message in the words of the contract."""
        if found := re.search(r"Object missing required field `(.+?)`", error):
            return f"{found[1]} is missing"
        if found := re.search(r"Expected `(.+?)`, got `(.+?)` - at `\$\.(.+?)`", error):
            wanted = {"str": "text", "str | null": "text or nothing"}.get(found[1], found[1])
            return (
                f"{found[3]} should be {wanted}, found {'text' if found[2] == 'str' else found[2]}"
            )
        return error


def parse(declared: Mapping[str, str]) -> tuple[Field, ...]:
    """Fields from `{name: type}`; `ValueError` names the first that is not one."""
    fields = []
    for path, kind in declared.items():
        if not _FIELD.match(path):
            raise ValueError(f"'{path}' is not a field name such as orderNumber or product.code")
        if kind.removesuffix("?") not in TYPES:
            raise ValueError(
                f"{path}: '{kind}' is not one of {', '.join(TYPES)} (with ? when it may be missing)"
            )
        fields.append(Field(path, kind.removesuffix("?"), kind.endswith("?")))
    columns = [field.column.lower() for field in fields]
    if twice := {column for column in columns if columns.count(column) > 1}:
        raise ValueError(f"two fields would both be called {', '.join(sorted(twice))}")
    if taken := RESERVED & {*columns, *(field.top.lower() for field in fields)}:
        raise ValueError(
            f"every page has a column {', '.join(sorted(taken))} of its own; read the field as "
            "json_extract_string(record, '$.name')"
        )
    return tuple(fields)


def _identifier(top: str) -> str:
    return "f_" + re.sub(r"\W", "_", top)

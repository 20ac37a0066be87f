"""Sparkplug B: what is said on which topic, and its payload as the public `sparkplug_b.proto` has
it, with what a shop floor needs of it. Numbers that have to stay exact are strings: Sparkplug
knows no decimals.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

NAMESPACE = "spBv1.0"
BD_SEQ, REBIRTH = "bdSeq", "Node Control/Rebirth"
SEQUENCE = 256  # `seq` and `bdSeq` count to one less, and begin anew
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Value = str | int | bool | datetime


class Verb(StrEnum):
    """What a message says."""

    NODE_BIRTH = "NBIRTH"
    NODE_DEATH = "NDEATH"
    NODE_COMMAND = "NCMD"
    DEVICE_BIRTH = "DBIRTH"
    DEVICE_DATA = "DDATA"


class Datatype(IntEnum):
    """The kinds of value we use, by their number in Sparkplug."""

    INT64 = 4
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13


_FIELDS = {
    Datatype.INT64: "long_value",
    Datatype.BOOLEAN: "boolean_value",
    Datatype.STRING: "string_value",
    Datatype.DATETIME: "long_value",
}


class PayloadError(Exception):
    """It is no payload, or one nobody can read who has not seen the birth."""


@dataclass(frozen=True)
class Metric:
    """A value by its name, by its alias, or both. One without a value is null."""

    name: str = ""
    datatype: Datatype | None = None
    value: Value | None = None
    alias: int | None = None


@dataclass(frozen=True)
class Payload:
    """Metrics of one instant, UTC, told in milliseconds; a death has no `seq`."""

    timestamp: datetime
    metrics: tuple[Metric, ...]
    seq: int | None = None


def topic(group: str, verb: Verb, node: str, device: str = "") -> str:
    """Where it is said. The names may not hold `/`, `+` or `#`."""
    return "/".join(filter(None, (NAMESPACE, group, verb, node, device)))


def encode(payload: Payload) -> bytes:
    """The bytes of a payload. What has an alias and no name is data: its birth told its type."""
    message = _PAYLOAD(timestamp=_milliseconds(payload.timestamp), seq=payload.seq)
    for metric in payload.metrics:
        if metric.datatype is None:
            raise PayloadError(f"metric {metric.name or metric.alias} has no type")
        told = message.metrics.add(alias=metric.alias)
        if metric.name:
            told.name, told.datatype = metric.name, metric.datatype
        if metric.value is None:
            told.is_null = True
        else:
            setattr(told, _FIELDS[metric.datatype], _sent(metric.value))
    return bytes(message.SerializeToString(deterministic=True))


def decode(content: bytes, born: Mapping[int, Metric] | None = None) -> Payload:
    """The payload of bytes; `born` are the metrics of the birth by alias.

    Raises `PayloadError`.
    """
    message = _PAYLOAD()
    try:
        message.ParseFromString(content)
    except DecodeError as error:
        raise PayloadError(f"no Sparkplug payload: {error}") from error
    return Payload(
        timestamp=_instant(message.timestamp),
        metrics=tuple(_metric(told, born or {}) for told in message.metrics),
        seq=message.seq if message.HasField("seq") else None,
    )


def aliases(metrics: Iterable[Metric]) -> dict[int, Metric]:
    """The metrics of a birth by their alias."""
    return {metric.alias: metric for metric in metrics if metric.alias is not None}


def _metric(told: Any, born: Mapping[int, Metric]) -> Metric:
    alias = told.alias if told.HasField("alias") else None
    try:
        known = born[told.alias] if not told.name else None
        name = known.name if known else told.name
        datatype = (known and known.datatype) or Datatype(told.datatype)
    except (KeyError, ValueError):
        raise PayloadError(f"metric {told.name or alias} is of no known type") from None
    metric = Metric(name, datatype, None, alias)
    if told.is_null or told.WhichOneof("value") is None:
        return metric
    value = getattr(told, _FIELDS[datatype])
    return replace(metric, value=_instant(value) if datatype is Datatype.DATETIME else value)


def _sent(value: Value) -> str | int | bool:
    return _milliseconds(value) if isinstance(value, datetime) else value


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def _instant(milliseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise PayloadError(f"{milliseconds} ms is no time") from None


# The payload, as far as it is used here: the numbers are what makes others understand it.

_Field = descriptor_pb2.FieldDescriptorProto
_METRIC_FIELDS = (
    ("name", 1, _Field.TYPE_STRING),
    ("alias", 2, _Field.TYPE_UINT64),
    ("timestamp", 3, _Field.TYPE_UINT64),
    ("datatype", 4, _Field.TYPE_UINT32),
    ("is_historical", 5, _Field.TYPE_BOOL),
    ("is_transient", 6, _Field.TYPE_BOOL),
    ("is_null", 7, _Field.TYPE_BOOL),
)
_VALUE_FIELDS = (
    ("int_value", 10, _Field.TYPE_UINT32),
    ("long_value", 11, _Field.TYPE_UINT64),
    ("float_value", 12, _Field.TYPE_FLOAT),
    ("double_value", 13, _Field.TYPE_DOUBLE),
    ("boolean_value", 14, _Field.TYPE_BOOL),
    ("string_value", 15, _Field.TYPE_STRING),
    ("bytes_value", 16, _Field.TYPE_BYTES),
)
_PAYLOAD_FIELDS = (
    ("timestamp", 1, _Field.TYPE_UINT64),
    ("seq", 3, _Field.TYPE_UINT64),
    ("uuid", 4, _Field.TYPE_STRING),
    ("body", 5, _Field.TYPE_BYTES),
)


def _payload_class() -> Any:
    package = "org.eclipse.tahu.protobuf"
    file = descriptor_pb2.FileDescriptorProto(
        name="sparkplug_b.proto", package=package, syntax="proto2"
    )
    payload = file.message_type.add(name="Payload")
    payload.field.extend(_declared(_PAYLOAD_FIELDS))
    payload.field.add(
        name="metrics",
        number=2,
        type=_Field.TYPE_MESSAGE,
        label=_Field.LABEL_REPEATED,
        type_name=f".{package}.Payload.Metric",
    )
    metric = payload.nested_type.add(name="Metric")
    metric.oneof_decl.add(name="value")
    metric.field.extend(_declared(_METRIC_FIELDS))
    metric.field.extend(_declared(_VALUE_FIELDS, oneof_index=0))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Payload"))


def _declared(
    fields: Iterable[tuple[str, int, Any]], **more: Any
) -> Iterator[descriptor_pb2.FieldDescriptorProto]:
    for name, number, kind in fields:
        yield _Field(name=name, number=number, type=kind, label=_Field.LABEL_OPTIONAL, **more)


_PAYLOAD = _payload_class()

"""The shop floor of the group on an MQTT broker: machines publish, and their MES subscribes.

An edge node stands for a plant, a device for a machine. What a machine tells is what came of a
piece of work, never a raw signal: a count, material used, minutes worked, a stop. The MES knows
nothing of these but what the subscription brings, and only what it brings.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Any, get_args, get_type_hints
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from app.clock import Clock, SystemClock
from app.demo.group import Happening, Kind
from app.demo.systems.sparkplug import (
    BD_SEQ,
    NAMESPACE,
    REBIRTH,
    SEQUENCE,
    Datatype,
    Metric,
    Payload,
    PayloadError,
    Value,
    Verb,
    aliases,
    decode,
    encode,
    topic,
)
from app.demo.wire import CarrierError, System

TOLD = frozenset(
    {
        Kind.OPERATION_COMPLETED,
        Kind.OPERATION_SCRAPPED,
        Kind.OPERATION_REWORKED,
        Kind.COMPONENT_ISSUED,
        Kind.COMPONENT_RETURNED,
        Kind.LABOUR_BOOKED,
        Kind.DOWNTIME_STARTED,
        Kind.DOWNTIME_ENDED,
    }
)
# What a machine knows of what it did; the plant is its node.
_SAID = (
    "no", "at", "kind", "item", "lot", "quantity", "unit", "from_place", "to_place", "order_no",
    "operation", "equipment", "minutes", "since", "reason", "reverses",
)  # fmt: skip
_TYPES: Mapping[type, Datatype] = {int: Datatype.INT64, datetime: Datatype.DATETIME}
_PORT = 1883
_WAITS = 30.0  # seconds for what has to come
_AHEAD = 200  # messages under way at most, so that no broker has to throw any away
_FLOOR = "floor"  # the device where a happening names no machine


@dataclass(frozen=True)
class Address:
    """An MQTT broker, and who we are there; nobody in particular without a user."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)


def address(broker: str) -> Address:
    """The broker at `mqtt://user:password@host:port`. Raises `ValueError`, with no password."""
    url = urlsplit(broker)
    try:
        port = url.port or _PORT
    except ValueError:
        raise ValueError("the port of the MQTT broker is no number") from None
    if url.scheme != "mqtt" or not url.hostname or url.path.strip("/") or url.query:
        raise ValueError("an MQTT broker is given as mqtt://host:port")
    return Address(url.hostname, port, unquote(url.username or ""), unquote(url.password or ""))


def _datatypes() -> dict[str, Datatype]:
    """The type of each metric, from that of the field."""
    hints = get_type_hints(Happening)
    plain = {name: _plain(hints[name]) for name in _SAID}
    return {name: _TYPES.get(kind, Datatype.STRING) for name, kind in plain.items()}


def _plain(hint: Any) -> Any:
    """The type of a field that may be empty."""
    return get_args(hint)[0] if isinstance(hint, UnionType) else hint


_DATATYPES = _datatypes()
_ALIAS = {name: number for number, name in enumerate(_SAID, 1)}


WORDS = tuple(Metric(name, _DATATYPES[name], None, _ALIAS[name]) for name in _SAID)


def told(happening: Happening) -> tuple[Metric, ...]:
    """What a machine says of a happening: by alias, and only what is not empty."""
    values = {name: getattr(happening, name) for name in _SAID}
    return tuple(
        Metric("", _DATATYPES[name], _value(value), _ALIAS[name])
        for name, value in values.items()
        if value not in (None, "")
    )


def heard(plant: str, metrics: Sequence[Metric]) -> Happening:
    """What was said, as a happening of a plant.

    Raises `PayloadError` where no machine of the group would say so.
    """
    values: dict[str, Any] = {"plant": plant}
    try:
        for metric in metrics:
            if metric.datatype is not _DATATYPES[metric.name]:
                raise ValueError(metric.name)
            values[metric.name] = _READS.get(metric.name, _as_is)(metric.value)
        return Happening(**values)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise PayloadError("no machine of the group would say so") from error


def _as_is(value: Any) -> Any:
    return value


def _exact(value: str) -> Decimal:
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{value} is no quantity")
    return number


_READS: Mapping[str, Callable[[Any], Any]] = {
    "kind": Kind,
    "quantity": _exact,
    "minutes": _exact,
}


def _value(value: int | str | Decimal | datetime | date) -> Value:
    return value if isinstance(value, int | datetime) else str(value)


class EdgeNode:
    """The edge node of a plant. It is born when it connects, and dies with its connection.

    Raises `CarrierError` where the broker is not there.
    """

    def __init__(self, server: Address, group: str, plant: str, machine: Clock) -> None:
        self._server, self._group, self._plant = server, group, plant
        self._machine = machine
        self._devices: set[str] = set()
        self._seq = 0
        self._births = -1  # of the node in this run: `bdSeq` of the last
        self._at = machine.now()
        self._lock = threading.RLock()  # a rebirth is asked for in the thread of the client
        self._client: Client | None = None

    def connect(self) -> None:
        """Be born. What was told of another life has to be told anew."""
        with self._lock:
            if self._client is not None:
                _leave(self._client)
            self._births = (self._births + 1) % SEQUENCE
            self._client = client = _client(self._server, f"{self._group}-{self._plant}")
            client.on_message = self._commanded
            client.will_set(self._topic(Verb.NODE_DEATH), encode(self._death()), qos=1)
            _connect(client, self._server, self._machine)
            client.subscribe(self._topic(Verb.NODE_COMMAND), qos=1)
            self._be_born()

    def tell(self, happening: Happening, at: datetime) -> None:
        """Say what a machine did, entered `at` an instant."""
        with self._lock:
            self._at = at
            if self._client is None or not self._client.is_connected():
                self.connect()
            device = happening.equipment or _FLOOR
            if device not in self._devices:
                self._devices.add(device)
                self._device_birth(device)
            self._publish(Verb.DEVICE_DATA, told(happening), device)

    def close(self) -> None:
        """Die as one should: say so, and go."""
        if self._client is not None:
            # Nobody hears the will of one who says goodbye.
            death = self._client.publish(self._topic(Verb.NODE_DEATH), encode(self._death()), qos=1)
            with contextlib.suppress(RuntimeError, ValueError):
                death.wait_for_publish(_WAITS)
            _leave(self._client)
            self._client = None

    def _be_born(self) -> None:
        """The node first, then every machine there is: whoever listens has to know their words."""
        self._seq = 0
        control = Metric(REBIRTH, Datatype.BOOLEAN, value=False)
        self._publish(Verb.NODE_BIRTH, (*self._death().metrics, control))
        for device in sorted(self._devices):
            self._device_birth(device)

    def _device_birth(self, device: str) -> None:
        self._publish(Verb.DEVICE_BIRTH, WORDS, device)

    def _death(self) -> Payload:
        return Payload(self._at, (Metric(BD_SEQ, Datatype.INT64, self._births),))

    def _commanded(self, client: Client, _: object, message: MQTTMessage) -> None:
        """A host that came late asks for all births."""
        with contextlib.suppress(PayloadError):
            asked = {metric.name: metric.value for metric in decode(bytes(message.payload)).metrics}
            # Who leaves waits for this thread: it may not wait for him for ever.
            if asked.get(REBIRTH) and self._lock.acquire(timeout=1):
                try:
                    self._be_born()
                finally:
                    self._lock.release()

    def _publish(self, verb: Verb, metrics: tuple[Metric, ...], device: str = "") -> None:
        payload = encode(Payload(self._at, metrics, self._seq))
        self._seq = (self._seq + 1) % SEQUENCE
        if self._client is not None:
            self._client.publish(self._topic(verb, device), payload)

    def _topic(self, verb: Verb, device: str = "") -> str:
        return topic(self._group, verb, self._plant, device)


@dataclass
class _Life:
    """What a host knows of a node."""

    birth: int
    seq: int = 0
    is_alive: bool = True
    devices: dict[str, dict[int, Metric]] = field(default_factory=dict)


class Host:
    """Listens to all nodes of a group, from before the first is born."""

    def __init__(self, server: Address, group: str, machine: Clock) -> None:
        self._lives: dict[str, _Life] = {}
        self._came: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        answers: queue.SimpleQueue[Sequence[ReasonCode]] = queue.SimpleQueue()
        self._client = _client(server, f"{group}-host")
        self._client.on_message = lambda _client, _data, message: self._came.put(
            (message.topic, bytes(message.payload))
        )
        self._client.on_subscribe = lambda _client, _data, _id, codes, _more: answers.put(codes)
        _connect(self._client, server, machine)
        self._client.subscribe(f"{NAMESPACE}/{group}/#", qos=1)
        try:
            refused = [str(code) for code in answers.get(timeout=_WAITS) if code.is_failure]
        except queue.Empty:
            refused = ["it does not answer"]
        if refused:
            _leave(self._client)
            where = f"MQTT broker at {server.host}:{server.port}"
            raise CarrierError(f"{where} takes no subscription: {', '.join(refused)}")

    def close(self) -> None:
        """Listen no more."""
        _leave(self._client)

    def is_alive(self, plant: str) -> bool:
        """Whether a node was born and did not die, by what `data` has read."""
        return plant in self._lives and self._lives[plant].is_alive

    def data(self, waits: float) -> tuple[Happening, datetime] | None:
        """What the next machine says, and when it was entered; None if none does in that time.

        Raises `CarrierError` where a message is missing, or the words of it are.
        """
        while True:
            try:
                place, content = self._came.get(timeout=waits)
            except queue.Empty:
                return None
            if said := self._read(place, content):
                return said

    def _read(self, place: str, content: bytes) -> tuple[Happening, datetime] | None:
        _, _, verb, node, device, *_ = *place.split("/"), "", "", ""
        life = self._lives.get(node)
        try:
            if not node:
                return None  # somebody speaks on a topic of his own
            if verb == Verb.NODE_BIRTH:
                self._lives[node] = _Life(_birth_of(decode(content)))
            elif verb == Verb.NODE_DEATH and life:
                # The death of an earlier life may come late.
                life.is_alive &= _birth_of(decode(content)) != life.birth
            elif verb == Verb.DEVICE_BIRTH and life:
                born = decode(content)
                self._count(place, life, born)
                life.devices[device] = aliases(born.metrics)
            elif verb == Verb.DEVICE_DATA and life and life.is_alive:
                said = decode(content, life.devices.get(device))
                self._count(place, life, said)
                return heard(node, said.metrics), said.timestamp
            elif verb == Verb.DEVICE_DATA:
                raise PayloadError("its node is not alive")
        except PayloadError as error:
            raise CarrierError(f"{place}: {error}") from error
        return None

    def _count(self, place: str, life: _Life, payload: Payload) -> None:
        life.seq = (life.seq + 1) % SEQUENCE
        if payload.seq != life.seq:
            raise CarrierError(f"{place}: number {payload.seq} came where {life.seq} was to come")


def _birth_of(payload: Payload) -> int:
    for metric in payload.metrics:
        if metric.name == BD_SEQ and isinstance(metric.value, int):
            return metric.value
    raise PayloadError(f"it has no {BD_SEQ}")


class ShopFloor:
    """Edge nodes of some plants, a host, and the MES of each plant that is told by it."""

    def __init__(self, server: Address, group: str, machine: Clock | None = None) -> None:
        self._server, self._group, self._machine = server, group, machine or SystemClock()
        self._where = f"{server.host}:{server.port}"
        self._nodes: dict[str, EdgeNode] = {}
        self._keepers: dict[str, System] = {}
        self._ahead = 0
        self.host = Host(server, group, self._machine)

    def plant(self, code: str, keeper: System) -> "Line":
        """The way to the MES of a plant."""
        self._keepers[code] = keeper
        self._nodes[code] = node = EdgeNode(self._server, self._group, code, self._machine)
        node.connect()
        return Line(self, code, keeper)

    def tell(self, plant: str, happening: Happening, at: datetime) -> None:
        """A machine says something."""
        self._nodes[plant].tell(happening, at)
        self._ahead += 1
        if self._ahead >= _AHEAD:
            self.pass_on()

    def pass_on(self) -> None:
        """Let every MES hear what its machines have said. Raises `CarrierError` where it is lost.

        It is entered in the order it came.
        """
        while self._ahead:
            said = self.host.data(_WAITS)
            if said is None:
                raise CarrierError(
                    f"MQTT broker at {self._where}: {self._ahead} messages never came"
                )
            happening, at = said
            if happening.plant not in self._keepers:
                raise CarrierError(
                    f"MQTT broker at {self._where}: no MES listens to {happening.plant}"
                )
            self._keepers[happening.plant].hear(happening, at)
            self._ahead -= 1

    def pass_time(self, until: datetime) -> None:
        """Everything before an instant was told: let it be heard."""
        self.pass_on()

    def close(self) -> None:
        """All nodes die, and nobody listens."""
        for node in self._nodes.values():
            node.close()
        self.host.close()


@dataclass(frozen=True)
class Line:
    """The MES of a plant, which hears its machines over the broker, and all else itself."""

    _floor: ShopFloor
    _plant: str
    _keeper: System

    def hear(self, happening: Happening, at: datetime | None = None) -> None:
        """Enter something of this plant `at` an instant, by default when it happened."""
        if happening.kind in TOLD and happening.plant == self._plant:
            self._floor.tell(self._plant, happening, at or happening.at)
        else:
            self._floor.pass_on()
            self._keeper.hear(happening, at)


class Direct:
    """A shop floor without a broker: every MES hears its machines itself."""

    def plant(self, code: str, keeper: System) -> System:
        """The way to the MES of a plant."""
        return keeper

    def pass_time(self, until: datetime) -> None:
        """Nothing is under way."""


@contextlib.contextmanager
def opened(server: Address | None, group: str) -> Iterator[ShopFloor | Direct]:
    """A shop floor, on a broker where there is one, under a Sparkplug group of its own."""
    if server is None:
        yield Direct()
        return
    with contextlib.closing(ShopFloor(server, group)) as floor:
        yield floor


def _client(server: Address, name: str) -> Client:
    client = Client(CallbackAPIVersion.VERSION2, client_id=name, reconnect_on_failure=False)
    if server.user:
        client.username_pw_set(server.user, server.password)
    return client


def _leave(client: Client) -> None:
    """Say goodbye, and hold on to nothing: a client that is let go closes its sockets."""
    client.disconnect()
    client.loop_stop()
    client.on_message = client.on_connect = client.on_subscribe = None


def _connect(client: Client, server: Address, machine: Clock) -> None:
    """Connect, and wait until the broker has said yes."""
    where = f"MQTT broker at {server.host}:{server.port}"
    answered: list[str] = []
    client.on_connect = lambda _client, _data, _flags, code, _more: answered.append(str(code))
    try:
        client.connect(server.host, server.port)
    except OSError as error:
        raise CarrierError(f"{where}: {error.strerror or error}") from error
    client.loop_start()
    ends = machine.monotonic() + _WAITS
    while not answered and machine.monotonic() < ends:
        machine.sleep(0.01)
    if answered != ["Success"]:
        _leave(client)
        raise CarrierError(f"{where}: {', '.join(answered) or 'it does not answer'}")

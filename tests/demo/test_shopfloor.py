"""Machines on a real Mosquitto: what they say, when they are born, and when they die."""

import itertools
import queue
import socket
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from app.clock import SystemClock
from app.demo import shopfloor
from app.demo.group import Happening, Kind
from app.demo.shopfloor import TOLD, EdgeNode, Host, ShopFloor, heard, told
from app.demo.systems.sparkplug import (
    BD_SEQ,
    REBIRTH,
    Datatype,
    Metric,
    Payload,
    Verb,
    aliases,
    decode,
    encode,
    topic,
)
from app.demo.wire import CarrierError
from tests.demo import mosquitto
from decimal import Decimal

AT = datetime(2026, 10, 1, 6, tzinfo=UTC)
WAITS = 20.0
DONE = Happening(
    7, AT, "1000", Kind.OPERATION_COMPLETED, item="500001", lot="L1", quantity=Decimal("12.125"),
    unit="KG", order_no="1000047", operation="0010", equipment="M-1",
)  # fmt: skip
_groups = (f"test-{number}" for number in itertools.count())


def later(minutes):
    return AT + timedelta(minutes=minutes)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if why := mosquitto.missing():
        pytest.skip(f"no Mosquitto can be started here: {why}")
    with mosquitto.broker(tmp_path_factory.mktemp("mqtt")) as address:
        yield shopfloor.address(address)


@pytest.fixture
def group():
    return next(_groups)


class Book:
    """A MES that writes down what it hears."""

    def __init__(self):
        self.heard = []

    def hear(self, happening, at=None):
        self.heard.append((happening, at))


@contextmanager
def listening(server, group):
    """Whatever is said in a group, as it comes: verb, place, bytes."""
    came, ready = queue.SimpleQueue(), queue.SimpleQueue()
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: came.put(
        (message.topic, bytes(message.payload))
    )
    client.on_subscribe = ready.put_nowait_all = lambda *_told: ready.put(True)
    client.connect(server.host, server.port)
    client.subscribe(f"spBv1.0/{group}/#", qos=1)
    client.loop_start()
    ready.get(timeout=WAITS)
    try:
        yield client, came
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_happening_survives_being_said():
    stop = Happening(
        9, AT, "1000", Kind.DOWNTIME_ENDED, equipment="M-1", since=later(-9), reason="jam",
        reverses=8, minutes=Decimal("0.5"), quantity=Decimal("-3"),
    )  # fmt: skip
    births = aliases(metric for metric in named())
    for happening in (DONE, stop):
        said = decode(encode(Payload(AT, told(happening), 1)), births)
        assert heard("1000", said.metrics) == happening


def named():
    """The metrics of a device, as its birth tells them."""
    return [replace(metric, name=name, value=None) for name, metric in by_name().items()]


def by_name():
    full = replace(DONE, since=AT, reason="x", reverses=1, from_place="A", to_place="B")
    return {name: metric for name, metric in zip(shopfloor._SAID, told(full), strict=True)}

"""The middleware of the group: every interface a queue of the broker, every message with what it
carries.
"""

from datetime import datetime
from typing import Protocol

from app.demo.group import Happening
from app.demo.systems.broker import Message
from app.demo.systems.erp import correlation
from app.demo.wire import INTERFACES

REFUSED = "422 material is locked by another user"


class Log(Protocol):
    """What a broker lets one do with messages: the embedded one, and a real one. Instants are UTC.

    Beside each work queue there is one for those that come back, and one for dead letters.
    """

    def declare(self, queue: str, at: datetime) -> None:
        """Make a work queue and the two beside it."""

    def publish(self, queue: str, message: Message, at: datetime) -> None:
        """Put a message at the end of a queue."""

    def take(self, queue: str, message_id: str, at: datetime) -> object:
        """Deliver a message and have it acknowledged."""

    def retry(self, queue: str, message_id: str, at: datetime) -> None:
        """Deliver a message that is rejected."""

    def redeliver(self, queue: str, message_id: str, at: datetime) -> None:
        """Let a message come back."""

    def give_up(self, queue: str, message_id: str, at: datetime, error: str) -> None:
        """Deliver a message that goes to the dead letters."""

    def attach(self, queue: str) -> None:
        """Somebody consumes."""

    def detach(self, queue: str) -> None:
        """Nobody does any more."""


class Middleware:
    """Carries the messages of a wire through a broker, whose clocks are the wire's."""

    def __init__(self, broker: Log, at: datetime) -> None:
        self._broker = broker
        self._stopped: set[str] = set()
        for interface in INTERFACES:
            broker.declare(interface.name, at)
            broker.attach(interface.name)

    def publish(self, queue: str, number: int, happening: Happening, at: datetime) -> None:
        """Put the message into the queue of its interface."""
        self._broker.publish(queue, _message(queue, number, happening), at)

    def refuse(self, queue: str, number: int, happening: Happening, at: datetime) -> None:
        """It goes to the retry queue, and comes back from there; if somebody listens at all."""
        if queue in self._stopped:
            return
        self._broker.retry(queue, _id(number), at)
        self._broker.redeliver(queue, _id(number), at)

    def take(self, queue: str, number: int, happening: Happening, at: datetime) -> None:
        """It is delivered and gone."""
        self._broker.take(queue, _id(number), at)

    def give_up(self, queue: str, number: int, happening: Happening, at: datetime) -> None:
        """It lies among the dead letters until somebody does something about it."""
        self._broker.give_up(queue, _id(number), at, REFUSED)

    def stop(self, queue: str, at: datetime) -> None:
        """The consumer of a queue is gone."""
        self._broker.detach(queue)
        self._stopped.add(queue)

    def start(self, queue: str, at: datetime) -> None:
        """It is back."""
        self._broker.attach(queue)
        self._stopped.discard(queue)


def _id(number: int) -> str:
    return f"m-{number:08}"


def _message(queue: str, number: int, h: Happening) -> Message:
    known_as = correlation(h)
    body = {
        "correlation_id": known_as,
        "order": h.order_no.lstrip("0"),
        "operation": h.operation,
        "item": h.item.lstrip("0"),
        "lot": h.lot,
        "quantity": str(h.quantity),
        "unit": h.unit,
        "plant": h.plant,
    }
    return Message(
        message_id=_id(number),
        correlation_id=known_as,
        type=h.kind.value,
        app_id=queue.split(".", 1)[0],
        timestamp=h.at,
        body={name: value for name, value in body.items() if value},
    )

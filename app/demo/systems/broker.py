"""The middleware of the group: queues in memory, with the management interface of a RabbitMQ.

Every work queue has a queue `<name>.retry`, whose messages come back after a while, and one
`<name>.dlq` for those that were given up. The broker moves a message from work to retry and back,
and writes down its deaths; the one who gives up moves it to the last queue himself, with its
history and his error. That is why a message given up at once has no history.
"""

import base64
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from app.clock import Clock
from app.demo.replay import Answer

RETRY, DEAD = ".retry", ".dlq"
VHOST = "/"
RETRY_AFTER_MS = 60_000
LOOKING = "ack_requeue_true"


@dataclass(frozen=True)
class Message:
    """What a sender, `app_id`, says: `timestamp` is when it happened, UTC, in whole seconds.

    The body names order, operation, item, lot, quantity (a decimal as text, in `unit`), unit, plant
    and correlation_id; what does not apply is left out.
    """

    message_id: str
    correlation_id: str
    type: str
    app_id: str
    timestamp: datetime
    body: Mapping[str, str]


@dataclass
class _Held:
    """A message in a queue: the key it came with, and the headers it has gathered."""

    message: Message
    routing_key: str
    headers: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Queue:
    name: str
    arguments: Mapping[str, Any]
    idle_since: datetime
    consumers: int = 0
    published: int = 0
    delivered: list[datetime] = field(default_factory=list)
    acknowledged: list[datetime] = field(default_factory=list)
    held: list[_Held] = field(default_factory=list)

    def put(self, held: _Held, at: datetime) -> None:
        self.held.append(held)
        self.idle_since = at

    def remove(self, message_id: str, at: datetime) -> _Held:
        for place, held in enumerate(self.held):
            if held.message.message_id == message_id:
                self.idle_since = at
                return self.held.pop(place)
        raise KeyError(f"{self.name} holds no message {message_id}")


class Broker:
    """A broker with one user, who may look at everything. Its state may change in any thread.

    `KeyError` where a queue or message is not there. All instants are UTC; averages are of the time
    before `clock`.
    """

    def __init__(self, user: str, password: str, clock: Clock) -> None:
        self._clock = clock
        self._credentials = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._queues: dict[str, _Queue] = {}
        self._lock = threading.Lock()

    def declare(self, queue: str, at: datetime) -> None:
        """Make a work queue and the two beside it; one that is there already stays as it is."""
        retry = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": f"{queue}{RETRY}"}
        back: dict[str, Any] = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue}
        back |= {"x-message-ttl": RETRY_AFTER_MS}
        with self._lock:
            for name, arguments in ((queue, retry), (f"{queue}{RETRY}", back), (queue + DEAD, {})):
                self._queues.setdefault(name, _Queue(name, arguments, at))

    def publish(self, queue: str, message: Message, at: datetime) -> None:
        """Put a message at the end of a queue."""
        with self._lock:
            self._publish(queue, _Held(message, queue), at)

    def take(self, queue: str, message_id: str, at: datetime) -> Message:
        """Deliver a message and have it acknowledged: it is gone."""
        with self._lock:
            return self._take(queue, message_id, at).message

    def retry(self, queue: str, message_id: str, at: datetime) -> None:
        """Deliver a message that is rejected: it waits in the retry queue."""
        with self._lock:
            self._die(queue, queue + RETRY, message_id, at, "rejected")
            self._queues[queue].delivered.append(at)

    def redeliver(self, queue: str, message_id: str, at: datetime) -> None:
        """Let a message come back from the retry queue to its work queue, as its time is over."""
        with self._lock:
            self._die(queue + RETRY, queue, message_id, at, "expired")

    def give_up(self, queue: str, message_id: str, at: datetime, error: str) -> None:
        """Deliver a message that nobody will ever take: it goes to the dead letters, with why."""
        with self._lock:
            held = self._take(queue, message_id, at)
            dead = _Held(held.message, queue + DEAD, held.headers | {"x-error": error})
            self._publish(queue + DEAD, dead, at)

    def attach(self, queue: str) -> None:
        """One consumer more."""
        with self._lock:
            self._queues[queue].consumers += 1

    def detach(self, queue: str) -> None:
        """One consumer less. `ValueError` where there is none."""
        with self._lock:
            if not self._queues[queue].consumers:
                raise ValueError(f"{queue} has no consumer")
            self._queues[queue].consumers -= 1

    def pass_time(self, until: datetime) -> None:
        """Nothing is done by the clock, and statistics are never late."""

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request to the management interface: queues, one queue, a look at its messages."""
        if headers.get("Authorization") != self._credentials:
            return _told(401, {"error": "not_authorized", "reason": "Login failed"})
        url = urlsplit(path)
        parts = [unquote(part) for part in url.path.removeprefix("/api/").split("/")]
        age = timedelta(seconds=int(parse_qs(url.query).get("msg_rates_age", ["0"])[0]))
        with self._lock:
            match method, parts:
                case "GET", ["queues"] | ["queues", "/"]:
                    return _told(200, [self._listed(name, age) for name in sorted(self._queues)])
                case "GET", ["queues", "/", name] if name in self._queues:
                    return _told(200, self._listed(name, age))
                case "POST", ["queues", "/", name, "get"] if name in self._queues:
                    return _looked(self._queues[name], json.loads(body))
        return _told(404, {"error": "Object Not Found", "reason": "Not Found"})

    def _listed(self, name: str, age: timedelta) -> dict[str, Any]:
        return _shown(self._queues[name], self._clock.now(), age)

    def _publish(self, queue: str, held: _Held, at: datetime) -> None:
        self._queues[queue].put(held, at)
        self._queues[queue].published += 1

    def _take(self, queue: str, message_id: str, at: datetime) -> _Held:
        held = self._queues[queue].remove(message_id, at)
        self._queues[queue].delivered.append(at)
        self._queues[queue].acknowledged.append(at)
        return held

    def _die(self, queue: str, to: str, message_id: str, at: datetime, reason: str) -> None:
        """What a broker moves by itself counts neither as published nor as acknowledged."""
        held = self._queues[queue].remove(message_id, at)
        self._queues[to].put(_Held(held.message, to, _died(held, queue, reason, at)), at)


def _died(held: _Held, queue: str, reason: str, at: datetime) -> dict[str, Any]:
    """The headers after one more death. Deaths alike are counted and keep the time of the first."""
    deaths = held.headers.get("x-death", [])
    new = {
        "count": 0,
        "exchange": "",
        "queue": queue,
        "reason": reason,
        "routing-keys": [held.routing_key],
        "time": int(at.timestamp()),
    }
    alike = [death for death in deaths if (death["queue"], death["reason"]) == (queue, reason)]
    death = (alike or [new])[0]
    first = {"exchange": "", "queue": queue, "reason": reason}
    return {
        **{f"x-first-death-{name}": value for name, value in first.items()},
        **held.headers,
        "x-death": [
            death | {"count": death["count"] + 1},
            *(other for other in deaths if other not in alike),
        ],
    }


def _shown(queue: _Queue, now: datetime, age: timedelta) -> dict[str, Any]:
    """A queue as the interface lists it; it has no statistics before its first message, and
    averages only where they are asked for.
    """
    waiting = len(queue.held)
    times = {"deliver": queue.delivered, "ack": queue.acknowledged}
    stats: dict[str, Any] = {"publish": queue.published, "redeliver": 0}
    stats |= {name: len(instants) for name, instants in times.items()}
    stats |= averages(times, now, age) if age else {}
    head = int(queue.held[0].message.timestamp.timestamp()) if queue.held else None
    return {
        "arguments": dict(queue.arguments),
        "auto_delete": False,
        "consumers": queue.consumers,
        "durable": True,
        "effective_policy_definition": {},
        "exclusive": False,
        "head_message_timestamp": head,
        "idle_since": queue.idle_since.astimezone(UTC).isoformat(timespec="milliseconds"),
        **({"message_stats": stats} if queue.published or queue.delivered else {}),
        "messages": waiting,
        "messages_ready": waiting,
        "messages_unacknowledged": 0,
        "name": queue.name,
        "policy": None,
        "state": "running",
        "type": "classic",
        "vhost": VHOST,
    }


def averages(
    times: Mapping[str, Sequence[datetime]], now: datetime, age: timedelta
) -> dict[str, dict[str, float]]:
    """What was done a second in the time before `now`, by its name; `times` are in their order."""
    since, seconds = now - age, age.total_seconds()
    return {
        f"{name}_details": {
            "avg_rate": len([*takewhile(lambda at: at > since, reversed(instants))]) / seconds
        }
        for name, instants in times.items()
    }


def encoded(message: Message) -> bytes:
    """The payload of a message."""
    return json.dumps(dict(message.body)).encode()


def _looked(queue: _Queue, asked: Mapping[str, Any]) -> Answer:
    """The first messages of a queue, which stay where they are."""
    if asked.get("ackmode") != LOOKING:
        return _told(400, {"error": "bad_request", "reason": f"only {LOOKING} is allowed here"})
    last = len(queue.held) - 1
    chosen = queue.held[: int(asked.get("count", 1))]
    return _told(200, [_letter(held, last - number) for number, held in enumerate(chosen)])


def _letter(held: _Held, left: int) -> dict[str, Any]:
    """A message as it is read, `left` behind it."""
    message, payload = held.message, encoded(held.message)
    properties = {
        "app_id": message.app_id,
        "type": message.type,
        "timestamp": int(message.timestamp.timestamp()),
        "message_id": message.message_id,
        "correlation_id": message.correlation_id,
        "delivery_mode": 2,
        **({"headers": held.headers} if held.headers else {}),
        "content_type": "application/json",
    }
    return {
        "payload_bytes": len(payload),
        "redelivered": False,
        "exchange": "",
        "routing_key": held.routing_key,
        "message_count": left,
        "properties": properties,
        "payload": payload.decode(),
        "payload_encoding": "string",
    }


def _told(status: int, document: Any) -> Answer:
    return status, json.dumps(document).encode(), {}

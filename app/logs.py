"""Logging: events with fields, on stderr, as text or as one JSON object a line.

Never payloads, tokens or names.
"""

import json
import logging
import sys
from datetime import UTC, datetime

_BUILT_IN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        event = f"{record.levelname.lower():7} {record.getMessage()}"
        return f"{_when(record):%H:%M:%S} {event} {fields}".rstrip()


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": _when(record).isoformat(),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            **_fields(record),
        }
        return json.dumps(told, default=str, ensure_ascii=False)


def configure(level: str, form: str) -> None:
    """Set up the root logger; libraries that log addresses are kept quiet."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("httpx", "httpcore", "apscheduler", "werkzeug", "waitress", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # its errors are raised as well


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _BUILT_IN}


def _when(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)

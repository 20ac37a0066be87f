"""What the environment says: where the landscape is, how to log, what secrets stand for."""

import os
import re
import stat
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

# scheme://user:password@host:port/name, where only the one @ before the host is left as it is
_SERVER = re.compile(
    r"[\w+]+://([^:/@]*(:[^@]*)?@)?(\[[^\]/@]*\]|[^:/@?\[]*)(:\d+)?([/?][^@]*)?", re.DOTALL
)


class SecretError(Exception):
    """A secret cannot be had. The message names the reference, never the value."""


class Settings(BaseSettings):
    """`TIEOUT_*` of the environment."""

    model_config = SettingsConfigDict(
        env_prefix="TIEOUT_", extra="ignore", hide_input_in_errors=True
    )

    landscape: Path = Field(default=Path(), description="Folder of the landscape")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING", description="What the log on stderr holds"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="One line of text or one JSON object an event"
    )
    memory_limit: str | None = Field(
        default=None,
        description="Memory DuckDB may take, e.g. 4GB; default: its own 80 % of the machine",
    )
    host: str = Field(
        default="127.0.0.1", description="Address the web server listens on; only loopback"
    )
    port: int = Field(default=8050, ge=1, le=65535, description="Port of the web server")


def secret(reference: str, base: Path) -> str:
    """The value behind `env:NAME` or `file:PATH` (relative to `base`). Raises `SecretError`."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name)  # noqa: TID251 - here is where it is read
        if not value:
            raise SecretError(f"{reference}: the environment variable is not set")
        return value
    path = base / name
    try:
        if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
            raise SecretError(
                f"{reference}: everyone on this machine can read the file; chmod 600 it"
            )
        value = path.read_text("utf-8").strip()
    except OSError as error:
        raise SecretError(f"{reference}: {error.strerror}") from error
    except ValueError:
        raise SecretError(f"{reference}: not a file with one secret as text") from None
    if not value:
        raise SecretError(f"{reference}: the file is empty")
    return value


def database(reference: str, base: Path) -> str:
    """The URL of a database behind a reference. Raises `SecretError`, which shows nothing of it.

    An @ in a password would make the rest of it a host, which every message names.
    """
    url = secret(reference, base)
    server = url.partition("://")[2]
    if server and not server.startswith("/") and not _SERVER.fullmatch(url):
        raise SecretError(
            f"{reference}: not an address such as postgresql://user:password@host:5432/name; "
            "percent-encode user and password: @ is %40, / is %2F, : is %3A, % is %25"
        )
    return url

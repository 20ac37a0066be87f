"""OAuth 2 client credentials: one token, asked for when needed or when the last is refused."""

import re
import threading
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import msgspec

from collectors.client import Allowed, Client, Clock
from collectors.errors import SourceDeniedError


class _Token(msgspec.Struct):
    access_token: str


class ClientCredentials:
    """The token of one source, fetched from its token endpoint by the one HTTP client."""

    def __init__(
        self,
        source: str,
        token_url: str,
        client_id: str,
        client_secret: str,
        scope: str | None,
        clock: Clock,
        ca_file: str | None = None,
    ) -> None:
        parts = urlsplit(token_url)
        self._path = parts.path
        self._client = Client(
            source,
            f"{parts.scheme}://{parts.netloc}",
            clock,
            allowed=[Allowed("POST", re.escape(self._path))],
            ca_file=ca_file,
        )
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._form = urlencode(form | ({"scope": scope} if scope else {})).encode()
        self._token: str | None = None
        self._lock = threading.Lock()

    def headers(self) -> Mapping[str, str]:
        """The header that carries the token."""
        with self._lock:
            if self._token is None:
                self._token = self._fetch()
            return {"Authorization": f"Bearer {self._token}"}

    def refresh(self) -> bool:
        """Forget the token; the next request fetches another."""
        with self._lock:
            self._token = None
        return True

    def _fetch(self) -> str:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._client.ask("POST", self._path, content=self._form, headers=headers)
        try:
            token = msgspec.json.decode(answer.body, type=_Token).access_token
        except msgspec.DecodeError as error:
            raise SourceDeniedError(
                self._client.source, f"the token endpoint gave no access_token: {error}"
            ) from error
        return token

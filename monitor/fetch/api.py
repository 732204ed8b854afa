"""A chat endpoint over HTTP: `POST {base_url}/chat/completions`, as OpenAI and the servers that follow it understand it.

The address is the user's own setting, so that it may lead into the user's own network. Nothing else is granted to it: no redirect, no cookie,
no proxy from the environment, a limit on the body, and one deadline for everything.
"""

from __future__ import annotations

import json
from typing import Any

import httpcore
import httpx

from monitor.core.chat import Completion, Prompt
from monitor.errors import BodyTooLargeError, ConfigError, FetchError, PermanentError, TransientError
from monitor.fetch.dial import Exchange, GuardedBackend, Timeouts
from monitor.fetch.guard import Guard, resolve_host
from monitor.fetch.inflate import ACCEPT_ENCODING, Inflater

#: An answer of a thousand tokens has some kilobytes; servers that think aloud send some more.
MAX_BODY_BYTES = 2 * 1024 * 1024
#: What servers say that do not know `response_format` with a schema.
_UNKNOWN_FORMAT = frozenset({400, 422, 501})
#: What passes by itself: too early, too often, and what a server or a proxy says of its own troubles.
_PASSING = frozenset({408, 409, 425, 429})
_ANYWHERE = ("0.0.0.0/0", "::/0")


class ChatEndpoint:
    """Implements `ports.ChatModel`. It is asked once an article; whether to try again is nobody's question, as another reader stands by."""

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str = "",
        user_agent: str = "Statuswatch",
        timeout_s: float = 60.0,
        max_tokens: int = 800,
        temperature: float = 0.0,
    ) -> None:
        """Ask `model` at `base_url`, which ends in the version, e.g. `https://api.example.org/v1`. Raises: ConfigError."""
        self._url = _endpoint(base_url)
        self._model = model
        self._timeout_s = timeout_s
        self._options = {"model": model, "temperature": temperature, "max_tokens": max_tokens, "stream": False}
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "application/json",
            "Accept-Encoding": ACCEPT_ENCODING,
            "Content-Type": "application/json",
        }
        if api_key:
            if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
                raise ConfigError("language_model.api_key (or its file) holds blanks or letters that no key has; copy the key once more")
            self._headers["Authorization"] = f"Bearer {api_key}"
        # Learned from the first refusal, so that each article costs a server without schemas only one request.
        self._knows_schemas = True
        self._ssl_context = httpx.create_ssl_context(trust_env=False)

    @property
    def model_id(self) -> str:
        """Name of the model."""
        return self._model

    def complete(self, prompt: Prompt) -> Completion:
        """Return the answer. Raises: FetchError (no answer in time, or an error that passes), TransientError (not reached), PermanentError."""
        body = self._options | {"messages": prompt.message_objects}
        strict = {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": prompt.schema}}
        deadline = Exchange(Timeouts(total_s=self._timeout_s))
        status, answer = self._post(body | {"response_format": strict} if self._knows_schemas else body, deadline)
        if status in _UNKNOWN_FORMAT and self._knows_schemas:
            status, answer = self._post(body, deadline)
            self._knows_schemas = not 200 <= status < 300
        self._check(status)
        return _completion(answer, self._where)

    @property
    def _where(self) -> str:
        return f"The language model at {self._url.host}"

    def _post(self, body: dict[str, Any], deadline: Exchange) -> tuple[int, bytes]:
        """Return status and body of one exchange."""
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)
        request = httpx.Request(
            "POST", self._url, headers=self._headers, content=json.dumps(body).encode(), extensions={"timeout": timeout}
        )
        transport = httpx.HTTPTransport(verify=self._ssl_context, trust_env=False)
        # As for feeds: the pool's backend cuts every wait to what the deadline leaves. The guard lets every address through.
        transport._pool = httpcore.ConnectionPool(
            ssl_context=self._ssl_context,
            network_backend=GuardedBackend(Guard(_ANYWHERE, resolve=self._resolve), deadline),
            max_connections=1,
        )
        try:
            with transport:
                response = transport.handle_request(request)
                try:
                    return response.status_code, self._read(response)
                finally:
                    response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
            raise TransientError(
                f"{self._where} is not reached ({type(exc).__name__}); see whether it runs, and language_model.base_url"
            ) from exc
        except (FetchError, httpx.TimeoutException) as exc:
            raise FetchError(
                f"{self._where} gave no whole answer within {self._timeout_s:g} s; raise language_model.timeout_s if this stays"
            ) from exc
        except httpx.TransportError as exc:
            raise FetchError(f"{self._where} broke off ({type(exc).__name__}); look into its log if this stays") from exc
        except BodyTooLargeError as exc:
            raise PermanentError(
                f"{self._where} sent more than {MAX_BODY_BYTES:,} bytes; see whether language_model.base_url is right"
            ) from exc

    def _resolve(self, host: str, port: int, timeout_s: float) -> list[str]:
        try:
            return resolve_host(host, port, timeout_s)
        except FetchError as exc:
            raise TransientError(f"{self._where} is not found: its name cannot be resolved; see language_model.base_url") from exc

    def _read(self, response: httpx.Response) -> bytes:
        inflater = Inflater(response.headers.get("content-encoding", ""), MAX_BODY_BYTES, what="The answer")
        for chunk in response.iter_raw():
            inflater.feed(chunk)
        return inflater.finish()

    def _check(self, status: int) -> None:
        """Tell an error by its number alone: a body may repeat the key or the article."""
        if 200 <= status < 300:
            return
        if status in _PASSING or status >= 500:
            raise FetchError(f"{self._where} answered {status}; look into its log or your quota if this stays", status=status)
        fix = {
            401: "set language_model.api_key",
            403: "see what language_model.api_key allows",
            404: "see language_model.base_url and language_model.model",
        }.get(status, "redirects are not followed: set language_model.base_url to where it leads" if 300 <= status < 400 else "see its log")
        raise PermanentError(f"{self._where} answered {status}; {fix}")


def _endpoint(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(f"{base_url.rstrip('/')}/chat/completions")
    except (httpx.InvalidURL, ValueError) as exc:
        raise ConfigError("language_model.base_url cannot be read as a URL; write it like https://api.example.org/v1") from exc
    # The value is not shown: it may hold what belongs into the key.
    if url.userinfo or url.query or "?" in base_url or "#" in base_url:
        raise ConfigError("language_model.base_url holds a user name, a password or a query; give the key as language_model.api_key")
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError("language_model.base_url is no http or https address; write it like https://api.example.org/v1")
    return url


def _completion(body: bytes, where: str) -> Completion:
    """Read an answer's body. A model that refuses to answer gives an empty content."""
    try:
        answer = json.loads(body)
        choice = answer["choices"][0]
        content = choice["message"].get("content")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as exc:
        raise PermanentError(f"{where} sent no chat completion; see whether language_model.base_url is right") from exc
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    usage = answer.get("usage") or {}
    return Completion(
        content if isinstance(content, str) else "",
        _count(usage, "prompt_tokens"),
        _count(usage, "completion_tokens"),
        is_whole=choice.get("finish_reason") != "length",
    )


def _count(usage: object, name: str) -> int | None:
    number = usage.get(name) if isinstance(usage, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None

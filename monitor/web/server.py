"""The review page as one application, and the thread in which the daemon serves it."""

from __future__ import annotations

import logging
import socket
import threading
from datetime import timedelta
from typing import Self

import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from monitor import __version__
from monitor.app import App
from monitor.errors import ConfigError, DatabaseBusyError, MonitorError, ReviewError
from monitor.log import mask_secrets
from monitor.web import shown
from monitor.web.api import events, lists, writes
from monitor.web.desk import Desk, NotFoundError, desk_of
from monitor.web.door import Door
from monitor.web.gate import API, Gate, is_loopback
from monitor.web.routes import acts, articles, board, changes, exports, issues, session, slack, watch
from monitor.web.sessions import Sessions

log = structlog.get_logger(__name__)
#: Seconds that open answers get when the daemon stops: long enough for any page, too short for a stream of events, which begins anew.
STOP_S = 3
#: Stored vectors that are read into memory at a time (some 50 ms of work), the rest after each such piece, which leaves the processor to who
#: asks for a page, and the time between two looks for new ones.
N_PIECE, PIECE_REST_S, NEWS_REST_S = 2000, 0.02, 30.0
#: A file of the page has the digest of its content in its address: it never changes.
_FOR_EVER = "public, max-age=31536000, immutable"


class KeptFiles(StaticFiles):
    """Our own files, which a browser may keep for ever."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """Return a file with the word that it may be kept."""
        answer = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        answer.headers["Cache-Control"] = _FOR_EVER
        return answer


def build(app: App) -> ASGIApp:
    """Return the page over an application. Raises: ConfigError where its settings are not safe together."""
    section = app.settings.web
    gate = Gate(section, app.settings.web_password_hash(), app.clock, Sessions(timedelta(hours=section.session_hours)))
    gate.check()
    page = FastAPI(
        title="Statuswatch",
        version=__version__,
        summary="Where each issue stands, what changed, and why.",
        openapi_url="/api/v1/openapi.json",
        # Both would load scripts from elsewhere; docs/api.md tells the same.
        docs_url=None,
        redoc_url=None,
    )
    page.state.desk = Desk(app, gate)
    page.state.stopping = threading.Event()
    page.mount("/static", KeptFiles(directory=shown.HERE / "static"))
    for router in (lists.router, writes.router, events.router):
        page.include_router(router, prefix="/api/v1")
    for room in (exports, board, issues, changes, articles, watch, session, acts, slack):
        page.include_router(room.router, include_in_schema=False)
    page.add_exception_handler(MonitorError, _explained)
    page.add_exception_handler(HTTPException, _explained)
    page.add_exception_handler(RequestValidationError, _explained)
    return Door(page, gate)


def _explained(request: Request, error: Exception) -> Response:
    """Return an error in words: as JSON to the API, as a page to a reader."""
    status, why = _told(error)
    if status >= 500:
        log.warning("page_failed", path=request.url.path, error_type=type(error).__name__, error=why)
    if request.url.path.startswith(API):
        return JSONResponse({"detail": why}, status_code=status)
    return desk_of(request).page(request, "error.html", status, status=status, why=why)


def _told(error: Exception) -> tuple[int, str]:
    match error:
        case NotFoundError():
            return 404, str(error)
        case acts.ForgedFormError():
            return 403, str(error)
        case ReviewError() | ConfigError():
            return 400, mask_secrets(str(error))
        case DatabaseBusyError():
            return 503, mask_secrets(str(error))
        case MonitorError():
            return 500, mask_secrets(str(error))
        case RequestValidationError():
            found = [f"{'.'.join(str(part) for part in row['loc'][1:]) or 'body'}: {row['msg']}" for row in error.errors()]
            return 422, "; ".join(found)
        case HTTPException():
            return error.status_code, "there is nothing here" if error.status_code == 404 else str(error.detail)
        case _:
            return 500, "something went wrong here; the log tells more"


class PageServer:
    """Serves the page in a thread of its own, as long as its block lasts."""

    def __init__(self, app: App) -> None:
        section = app.settings.web
        self._app = app
        self._page = build(app)
        self._host = section.host
        self._socket = _listen(section.host, section.port)
        self.port: int = self._socket.getsockname()[1]
        # Requests are not logged: what is asked for is nobody's business, and a search may hold anything.
        config = uvicorn.Config(
            self._page, log_config=None, access_log=False, proxy_headers=False, server_header=False, timeout_graceful_shutdown=STOP_S
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, name="review-page", daemon=True)
        # Made here, as two threads would make two.
        self._pages = app.pages
        self._stopping = threading.Event()
        self._reading = threading.Thread(target=self._take_in, name="review-page-vectors", daemon=True)
        for name in ("uvicorn", "uvicorn.error"):
            logging.getLogger(name).setLevel(logging.ERROR)

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the page."""
        host = self._host if is_loopback(self._host) else "127.0.0.1"
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    def __enter__(self) -> Self:
        """Start to serve."""
        self._thread.start()
        self._reading.start()
        log.info("page_open", address=self.address)
        return self

    def __exit__(self, *_: object) -> None:
        """Finish what is being answered, and stop."""
        self._server.should_exit = True
        self._stopping.set()
        self._reading.join(timeout=STOP_S)
        self._thread.join(timeout=STOP_S + 5)
        self._socket.close()
        self._app.close_actions()

    def _take_in(self) -> None:
        """Read stored vectors into memory, so that articles like one are sought in the whole store; in small pieces, with rests between."""
        rest_s = 0.0
        while not self._stopping.wait(rest_s):
            try:
                rest_s = PIECE_REST_S if self._pages.take_in(N_PIECE) else NEWS_REST_S
            except MonitorError as exc:
                # A store that is locked or not yet upgraded: the pages that need it say so themselves.
                log.warning("vectors_not_read", error_type=type(exc).__name__, error=mask_secrets(str(exc)))
                rest_s = NEWS_REST_S


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises: ConfigError where the address is taken or none of ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host.strip("[]"), port))
        found.listen(128)
    except OSError as exc:
        found.close()
        raise ConfigError(
            f"web.host = {host!r}, web.port = {port}: cannot listen there ({exc.strerror or exc}); set web.port to a free one "
            "(MONITOR_WEB__PORT), or web.enabled to false"
        ) from exc
    return found

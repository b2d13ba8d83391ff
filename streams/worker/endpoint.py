"""The worker's own small HTTP server: /livez, /readyz, /metrics. It has a thread and a loop of its own.

So it answers while Kafka is down, and it can say that the worker's loop hangs when that loop hangs.
"""

import asyncio
import hmac
import socket
import threading
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from types import TracebackType
from typing import Final, Self

import structlog
from aiohttp import web
from prometheus_client.exposition import choose_encoder

from events.errors import ConfigInvalid
from streams.settings import Address
from streams.worker.meter import Meter

INDEX: Final = "tocsin worker: /livez, /readyz, /metrics\n"
UNWELL: Final = 503
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger()


class Endpoint:
    """Serves while it is open; a context manager."""

    def __init__(self, address: Address, meter: Meter, token: str | None = None) -> None:
        """Take the port.

        Raises:
            ConfigInvalid: it can not be had.
        """
        self._meter, self._token = meter, token
        self._loop, self._closing = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="endpoint", daemon=True)
        try:
            self._socket = socket.create_server(address, family=_family(address.host))
        except OSError as error:
            raise ConfigInvalid(f"TOCSIN_HTTP: {address} can not be listened on: {error.strerror}") from error

    @property
    def url(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        log.info("worker listens", url=self.url, paths=["/livez", "/readyz", "/metrics"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)  # it may still be starting: that is finished first
        self._thread.join(timeout=1.0)

    def _serve(self) -> None:  # in the endpoint's thread
        self._loop.run_until_complete(self._until_closed())
        self._loop.close()

    async def _until_closed(self) -> None:
        runner = web.AppRunner(self._app(), access_log=None, handle_signals=False)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        await self._closing.wait()
        await runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._only_with_token], client_max_size=1024)
        app.router.add_get("/", self._index)
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        return app

    @web.middleware
    async def _only_with_token(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if self._token is not None and not hmac.compare_digest(given, self._token.encode()):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}, text="expected Authorization: Bearer\n")
        return await handler(request)

    async def _index(self, _request: web.Request) -> web.Response:
        return web.Response(text=INDEX)

    async def _livez(self, _request: web.Request) -> web.Response:
        return _verdict(self._meter.vitals.not_alive())

    async def _readyz(self, _request: web.Request) -> web.Response:
        return _verdict(self._meter.vitals.not_ready())

    async def _metrics(self, request: web.Request) -> web.Response:
        encoder, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encoder(self._meter.registry), headers={"Content-Type": content_type})


def _verdict(faults: list[str]) -> web.Response:
    text = "".join(f"{fault}\n" for fault in faults) or "ok\n"
    return web.Response(status=UNWELL if faults else 200, text=text, headers={"Cache-Control": "no-store"})


def _family(host: str) -> socket.AddressFamily:
    try:
        return socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET  # noqa: PLR2004 -- IPv6
    except ValueError:  # a name
        return socket.AF_INET

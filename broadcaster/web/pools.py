"""The desk's server: gunicorn's thread worker, with threads for each class of address instead of one pool for all.

A connection takes no thread before it has said something, and the address in its first line says whose thread it gets.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from selectors import EVENT_READ
from typing import TYPE_CHECKING, Any

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

from broadcaster import collector
from broadcaster.web.routes import THREADS, RouteClass, class_of_request
from broadcaster.web.streams import KEEP, Taker

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

LOOKED_AT = 16 * 1024
"""Bytes of a request's head; who sends more of it, or sends it in pieces, is served by the threads of the slow."""
PATIENCE_S = 10
"""A client that stops in the middle of a request, or of reading its answer, loses the thread after so long."""
FAREWELL_S = 0.1
"""How long a client may take to close its side, before its connection is closed anyway."""
CONNECTIONS = 4096
"""Taken at once; as many more wait in the backlog, and none of them is refused."""
BACKLOG = 4096


class Pools(ThreadPoolExecutor):
    """The threads of every class; what gunicorn itself would do with a pool falls to the public's."""

    def __init__(self) -> None:
        super().__init__(THREADS[RouteClass.PUBLIC], thread_name_prefix=RouteClass.PUBLIC)
        self._own: dict[RouteClass, ThreadPoolExecutor] = {
            kind: ThreadPoolExecutor(threads, thread_name_prefix=kind)
            for kind, threads in THREADS.items()
            if kind is not RouteClass.PUBLIC
        }

    def of(self, kind: RouteClass) -> ThreadPoolExecutor:
        """The threads of a class; the public's for one that has none here."""
        return self._own.get(kind, self)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all of them."""
        for pool in self._own.values():
            pool.shutdown(wait, cancel_futures=cancel_futures)
        super().shutdown(wait, cancel_futures=cancel_futures)


class ClassWorker(ThreadWorker):  # type: ignore[misc] # gunicorn is not typed
    """`gunicorn -k broadcaster.web.pools.ClassWorker`; its `--threads` counts for nothing, `routes.THREADS` does."""

    wsgi: WSGIApplication

    def get_thread_pool(self) -> Pools:
        """See `Pools`."""
        return Pools()

    def load_wsgi(self) -> None:
        """The application, which may take a connection out of our hands (`streams.KEEP`); from then on the collector
        of cycles rests in it, which would hold an approval up for as long as it walks everything."""
        super().load_wsgi()
        self.wsgi, self._takers = partial(self._lending, self.wsgi), dict[socket.socket, Taker]()
        collector.rest_the_collector()

    def _lending(
        self, application: WSGIApplication, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        environ[KEEP] = partial(self._takers.__setitem__, environ["gunicorn.socket"])
        return application(environ, start_response)

    def enqueue_req(self, conn: TConn) -> None:
        """A request has begun to arrive on a connection: to the threads of its class."""
        future = self.tpool.of(class_of_request(_begun(conn))).submit(self._handled, conn)
        future.add_done_callback(partial(self._over, conn))

    def accept(self, listener: socket.socket) -> None:
        """A new connection waits without a thread until it says something."""
        try:
            taken, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        for way in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            taken.setsockopt(socket.SOL_SOCKET, way, struct.pack("ll", PATIENCE_S, 0))
        self.nr_conns += 1
        conn = TConn(self.cfg, taken, client, listener.getsockname())
        conn.timeout = time.monotonic() + PATIENCE_S
        self.pending_conns.append(conn)
        self.poller.register(taken, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def finish_request(self, conn: TConn, future: Future[object]) -> None:
        """A request is over: back to waiting, or forgotten when its connection is closed."""
        if conn.sock.fileno() < 0:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, future)

    def _over(self, conn: TConn, future: Future[object]) -> None:
        self.method_queue.defer(self.finish_request, conn, future)

    def _handled(self, conn: TConn) -> object:
        """Serve the request. What ends the connection is done here: gunicorn's main thread, which accepts for
        everybody, would wait for a client who does not close its side."""
        kept = self.handle(conn)
        if taker := self._takers.pop(conn.sock, None):
            taker(socket.socket(fileno=conn.sock.detach()))
        elif not kept:
            conn.sock.setblocking(True)
            util.close_graceful(conn.sock, FAREWELL_S)
        return kept


def _begun(conn: TConn) -> bytes:
    """What has arrived of a request, left where it is: the parser's own bytes of a request that came behind another,
    or the socket's. Nothing when the client went away."""
    if conn.parser is not None and (read_ahead := conn.parser.unreader.buf.getvalue()):
        return bytes(read_ahead)
    try:
        return bytes(conn.sock.recv(LOOKED_AT, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError:
        return b""

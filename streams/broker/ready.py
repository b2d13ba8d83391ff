"""Whether a Kafka answers: an open port is not enough, it must name itself as a broker that takes requests."""

import socket
import struct
import time
from collections.abc import Callable

_METADATA, _VERSION, _ID = 3, 1, 7
_NO_TOPICS = 0
# size, then the header (api key, version, correlation id, null client id), then an empty list of topics
_REQUEST = struct.pack(">ihhihi", 14, _METADATA, _VERSION, _ID, -1, _NO_TOPICS)
_RESPONSE = struct.Struct(">iii")  # size, correlation id, number of brokers


def answers(port: int, timeout_s: float = 1.0) -> bool:
    """Whether a broker on loopback `port` answers a metadata request and lists at least itself."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout_s) as connection:
            connection.sendall(_REQUEST)
            reply = _read(connection, _RESPONSE.size)
    except OSError:
        return False
    if len(reply) < _RESPONSE.size:
        return False
    _, correlation, brokers = _RESPONSE.unpack(reply)
    return bool(correlation == _ID and brokers > 0)


def wait_until_it_answers(port: int, *, alive: Callable[[], bool], timeout_s: float) -> bool:
    """Wait for the broker; False when it died or the time is up."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end and alive():
        if answers(port):
            return True
        time.sleep(0.02)
    return False


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a dead server do not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _read(connection: socket.socket, size: int) -> bytes:
    """Up to `size` bytes; fewer when the other side hung up."""
    data = b""
    while len(data) < size and (more := connection.recv(size - len(data))):
        data += more
    return data

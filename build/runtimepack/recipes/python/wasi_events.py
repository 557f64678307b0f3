"""asyncio's event loop where a process has neither sockets nor threads nor signals: becomes asyncio.wasi_events.

Tasks, timers and queues work as everywhere. Waiting is sleeping until the next timer.
"""

import errno
import time

from . import base_events, events

__all__ = ("SelectorEventLoop", "DefaultEventLoopPolicy", "EventLoop")

_NO_NETWORK = "WebAssembly (WASI preview 1) has no network"
_NO_PROCESSES = "WebAssembly (WASI preview 1) has no processes"
_NO_THREADS = "WebAssembly (WASI preview 1) has no threads: can't run in an executor"


class _Timers:
    """Stands for the selector."""

    def select(self, timeout):
        if timeout is None:
            raise RuntimeError("every task waits, and nothing can wake one: no timer is left, "
                               "and WebAssembly (WASI preview 1) has no threads, signals or sockets")
        if timeout > 0:
            time.sleep(timeout)
        return []

    def close(self):
        pass


def _refuse(text):
    async def refuse(self, *args, **kwargs):
        raise OSError(errno.ENOTSUP, text)
    return refuse


def _refuse_now(text):
    def refuse(self, *args, **kwargs):
        raise OSError(errno.ENOTSUP, text)
    return refuse


class EventLoop(base_events.BaseEventLoop):
    def __init__(self, selector=None):
        super().__init__()
        self._selector = _Timers()

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass  # nobody else could wake the loop

    def run_in_executor(self, executor, func, *args):
        if executor is None and self._default_executor is None:
            raise RuntimeError(_NO_THREADS)
        return super().run_in_executor(executor, func, *args)

    create_connection = create_server = create_datagram_endpoint = _refuse(_NO_NETWORK)
    create_unix_connection = create_unix_server = connect_accepted_socket = _refuse(_NO_NETWORK)
    getaddrinfo = getnameinfo = sock_connect = sock_accept = _refuse(_NO_NETWORK)
    sock_recv = sock_recv_into = sock_recvfrom = sock_recvfrom_into = _refuse(_NO_NETWORK)
    sock_sendall = sock_sendto = sock_sendfile = sendfile = start_tls = _refuse(_NO_NETWORK)
    subprocess_exec = subprocess_shell = _refuse(_NO_PROCESSES)
    connect_read_pipe = connect_write_pipe = _refuse("WebAssembly (WASI preview 1) cannot wait for pipes")
    add_reader = add_writer = _refuse_now("WebAssembly (WASI preview 1) cannot wait for files")
    add_signal_handler = _refuse_now("WebAssembly (WASI preview 1) has no signals")

    def remove_reader(self, fd):
        return False

    remove_writer = remove_signal_handler = remove_reader


SelectorEventLoop = EventLoop


class DefaultEventLoopPolicy(events.BaseDefaultEventLoopPolicy):
    _loop_factory = EventLoop

"""A link through which a test decides what comes: it passes bytes on, holds them, or breaks the connections.

A broker is dialled at its link endpoint and tells the dialler the port of its stream endpoint, to be reached by the host
that was dialled. So the proxy listens on both ports, on a loopback address of its own."""

import collections
import random
import selectors
import socket
import struct
import threading

CHUNK = 64 * 1024
WAITING_MAX = 1024 * 1024  # Not yet passed on, one way of one connection.
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing says RST.


def port_of(endpoint):
    return int(endpoint.rpartition(":")[2])


class Way:
    """The bytes of one connection in one direction."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.waiting = bytearray()


class LinkProxy:
    """Stands before `broker`, which must be ready. Dial `endpoint`."""

    def __init__(self, broker):
        self.host = f"127.{random.randint(1, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
        self.endpoint = f"tcp://{self.host}:{port_of(broker.endpoints['link'])}"
        self.bytes = collections.Counter()  # By ("link" or "stream", "in" or "out" as the dialled broker sees it).
        self.accepted = 0
        self._lock = threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._ways = {}  # By the socket that is read.
        self._name_of = {}
        self._listeners = []
        self._holds = self._refuses = self._ended = False
        self._wake_in, self._wake_out = socket.socketpair()
        self._selector.register(self._wake_in, selectors.EVENT_READ)
        for name in ("link", "stream"):
            listener = socket.create_server((self.host, port_of(broker.endpoints[name])))
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ, (name, port_of(broker.endpoints[name])))
            self._listeners.append(listener)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # ---- What a test does to it.

    def hold(self):
        """Nothing comes through any more, and nobody is told."""
        self._do(lambda: setattr(self, "_holds", True))

    def heal(self):
        """As in the beginning. What was held goes on its way."""
        def do():
            self._holds = self._refuses = False
        self._do(do)

    def close(self):
        """Ends the connections in good order, and every new one at once."""
        def do():
            self._refuses = True
            self._break(reset=False)
        self._do(do)

    def reset(self):
        """The same, by RST."""
        def do():
            self._refuses = True
            self._break(reset=True)
        self._do(do)

    def reset_once(self):
        """New connections are welcome."""
        self._do(lambda: self._break(reset=True))

    def connections(self):
        with self._lock:
            return collections.Counter(self._name_of[way.source] for way in self._ways.values())

    def end(self):
        def do():
            self._ended = True
            self._break(reset=True)
        self._do(do)
        self._thread.join()
        for each in (*self._listeners, self._wake_in, self._wake_out):
            each.close()
        self._selector.close()

    def _do(self, action):
        with self._lock:
            action()
            self._wake_out.send(b"x")

    # ---- Its thread.

    def _run(self):
        while not self._ended:
            with self._lock:
                for way in self._ways.values():
                    self._watch(way.source)
            events = self._selector.select()
            with self._lock:
                for key, mask in events:
                    if key.fileobj is self._wake_in:
                        self._wake_in.recv(CHUNK)
                    elif key.fileobj in self._listeners:
                        self._accept(key.fileobj, *key.data)
                    elif key.fileobj in self._ways and not self._holds:
                        self._serve(key.fileobj, mask)

    def _accept(self, listener, name, port):
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        if self._refuses:
            client.close()
            return
        try:
            server = socket.create_connection(("127.0.0.1", port))
        except OSError:
            client.close()
            return
        self.accepted += 1
        for one, other, direction in ((client, server, "in"), (server, client, "out")):
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ways[one] = Way(one, other)
            self._name_of[one] = (name, direction)
            self._watch(one)

    def _watch(self, one):
        """Waits for what can be done: it can be read while there is place, and written while something waits for it."""
        way, back = self._ways[one], self._ways[self._ways[one].target]
        mask = 0
        if not self._holds:
            mask |= selectors.EVENT_READ if len(way.waiting) < WAITING_MAX else 0
            mask |= selectors.EVENT_WRITE if back.waiting else 0
        key = self._selector.get_map().get(one)
        if key and key.events != mask:
            self._selector.unregister(one)
            key = None
        if not key and mask:
            self._selector.register(one, mask)

    def _serve(self, one, mask):
        way, back = self._ways[one], self._ways[self._ways[one].target]
        try:
            if mask & selectors.EVENT_READ:
                data = one.recv(CHUNK)
                if not data:
                    self._end_pair(one, reset=False)
                    return
                self.bytes[self._name_of[one]] += len(data)
                way.waiting += data
                self._pass_on(way)
            if mask & selectors.EVENT_WRITE:
                self._pass_on(back)
        except OSError:
            self._end_pair(one, reset=True)

    @staticmethod
    def _pass_on(way):
        try:
            del way.waiting[:way.target.send(way.waiting)]
        except BlockingIOError:
            pass

    def _break(self, reset):
        while self._ways:
            self._end_pair(next(iter(self._ways)), reset)

    def _end_pair(self, one, reset):
        for each in (one, self._ways[one].target):
            if each in self._selector.get_map():
                self._selector.unregister(each)
            if reset:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            each.close()
            del self._ways[each]
            del self._name_of[each]

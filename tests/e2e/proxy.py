"""A TCP proxy in front of one endpoint, by which a test cuts, stops and resets a link."""

import socket
import struct
import threading

CHUNK = 64 * 1024


class Proxy:
    def __init__(self, endpoint):
        host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        self.pairs = []
        self.accepted = 0
        self.flows = threading.Event()  # Cleared: bytes are kept back, and nobody is told.
        self.flows.set()
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                inside, _ = self.listener.accept()
            except OSError:
                return
            try:
                outside = socket.create_connection(self.target)
            except OSError:
                inside.close()
                continue
            with self.lock:
                self.pairs.append((inside, outside))
                self.accepted += 1
            for pair in ((inside, outside), (outside, inside)):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source, sink):
        try:
            while True:
                data = source.recv(CHUNK)
                self.flows.wait()
                if not data:
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def reset(self):
        """Both ends of every connection see a reset. Returns how many there were."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RD)
                except OSError:
                    pass
                end.close()
        return len(pairs)

    def stop(self):
        self.flows.clear()

    def go_on(self):
        self.flows.set()

    def end(self):
        self.closed = True
        self.listener.close()
        self.flows.set()
        self.reset()

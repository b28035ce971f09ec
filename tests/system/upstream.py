# SPDX-License-Identifier: Apache-2.0
"""A name server in this process, to be forwarded to: it answers as a test wants
it to and keeps what it was asked. What real ones do, real ones show."""

import contextlib
import dataclasses
import socket
import struct
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from ordinald import free_port


@dataclasses.dataclass
class Asked:
    """One query as it came."""
    wire: bytes
    tcp: bool
    client: tuple
    at: float

    @property
    def message(self):
        return dns.message.from_wire(self.wire)

    @property
    def id(self):
        return struct.unpack_from("!H", self.wire)[0]

    @property
    def name(self):
        return self.message.question[0].name.to_text()


def reply_to(query, *records, rcode=dns.rcode.NOERROR, flags=0):
    """A recursive server's reply; records: "NAME TTL TYPE DATA"."""
    reply = dns.message.make_response(query, recursion_available=True)
    reply.set_rcode(rcode)
    reply.flags |= flags
    for record in records:
        name, ttl, kind, data = record.split(" ", 3)
        added = dns.rrset.from_text(name, int(ttl), "IN", kind, data)
        there = reply.find_rrset(reply.answer, added.name, added.rdclass,
                                 added.rdtype, create=True)
        there.update(added)
        there.ttl = added.ttl
    return reply


def is_probe(query):
    """Whether the server wants to know whether we are there, or lead back."""
    question = query.question[0]
    return (question.rdtype == dns.rdatatype.HINFO or
            question.rdclass == dns.rdataclass.CH)


class Upstream:
    """answer(query, tcp): a dns.message.Message, octets, a list of octets to
    send one after the other, or None to stay silent."""

    def __init__(self, answer, host="127.0.0.1", port=None):
        self.answer = answer
        self.host = host
        self.asked = []
        self.closing = False
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.port = port or free_port(host)
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.udp.bind((host, self.port))
        # a thread that waits in a call would keep the port after close()
        self.udp.settimeout(0.1)
        self.tcp = socket.socket(family, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((host, self.port))
        self.tcp.listen(128)
        self.threads = [threading.Thread(target=t, daemon=True)
                        for t in (self._serve_udp, self._serve_tcp)]
        for thread in self.threads:
            thread.start()

    @property
    def address(self):
        return (f"[{self.host}]" if ":" in self.host else self.host) + \
            f":{self.port}"

    def questions(self, name=None):
        """What it was asked but for probes."""
        return [a for a in list(self.asked) if not is_probe(a.message) and
                (name is None or a.name.lower() == name)]

    def _reply(self, wire, tcp, client):
        self.asked.append(Asked(wire, tcp, client, time.monotonic()))
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return []
        said = self.answer(query, tcp)
        if said is not None and is_probe(query):
            said = reply_to(query, rcode=dns.rcode.NXDOMAIN)
        if said is None:
            return []
        if isinstance(said, dns.message.Message):
            said = said.to_wire(max_size=65535)
        return [said] if isinstance(said, bytes) else said

    def _serve_udp(self):
        while not self.closing:
            try:
                wire, client = self.udp.recvfrom(65535)
            except TimeoutError:
                continue
            except OSError:
                return
            for said in self._reply(wire, False, client):
                with contextlib.suppress(OSError):
                    self.udp.sendto(said, client)

    def _serve_tcp(self):
        while not self.closing:
            try:
                stream, client = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_stream, args=(stream, client),
                             daemon=True).start()

    def _serve_stream(self, stream, client):
        with stream, contextlib.suppress(OSError):
            file = stream.makefile("rb")
            while length := file.read(2):
                wire = file.read(struct.unpack("!H", length)[0])
                for said in self._reply(wire, True, client):
                    stream.sendall(struct.pack("!H", len(said)) + said)

    def close(self):
        self.closing = True
        with contextlib.suppress(OSError):
            self.tcp.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(5)
        self.tcp.close()
        self.udp.close()

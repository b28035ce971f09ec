#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sockets: both transports, both families, many addresses, split messages,
and how the server leaves."""

import signal
import socket
import struct
import threading
import time
import unittest

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

from ordinald import (ADDRESSES, MONGO, POD, SLOW, Case, free_port, main,
                      mongo, run)


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def frame(name, kind="A", number=None):
    query = dns.message.make_query(name, kind)
    if number is not None:
        query.id = number
    wire = query.to_wire()
    return struct.pack("!H", len(wire)) + wire


class Stream:
    """A TCP connection that sends each piece as a segment of its own."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), 5 * SLOW)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise AssertionError("connection ended early")
            data += more
        return data

    def reply(self):
        n, = struct.unpack("!H", self.exactly(2))
        return dns.message.from_wire(self.exactly(n))


class Transport(Case):
    def setUp(self):
        super().setUp()
        self.copy()

    def test_udp_and_tcp_answer_alike(self):
        server = self.serve()
        for name, kind in ((MONGO, "SRV"), (MONGO, "A"), (POD % 1, "A"),
                           (POD % 9, "A"), (POD % 1, "AAAA")):
            udp, tcp = server.ask(name, kind), server.ask(name, kind, tcp=True)
            for section in ("answer", "authority", "additional"):
                self.assertEqual({r.to_text() for s in getattr(udp, section)
                                  for r in s},
                                 {r.to_text() for s in getattr(tcp, section)
                                  for r in s})
            self.assertEqual(udp.rcode(), tcp.rcode())
            self.assertTrue(udp.flags & dns.flags.AA)

    def test_a_tcp_message_may_come_byte_by_byte(self):
        server = self.serve()
        with Stream(server.port) as stream:
            for octet in frame(POD % 0):
                stream.socket.sendall(bytes([octet]))
                time.sleep(0.001)
            self.assertEqual(stream.reply().answer[0][0].address, ADDRESSES[0])

    def test_a_tcp_message_may_be_split_at_every_byte(self):
        server = self.serve()
        with Stream(server.port) as stream:
            for at in range(1, len(frame(POD % 0))):
                message = frame(POD % 0, number=at)
                stream.socket.sendall(message[:at])
                time.sleep(0.001)
                stream.socket.sendall(message[at:])
                reply = stream.reply()
                self.assertEqual(reply.id, at)
                self.assertEqual(reply.answer[0][0].address, ADDRESSES[0])

    def test_a_connection_carries_many_questions(self):
        server = self.serve()
        with Stream(server.port) as stream:
            sender = threading.Thread(target=lambda: [
                stream.socket.sendall(frame(POD % (n % 3), number=n))
                for n in range(1000)])
            sender.start()
            seen = {}
            for _ in range(1000):
                reply = stream.reply()
                seen[reply.id] = reply.answer[0][0].address
            sender.join()
        self.assertEqual(seen, {n: ADDRESSES[n % 3] for n in range(1000)})

    def test_a_half_closed_client_gets_its_answers(self):
        server = self.serve()
        with Stream(server.port) as stream:
            stream.socket.sendall(frame(POD % 0) + frame(POD % 1))
            stream.socket.shutdown(socket.SHUT_WR)
            got = {stream.reply().answer[0][0].address for _ in range(2)}
            self.assertEqual(got, set(ADDRESSES[:2]))
            self.assertEqual(stream.socket.recv(1), b"")

    def test_several_addresses_are_listened_on(self):
        ports = [free_port(), free_port()]
        server = self.serve(listen=[f"127.0.0.1:{p}" for p in ports])
        for port in ports:
            for tcp in (False, True):
                self.assertEqual(server.addresses(POD % 2, port=port, tcp=tcp),
                                 [ADDRESSES[2]])
        said = "\n".join(server.said)
        for port in ports:
            self.assertIn(f"listening on udp 127.0.0.1:{port}", said)
            self.assertIn(f"listening on tcp 127.0.0.1:{port}", said)

    @unittest.skipUnless(has_ipv6(), "no IPv6 here")
    def test_ipv6_is_listened_on(self):
        port = free_port("::1")
        server = self.serve(listen=[f"[::1]:{port}"])
        for tcp in (False, True):
            self.assertEqual(server.addresses(POD % 2, host="::1", port=port,
                                              tcp=tcp), [ADDRESSES[2]])

    def test_a_wildcard_answers_from_the_address_that_was_asked(self):
        port = free_port("0.0.0.0")
        server = self.serve(listen=[f"0.0.0.0:{port}"])
        for host in ("127.0.0.1", "127.0.0.2", "127.1.2.3"):
            # dnspython refuses a reply from any other address
            self.assertEqual(server.addresses(POD % 0, host=host, port=port),
                             [ADDRESSES[0]])
            self.assertEqual(server.addresses(POD % 0, host=host, port=port,
                                              tcp=True), [ADDRESSES[0]])

    @unittest.skipUnless(has_ipv6(), "no IPv6 here")
    def test_both_wildcards_share_a_port(self):
        port = free_port("0.0.0.0")
        server = self.serve(listen=[f"0.0.0.0:{port}", f"[::]:{port}"])
        for host in ("127.0.0.1", "127.0.0.2", "::1"):
            self.assertEqual(server.addresses(POD % 0, host=host, port=port),
                             [ADDRESSES[0]])

    def test_a_second_server_on_the_port_is_told_the_way_out(self):
        server = self.serve()
        address = f"127.0.0.1:{server.port}"
        second = run("serve", "--listen", address, self.dir)
        self.assertEqual(second.returncode, 1)
        self.assertIn(address, second.stderr)
        self.assertIn("in use", second.stderr)
        self.assertIn("--listen", second.stderr)
        self.assertEqual(server.addresses(POD % 0), [ADDRESSES[0]])

    def test_large_answers_are_cut_over_udp_and_whole_over_tcp(self):
        self.write("mongo.yaml", mongo(200))
        server = self.serve()
        small = server.ask(MONGO, "A", edns=0)
        self.assertTrue(small.flags & dns.flags.TC)
        self.assertLessEqual(len(small.to_wire()), 512)
        self.assertGreater(len(small.answer[0]), 10)
        self.assertTrue(server.ask(MONGO, "A").flags & dns.flags.TC)
        whole = server.ask(MONGO, "A", tcp=True)
        self.assertFalse(whole.flags & dns.flags.TC)
        self.assertEqual(len(whole.answer[0]), 200)
        text = server.dig("+short", MONGO)
        self.assertEqual(len(text.split()), 200 + text.count(";;"), text[:300])

    def test_garbage_does_not_stop_it(self):
        server = self.serve()
        query = dns.message.make_query(POD % 0, "A").to_wire()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", server.port))
            for n in range(len(query)):
                s.send(query[:n])
                s.send(query[:n] + b"\xff" * 20)
            s.send(b"\xff" * 1400)
            s.send(b"")
        self.assertEqual(server.addresses(POD % 0), [ADDRESSES[0]])

    def test_a_notify_and_an_update_get_notimp(self):
        server = self.serve()
        for opcode in (4, 5):
            query = dns.message.make_query(POD % 0, "A")
            query.set_opcode(opcode)
            reply = dns.message.from_wire(self.raw(server, query.to_wire()))
            self.assertEqual(reply.rcode(), dns.rcode.NOTIMP)

    @staticmethod
    def raw(server, wire):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(2 * SLOW)
            s.connect(("127.0.0.1", server.port))
            s.send(wire)
            return s.recv(65535)


class Leaving(Case):
    def setUp(self):
        super().setUp()
        self.copy()

    def load(self, server, stop, problems):
        while not stop.is_set():
            try:
                server.addresses(POD % 0, timeout=0.5)
            except (dns.exception.Timeout, OSError):
                if server.process.poll() is None and not stop.is_set():
                    problems.append("no answer from a running server")

    def test_sigterm_under_load_leaves_with_0(self):
        server = self.serve()
        stop, problems = threading.Event(), []
        threads = [threading.Thread(target=self.load,
                                    args=(server, stop, problems))
                   for _ in range(2)]
        with Stream(server.port):  # an idle connection does not hold it up
            for thread in threads:
                thread.start()
            time.sleep(0.3)
            began = time.monotonic()
            stop.set()
            status = server.stop()
            took = time.monotonic() - began
        for thread in threads:
            thread.join()
        self.assertEqual(status, 0)
        self.assertLess(took, 4 * SLOW)
        self.assertEqual(problems, [])

    def test_what_reached_the_sockets_before_sigterm_is_answered(self):
        clients, each = 20, 50
        server = self.serve()
        server.addresses(POD % 0)
        datagrams = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                     for _ in range(clients)]
        streams = [Stream(server.port) for _ in range(clients)]
        for s in datagrams:
            s.connect(("127.0.0.1", server.port))
        # told to leave in the middle of it
        for n in range(each):
            query = frame(POD % 0, number=n)
            for s in datagrams:
                s.send(query[2:])
            for stream in streams:
                stream.socket.sendall(query)
        self.assertEqual(server.stop(), 0)
        for s in datagrams:
            s.setblocking(False)
            got = {struct.unpack("!H", s.recv(4096)[:2])[0]
                   for _ in range(each)}
            self.assertEqual(got, set(range(each)))
            s.close()
        for stream in streams:
            with stream:
                self.assertEqual([stream.reply().id for _ in range(each)],
                                 list(range(each)))
                self.assertEqual(stream.socket.recv(1), b"")

    def test_sigint_leaves_with_0(self):
        self.assertEqual(self.serve().stop(signal.SIGINT), 0)

    def test_the_port_is_free_again_afterwards(self):
        server = self.serve()
        self.assertEqual(server.stop(), 0)
        again = self.serve(listen=server.listen)
        self.assertEqual(again.addresses(POD % 0, port=server.port),
                         [ADDRESSES[0]])


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that take all they can: idle ones, slow ones, and ones that ask and
never read, from very many addresses. Meanwhile no datagram is lost, a newcomer
is served at once, memory stays small; and then all of it is given back."""

import multiprocessing
import os
import resource
import select
import socket
import statistics
import struct
import time

import dns.exception
import dns.message

from ordinald import (ADDRESSES, MONGO, POD, ROOT, SAN, SLOW, Case, main,
                      mongo, until)

# As many as reliability is promised for; under sanitizers a tenth.
IDLE, SLOW_ONES, NEVER_READ = (1000, 100, 20) if SAN else (10000, 1000, 100)
ALL = IDLE + SLOW_ONES + NEVER_READ
UDP_QUERIES = 2000
# Of a new connection with its query and reply. This is the median of so many
# tries: the machine that runs the tests may be busy with something else for a
# moment, but not for half of the time.
SERVED_S, TRIES = 0.1 * SLOW, 21
RSS_MAX_KIB = 100 << 10
GONE_S = 15
IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h


def frame(name, kind):
    wire = dns.message.make_query(name, kind).to_wire()
    return struct.pack("!H", len(wire)) + wire


def may_open(n):
    """Raise this process's limit of open files; whether that is enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = n + 256
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return False
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return True


class Attack:
    """A process of its own, so that it does not slow down who measures."""

    def __init__(self, port):
        self.port = port
        self.ready = multiprocessing.Event()
        self.over = multiprocessing.Event()
        self.process = multiprocessing.Process(target=self.run, daemon=True)
        self.process.start()

    def end(self):
        self.over.set()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def connect(self, number, window=None):
        """From 127.1.0.1 on, ten connections each."""
        number = number // 10 + 1
        host = f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        s = socket.socket()
        if window:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        s.bind((host, 0))
        s.settimeout(10 * SLOW)
        s.connect(("127.0.0.1", self.port))
        s.setblocking(False)
        return s

    @staticmethod
    def send(s, octets):
        try:
            s.send(octets)
        except (BlockingIOError, ConnectionError):
            pass

    def run(self):
        may_open(ALL)
        many = frame(MONGO, "SRV") * 400
        never = [self.connect(n, 4096) for n in range(NEVER_READ)]
        for s in never:
            self.send(s, many)
        slow = [self.connect(NEVER_READ + n) for n in range(SLOW_ONES)]
        idle = [self.connect(NEVER_READ + SLOW_ONES + n) for n in range(IDLE)]
        self.ready.set()
        octets = frame(POD % 0, "A")
        at = 0
        while not self.over.is_set():
            for s in slow:
                self.send(s, octets[at % len(octets):][:1])
            for s in never:
                self.send(s, many)
            at += 1
            self.over.wait(1)
        for s in never + slow + idle:
            s.close()


class Udp:
    """One query after the other; those without an answer."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.query = bytearray(dns.message.make_query(POD % 0, "A").to_wire())
        self.address = socket.inet_aton(ADDRESSES[0])
        self.asked = 0
        self.lost = 0

    def ask(self):
        self.asked += 1
        self.query[:2] = struct.pack("!H", self.asked & 0xffff)
        self.socket.send(self.query)
        limit = time.monotonic() + 2 * SLOW
        while True:
            left = limit - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                self.lost += 1
                return
            reply = self.socket.recv(4096)
            if reply[:2] == self.query[:2] and self.address in reply:
                return


class Torture(Case):
    def setUp(self):
        super().setUp()
        if not may_open(ALL):
            self.skipTest(f"no {ALL} open files allowed here (ulimit -Hn)")
        self.write("mongo.yaml", mongo(1000))
        self.attacks = []

    def tearDown(self):
        for attack in self.attacks:
            attack.end()
        super().tearDown()

    @staticmethod
    def open_files(server):
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    @staticmethod
    def memory_kib(server, what="VmRSS"):
        with open(f"/proc/{server.process.pid}/status",
                  encoding="ascii") as f:
            for line in f:
                if line.startswith(what):
                    return int(line.split()[1])
        raise AssertionError(what)

    def newcomer_s(self, server):
        """A connection, a query, its right answer."""
        began = time.monotonic()
        self.assertEqual(server.addresses(POD % 0, tcp=True),
                         [ADDRESSES[0]])
        return time.monotonic() - began

    def attack(self, server):
        """All clients come, and stay; what others notice of it."""
        for _ in range(20):  # a worker's first one opens /dev/null for good
            self.newcomer_s(server)
        time.sleep(0.3 * SLOW)  # those are gone, and paths are watched
        server.before = (self.open_files(server), self.memory_kib(server))
        udp = Udp(server.port)
        attack = Attack(server.port)
        self.attacks.append(attack)
        while not attack.ready.is_set():  # while they come
            udp.ask()
            time.sleep(0.001)
            self.assertTrue(attack.process.is_alive(), "the attack failed")
        server.attacked = time.monotonic()
        took = []
        for _ in range(TRIES):  # and while they are there
            took.append(self.newcomer_s(server))
            for _ in range(UDP_QUERIES // TRIES + 1):
                udp.ask()
        udp.socket.close()
        self.assertGreater(udp.asked, UDP_QUERIES)
        self.assertEqual(udp.lost, 0)
        self.assertLess(statistics.median(took), SERVED_S, took)
        if not SAN:
            self.assertLess(self.memory_kib(server, "VmHWM"), RSS_MAX_KIB)

    def gone(self, server):
        """Though no client has left."""
        files, memory = server.before
        left = server.attacked + GONE_S - time.monotonic()
        until(lambda: self.open_files(server) <= files, max(left, 1))
        if not SAN:
            # what stays: buffers in which answers are made, and the pool
            self.assertLess(self.memory_kib(server),
                            memory + (8 << 10) + server.pool // 2)
        self.assertEqual(server.addresses(POD % 1), [ADDRESSES[1]])
        self.assertEqual(server.addresses(POD % 1, tcp=True), [ADDRESSES[1]])

    def test_hostile_clients_leave_others_untouched_and_are_gone(self):
        servers = []
        for pool in (1024, ALL + 500):
            server = self.serve(options=["--tcp-connections", str(pool)])
            server.pool = pool
            servers.append(server)
            self.attack(server)
        for server in servers:
            self.gone(server)


if __name__ == "__main__":
    main()

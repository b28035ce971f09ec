#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Datagrams that are almost queries, by the hundred thousand, to the real
program: it stays the same process, of the same size, with the right answers.
(tests/unit/test_net_flood.c answers millions of them without sockets.)"""

import os
import random
import socket
import struct
import time

import dns.edns
import dns.message

from ordinald import ADDRESSES, MONGO, POD, SAN, SLOW, Case, main, until

ROUND = 100000 if not SAN else 10000
ROUNDS = 3
GROWN_MAX_KIB = 1 << 10


class Flood(Case):
    def setUp(self):
        super().setUp()
        self.copy()
        self.random = random.Random(4)
        self.valid = [dns.message.make_query(name, kind, **how).to_wire()
                      for name in (MONGO, POD % 0, POD % 9, "example.org.",
                                   "153.102.233.10.in-addr.arpa.")
                      for kind in ("A", "AAAA", "SRV", "PTR", "ANY", "TXT")
                      for how in ({}, {"use_edns": 0}, {
                          "use_edns": 0, "options": [
                              dns.edns.GenericOption(10, b"12345678"),
                              dns.edns.GenericOption(3, b""),
                              dns.edns.GenericOption(3, b"again")]})]

    def mutated(self):
        pick = self.random.randrange
        packet = bytearray(self.random.choice(self.valid))
        how = pick(5)
        if how == 0:
            for _ in range(pick(8) + 1):
                packet[pick(len(packet))] ^= 1 << pick(8)
        elif how == 1:
            del packet[pick(len(packet)):]
        elif how == 2:
            struct.pack_into("!H", packet, 4 + 2 * pick(4), pick(65536))
        elif how == 3:
            packet[12 + pick(len(packet) - 12)] = pick(256)
        else:
            packet += self.random.randbytes(pick(200))
        return bytes(packet)

    @staticmethod
    def memory_kib(server):
        with open(f"/proc/{server.process.pid}/status",
                  encoding="ascii") as f:
            for line in f:
                if line.startswith("VmRSS"):
                    return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def flood(self, server, n):
        packets = [self.mutated() for _ in range(n // 10)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", server.port))
            for _ in range(10):
                for number, packet in enumerate(packets):
                    s.send(packet)
                    if number % 200 == 0:  # so that they arrive
                        self.right(server)

    def right(self, server):
        self.assertEqual(server.addresses(POD % 0), [ADDRESSES[0]])

    def test_a_flood_of_broken_queries_changes_nothing(self):
        server = self.serve()
        self.flood(server, ROUND // 10)
        for _ in range(20):  # a worker's first one opens /dev/null for good
            server.addresses(POD % 1, tcp=True)
        time.sleep(0.3 * SLOW)  # those are gone, paths are watched
        memory = self.memory_kib(server)
        files = len(os.listdir(f"/proc/{server.process.pid}/fd"))
        for _ in range(ROUNDS):
            self.flood(server, ROUND)
            self.right(server)
            self.assertEqual(server.addresses(POD % 1, tcp=True),
                             [ADDRESSES[1]])
        if not SAN:
            self.assertLess(self.memory_kib(server), memory + GROWN_MAX_KIB)
        self.assertIsNone(server.process.poll())
        until(lambda: len(os.listdir(f"/proc/{server.process.pid}/fd"))
              <= files, 2)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ordinald behind a real CoreDNS that forwards the cluster domain to it, with
the `cache` settings of docker/kubernetes: over UDP and TCP, with CoreDNS's
health check, while peers come, move and go, and while ordinald is started anew
under load."""

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import dns.exception
import dns.message
import dns.query
import dns.rcode

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import coredns  # noqa: E402
import ordinald  # noqa: E402
from ordinald import (  # noqa: E402
    ADDRESSES, MONGO, POD, ROOT, SLOW, Case, free_port, mongo, until)

COREDNS = os.path.join(coredns.LAB, "bin/coredns")
COREFILES = os.path.join(ROOT, "docker/kubernetes/corefile.yaml")
# what a change may take to be seen through CoreDNS
SEEN_S = 0.5
RATE = 2000  # queries a second
WAYS = {"udp": "", "tcp": "force_tcp", "prefer_udp": "prefer_udp"}


def shipped_cache():
    """The cache block of the Corefile that users are given."""
    with open(COREFILES, encoding="utf-8") as f:
        found = re.search(r"(?ms)^( *)cache\b[^\n]*\{.*?^\1\}", f.read())
    return found.group(0)


def records(reply):
    return sorted(line for rrset in reply.answer
                  for line in rrset.to_text().splitlines())


class Load(threading.Thread):
    """RATE queries a second for a peer's name; what became of each."""

    def __init__(self, port, name):
        super().__init__(daemon=True)
        self.port, self.name_asked = port, name
        self.sent = 0
        self.rcodes = {}
        self.answered = self.right = 0
        self.stopping = self.stopped = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(0.2)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def run(self):
        wire = dns.message.make_query(self.name_asked, "A",
                                      use_edns=False).to_wire()
        began = time.monotonic()
        while not self.stopping:
            due = int((time.monotonic() - began) * RATE)
            while self.sent < due:
                self.socket.send(struct.pack("!H", self.sent & 0xffff) +
                                 wire[2:])
                self.sent += 1
            time.sleep(0.002)

    def read(self):
        quiet = 0
        # six seconds at most: CoreDNS gives up after five
        while quiet < 30 and not (self.stopped and
                                  self.answered == self.sent):
            try:
                reply = self.socket.recv(4096)
                quiet = 0
            except (TimeoutError, ConnectionRefusedError):
                quiet += self.stopping
                continue
            self.answered += 1
            rcode = reply[3] & 15
            self.rcodes[rcode] = self.rcodes.get(rcode, 0) + 1
            self.right += reply.endswith(socket.inet_aton(ADDRESSES[0]))

    def stop(self):
        self.stopping = True
        self.join()
        self.stopped = True
        self.reader.join()
        self.socket.close()


class Behind(Case):
    def setUp(self):
        super().setUp()
        if not ordinald.SHIPPED:
            self.skipTest("is about CoreDNS, with the shipped program")
        if not os.access(COREDNS, os.X_OK):
            self.skipTest(coredns.MISSING)
        self.write("mongo.yaml", mongo(3))
        self.port = free_port()

    def coredns(self, *upstreams, way=""):
        corefile = self.write("Corefile", f"""
cluster.local:{self.port} in-addr.arpa:{self.port} {{
    bind 127.0.0.1
    errors
    {shipped_cache()}
    forward . {" ".join(upstreams)} {{
        health_check 0.5s
        {way}
    }}
}}
""")
        with open(self.path("coredns.log"), "wb") as log:
            process = subprocess.Popen([COREDNS, "-conf", corefile],
                                       stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

        def answers():
            try:
                return self.ask(POD % 0).rcode() == dns.rcode.NOERROR
            except (dns.exception.Timeout, OSError):
                return False
        until(answers, 20)

    def ask(self, name, kind="A", tcp=False):
        send = dns.query.tcp if tcp else dns.query.udp
        return send(dns.message.make_query(name, kind, use_edns=0,
                                           payload=1232),
                    "127.0.0.1", port=self.port, timeout=6 * SLOW)

    def addresses(self, name):
        return sorted(r.to_text() for rrset in self.ask(name).answer
                      for r in rrset)

    def start(self, **how):
        how.setdefault("options", ["--control", "none"])
        return self.serve(self.path("mongo.yaml"), **how)

    def change(self, text):
        """Write the manifest; the moment it was seen by ordinald does not
        matter, but the one at which it was written does."""
        self.write(".new", text)
        os.rename(self.path(".new"), self.path("mongo.yaml"))

    def test_all_of_it_is_passed_on(self):
        server = self.start()
        for way in WAYS.values():
            self.port = free_port()
            self.coredns(f"127.0.0.1:{server.port}", way=way)
            for tcp in (False, True):
                for name, kind in ((POD % 0, "A"), (MONGO, "A"), (MONGO, "SRV"),
                                   (POD % 0, "AAAA"), (POD % 7, "A"),
                                   ("_mongo._tcp." + MONGO, "SRV"),
                                   ("153.102.233.10.in-addr.arpa.", "PTR")):
                    ours = server.ask(name, kind)
                    theirs = self.ask(name, kind, tcp)
                    self.assertEqual(theirs.rcode(), ours.rcode())
                    self.assertEqual(records(theirs), records(ours), name)

    def test_a_new_ordinal_is_seen_although_it_was_asked_for(self):
        server = self.start()
        for way in WAYS.values():
            self.change(mongo(3))
            until(lambda: server.addresses(POD % 3) is None, 5)
            self.port = free_port()
            self.coredns(f"127.0.0.1:{server.port}", way=way)
            for _ in range(3):
                self.assertEqual(self.ask(POD % 3).rcode(), dns.rcode.NXDOMAIN)
            self.change(mongo(4))
            until(lambda: self.addresses(POD % 3), SEEN_S)
            self.assertEqual(len(self.addresses(MONGO)), 4)

    def test_a_peer_that_moves_is_seen(self):
        server = self.start()
        self.coredns(f"127.0.0.1:{server.port}")
        self.assertEqual(self.addresses(POD % 0), [ADDRESSES[0]])
        self.change(mongo(3).replace(ADDRESSES[0], "10.233.99.99"))
        until(lambda: self.addresses(POD % 0) == ["10.233.99.99"], SEEN_S)
        self.assertIn("10.233.99.99", self.addresses(MONGO))
        self.assertNotIn(ADDRESSES[0], self.addresses(MONGO))

    def test_its_health_check_is_answered(self):
        server = self.start()
        for options in ([], ["--forward", f"127.0.0.1:{free_port()}"]):
            server = self.start(options=["--control", "none", *options])
            began = time.monotonic()
            server.ask(".", "NS", timeout=5)
            self.assertLess(time.monotonic() - began, 5 * SLOW)

    def restarts(self, way, replicas):
        """Start each of them anew under load; what came of it."""
        ports = [free_port() for _ in range(replicas)]
        servers = [self.start(listen=[f"127.0.0.1:{p}"]) for p in ports]
        self.port = free_port()
        self.coredns(*(f"127.0.0.1:{p}" for p in ports), way=WAYS[way])
        load = Load(self.port, POD % 0)
        load.start()
        for i in [*range(replicas), 0]:
            # CoreDNS finds one that came back by its health check
            time.sleep(1.2)
            self.assertEqual(servers[i].stop(signal.SIGTERM), 0)
            servers[i] = self.start(listen=[f"127.0.0.1:{ports[i]}"])
        time.sleep(1)
        load.stop()
        print(f"# {replicas} replicas, {way}: {load.sent} queries, "
              f"{load.sent - load.right} lost, RCODEs {load.rcodes}")
        return load

    def test_a_restart_of_one_of_two_under_load_loses_nothing(self):
        for way in ("udp", "tcp"):
            load = self.restarts(way, 2)
            self.assertGreater(load.sent, 1000)
            self.assertEqual(load.sent - load.right, 0, way)

    def test_a_restart_of_the_only_one_under_load_is_servfail_at_most(self):
        # CoreDNS has nobody else to ask, and says so while nobody listens:
        # clients ask again. Nothing is lost that had reached ordinald, and
        # nothing is said not to exist.
        load = self.restarts("udp", 1)
        self.assertEqual(load.answered, load.sent)
        self.assertLessEqual(set(load.rcodes), {0, 2})
        self.assertEqual(load.right, load.rcodes[0])


if __name__ == "__main__":
    ordinald.main()

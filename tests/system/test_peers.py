#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ordinald beside Knot and NSD, which serve what `ordinald zone` prints: the
same answers for every name and type, and the same verdict on messages that are
bent at random. Skipped where neither is installed."""

import collections
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ordinald  # noqa: E402
from ordinald import BIN, ROOT, SAN, Server, free_port, until  # noqa: E402

ORIGINS = ["cluster.local", "in-addr.arpa", "ip6.arpa"]
TYPES = ["A", "AAAA", "SRV", "PTR", "CNAME", "TXT", "SOA", "NS", "MX", "HTTPS",
         "TYPE65280"]
SEED = 20260
BENT = 400 if SAN else 3000


def tool(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


class Peer:
    """A name server of another make, with the same zones."""

    def __init__(self, directory):
        self.port = free_port()
        self.directory = directory
        self.log = open(os.path.join(directory, self.name + ".log"), "wb")
        self.process = subprocess.Popen(
            self.command(), stdout=self.log, stderr=self.log, cwd=directory)
        until(self.answers, 20)

    def answers(self):
        if self.process.poll() is not None:
            with open(self.log.name, encoding="utf-8") as log:
                raise AssertionError(self.name + ": " + log.read()[-2000:])
        try:
            return ask(self.port, ORIGINS[-1], "SOA", 0.3).answer
        except (dns.exception.DNSException, OSError):
            return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def write(self, text):
        path = os.path.join(self.directory, self.name + ".conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


class Knot(Peer):
    name = "knot"

    def command(self):
        state = os.path.join(self.directory, "knot")
        os.mkdir(state)
        zones = "".join(f"  - domain: {o}\n    file: {self.directory}/{o}.zone"
                        "\n" for o in ORIGINS)
        return [tool("knotd"), "-c", self.write(
            f"server:\n  rundir: {state}\n  listen: 127.0.0.1@{self.port}\n"
            f"database:\n  storage: {state}\n"
            "log:\n  - target: stderr\n    any: warning\n"
            f"template:\n  - id: default\n    storage: {state}\n"
            f"    zonefile-sync: -1\n    journal-content: none\nzone:\n{zones}")]


class Nsd(Peer):
    name = "nsd"

    def command(self):
        zones = "".join(f"zone:\n  name: {o}\n  zonefile: {o}.zone\n"
                        for o in ORIGINS)
        return [tool("nsd"), "-d", "-c", self.write(
            f"server:\n  ip-address: 127.0.0.1@{self.port}\n  server-count: 1\n"
            f"  username: \"\"\n  zonesdir: {self.directory}\n  database: \"\"\n"
            f"  pidfile: \"{self.directory}/nsd.pid\"\n"
            f"  xfrdfile: \"{self.directory}/xfrd.state\"\n"
            f"  zonelistfile: \"{self.directory}/zone.list\"\n"
            "  rrl-ratelimit: 0\n  minimal-responses: no\n  refuse-any: yes\n"
            f"remote-control:\n  control-enable: no\n{zones}")]


def ask(port, name, kind, timeout=20.0, tcp=False):
    query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
    query.flags &= ~dns.flags.RD
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, "127.0.0.1", port=port, timeout=timeout)


def rrsets(section):
    """Records as a set, TTLs included."""
    return {(str(s.name).lower(), s.ttl, s.rdtype, str(r).lower())
            for s in section for r in s}


def outcome(reply):
    """What resolvers go by: code, AA, answer, and the SOA of a negative one."""
    soa = {r for r in rrsets(reply.authority) if r[2] == dns.rdatatype.SOA}
    return (dns.rcode.to_text(reply.rcode()), bool(reply.flags & dns.flags.AA),
            frozenset(rrsets(reply.answer)), frozenset(soa))


def exchange(port, message):
    """The reply to one datagram, b"" for silence: that is what it is when the
    reply to a question sent right after it comes first."""
    ident = bytes([message[0] ^ 0xff]) + b"\0" if message else b"\1\0"
    probe = dns.message.make_query(ORIGINS[0], "SOA", use_edns=False).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", port))
        s.settimeout(10)
        s.send(message)
        s.send(ident + probe[2:])
        reply = s.recv(65535)
        return b"" if reply[:2] == ident else reply


def verdict(reply):
    """What a server makes of a message, whatever it would answer."""
    if not reply:
        return "silence"
    if len(reply) < 12:
        return "scrap"
    code = reply[3] & 15
    names = {0: "answer", 3: "answer", 1: "FORMERR", 4: "NOTIMP",
             5: "REFUSED", 9: "REFUSED"}
    return names.get(code, f"rcode {code}")


def bend(rng, message):
    """One mutation, by a name for it."""
    m = bytearray(message)
    kind = rng.choice(["flip", "cut", "more", "counts", "opcode", "class",
                       "type", "length", "qr", "option"])
    if kind == "flip":
        m[rng.randrange(2, len(m))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del m[rng.randrange(len(m)):]
    elif kind == "more":
        m += rng.randbytes(rng.randrange(1, 20))
    elif kind == "counts":
        m[rng.choice([5, 7, 9, 11])] = rng.randrange(4)
    elif kind == "opcode":
        m[2] = m[2] & 0x87 | rng.randrange(16) << 3
    elif kind == "class":
        end = m.index(0, 12)
        m[end + 3:end + 5] = rng.randrange(65536).to_bytes(2, "big")
    elif kind == "type":
        end = m.index(0, 12)
        m[end + 1:end + 3] = rng.randrange(256).to_bytes(2, "big")
    elif kind == "length":
        m[12] = rng.randrange(256)
    elif kind == "qr":
        m[2] |= 0x80
    else:
        m[-2:] = (4 + rng.randrange(3)).to_bytes(2, "big")
        m += rng.randrange(65536).to_bytes(2, "big") + bytes([0, 0])
    return kind, bytes(m)


@unittest.skipUnless(tool("knotd") or tool("nsd"),
                     "neither knot nor nsd is installed (apt-get install knot "
                     "nsd)")
class Peers(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ordinald-peers-")
        os.chmod(self.directory, 0o755)
        socket_path = os.path.join(self.directory, "control.sock")
        self.server = Server("zones", options=["--control", socket_path,
                                              "--max-udp", "1232"])
        self.wait_for_rest()
        subprocess.run([BIN, "zone", "--control", socket_path, "--directory",
                        self.directory], check=True, cwd=ROOT)
        self.peers = []
        for make in (Knot, Nsd):
            if tool(make.name + "d" if make is Knot else make.name):
                self.peers.append(make(self.directory))

    def wait_for_rest(self):
        """The pods of zones/ordered.yaml take their time."""
        until = time.monotonic() + 60
        while len(rrsets(ask(self.server.port, "nginx.blog.svc.cluster.local",
                             "A").answer)) < 3:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.1)

    def tearDown(self):
        for peer in self.peers:
            peer.stop()
        self.server.stop()
        shutil.rmtree(self.directory)

    def names(self):
        """Every name of every zone, its parents, and one below each."""
        names = set()
        for origin in ORIGINS:
            path = os.path.join(self.directory, origin + ".zone")
            with open(path, encoding="utf-8") as file:
                for line in file:
                    if line[:1] not in ("", "\n", ";", "$", " ", "\t", "("):
                        names.add(dns.name.from_text(line.split()[0]))
        for name in list(names):
            while name.is_subdomain(dns.name.from_text(ORIGINS[0])) or \
                    name.is_subdomain(dns.name.from_text("arpa")):
                names.add(name)
                if len(name.to_wire()) < 250:
                    names.add(dns.name.Name((b"no",) + name.labels))
                if str(name)[:-1] in ORIGINS:
                    break
                name = name.parent()
        return sorted(names)

    def test_every_name_and_type_is_answered_alike(self):
        asked = 0
        for name in self.names():
            for kind in TYPES:
                ours = outcome(ask(self.server.port, name, kind))
                for peer in self.peers:
                    theirs = outcome(ask(peer.port, name, kind))
                    self.assertEqual(ours, theirs,
                                     f"{name} {kind} beside {peer.name}")
                    asked += 1
        self.assertGreater(asked, 1000)

    # Where the others agree with each other and not with us, and why: a header
    # that can be read gets an answer (RFC 1035 4.1.1, RFC 9619), where they
    # say nothing; a transfer is refused over UDP (RFC 5936 4.2) as over TCP.
    DEPARTURES = {
        ("length", "FORMERR", "silence"), ("cut", "FORMERR", "silence"),
        ("counts", "FORMERR", "silence"), ("flip", "FORMERR", "silence"),
        ("type", "REFUSED", "NOTIMP"),
    }

    def test_bent_messages_are_judged_alike(self):
        rng = random.Random(SEED)
        names = self.names()
        seen = collections.Counter()
        for _ in range(BENT):
            query = dns.message.make_query(rng.choice(names),
                                           rng.choice(TYPES[:6]), use_edns=0,
                                           payload=1232)
            kind, message = bend(rng, query.to_wire())
            ours = verdict(exchange(self.server.port, message))
            theirs = {verdict(exchange(p.port, message)) for p in self.peers}
            if ours in theirs or len(theirs) > 1:
                continue
            their = theirs.pop()
            seen[kind, ours, their] += 1
            if (kind, ours, their) not in self.DEPARTURES:
                self.fail(f"{kind}: {ours}, the others {their}: "
                          f"{message.hex()}")
        self.server.ask(names[0], "SOA")


if __name__ == "__main__":
    ordinald.main()

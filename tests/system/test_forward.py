#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Questions that are not ours, asked upstream: what goes out, what comes back,
and what happens when nothing does."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ordinald  # noqa: E402
from ordinald import MONGO, POD, SLOW, Case, free_port, until  # noqa: E402
from upstream import Upstream, reply_to  # noqa: E402

NAME = "www.example.org."
EXTERNAL = """
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: mongo}
spec: {type: ExternalName, externalName: www.example.org}
---
apiVersion: v1
kind: Service
metadata: {name: further, namespace: mongo}
spec: {type: ExternalName, externalName: outside.mongo.svc.cluster.local}
"""
# EDE: Other, No Reachable Authority, Network Error (RFC 8914 4)
OTHER, NO_AUTHORITY, NETWORK_ERROR = 0, 22, 23


def address_of(query, _tcp):
    name = query.question[0].name.to_text()
    if query.question[0].rdtype != dns.rdatatype.A:
        return reply_to(query)
    return reply_to(query, f"{name} 300 A 192.0.2.1")


def many(n):
    def answer(query, _tcp):
        name = query.question[0].name.to_text()
        return reply_to(query, *(f"{name} 60 A 198.18.{i >> 8}.{i & 255}"
                                 for i in range(n)))
    return answer


def silent(_query, _tcp):
    return None


def rcode_of(rcode):
    return lambda query, _tcp: reply_to(query, rcode=rcode)


def errors(reply):
    """Extended errors: code and text."""
    return [(int(o.code), o.text) for o in reply.options
            if isinstance(o, dns.edns.EDEOption)]


def query_of(name, kind="A", klass="IN", edns=True, payload=1232, **more):
    return dns.message.make_query(name, kind, klass,
                                  use_edns=0 if edns else False,
                                  payload=payload, **more)


class Forward(Case):
    def setUp(self):
        super().setUp()
        self.upstreams = []

    def tearDown(self):
        super().tearDown()
        for u in self.upstreams:
            u.close()

    def upstream(self, answer=address_of, **how):
        u = Upstream(answer, **how)
        self.upstreams.append(u)
        return u

    def forward(self, *upstreams, options=(), paths=(), **how):
        """A server that serves zones/mongo.yaml and asks these."""
        words = []
        for u in upstreams:
            words += ["--forward", u if isinstance(u, str) else u.address]
        self.copy()
        return self.serve(*paths, options=[*words, *options], **how)

    def asked(self, server, query, tcp=False, timeout=6):
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, "127.0.0.1", port=server.port,
                    timeout=timeout * SLOW)

    # --- what goes out and comes back --------------------------------------

    def test_a_name_that_is_not_ours_is_answered_by_the_upstream(self):
        def answer(query, _tcp):
            reply = reply_to(query, f"{NAME} 77 CNAME web.example.net.",
                             "web.example.net. 33 A 192.0.2.80",
                             "web.example.net. 33 A 192.0.2.81",
                             flags=dns.flags.AD)
            reply.authority.append(dns.rrset.from_text(
                "example.net.", 55, "IN", "NS", "ns.example.net."))
            reply.additional.append(dns.rrset.from_text(
                "ns.example.net.", 44, "IN", "AAAA", "2001:db8::53"))
            return reply
        up = self.upstream(answer)
        server = self.forward(up)
        for edns in (True, False):
            for tcp in (False, True):
                query = query_of(NAME, edns=edns)
                reply = self.asked(server, query, tcp)
                direct = dns.query.udp(query, up.host, port=up.port, timeout=5)
                for part in ("answer", "authority", "additional", "question"):
                    self.assertEqual(getattr(reply, part),
                                     getattr(direct, part))
                self.assertEqual(
                    [r.ttl for r in reply.answer + reply.authority],
                    [r.ttl for r in direct.answer + direct.authority])
                self.assertEqual(reply.flags, direct.flags)
                self.assertEqual(reply.edns, 0 if edns else -1)

    def test_any_type_and_class_is_asked(self):
        def answer(query, _tcp):
            q = query.question[0]
            if q.rdtype == dns.rdatatype.TXT:
                return reply_to(query, rcode=dns.rcode.NXDOMAIN)
            reply = dns.message.make_response(query)
            rdata = dns.rdata.GenericRdata(q.rdclass, q.rdtype, b"\1\2\3")
            reply.answer.append(dns.rrset.from_rdata(q.name, 9, rdata))
            return reply
        up = self.upstream(answer)
        server = self.forward(up)
        for kind in ("TYPE65280", "TYPE999"):
            reply = self.asked(server, query_of(NAME, kind))
            self.assertEqual(reply.answer[0].to_text(),
                             f"{NAME} 9 IN {kind} \\# 3 010203")
        reply = self.asked(server, query_of(NAME, "TYPE999", "HS"))
        self.assertEqual(reply.answer[0].rdclass, dns.rdataclass.HS)
        self.assertEqual(self.asked(server, query_of(NAME, "TXT")).rcode(),
                         dns.rcode.NXDOMAIN)
        before = len(up.questions())
        # who we are is for us to say; transfers are many messages
        for query in (query_of("version.bind.", "TXT", "CH"),
                      query_of(NAME, "AXFR", edns=False)):
            self.assertEqual(self.asked(server, query, tcp=True).rcode(),
                             dns.rcode.REFUSED)
        self.assertEqual(len(up.questions()), before)

    def test_flags_go_out_as_they_came(self):
        up = self.upstream()
        server = self.forward(up)
        for flags in (0, dns.flags.RD, dns.flags.RD | dns.flags.CD,
                      dns.flags.RD | dns.flags.AD):
            query = query_of(NAME)
            query.flags = flags
            reply = self.asked(server, query)
            self.assertEqual(reply.flags & dns.flags.RD, flags & dns.flags.RD)
            self.assertEqual(up.questions()[-1].message.flags, flags)

    def test_edns_is_between_neighbours(self):
        def answer(query, _tcp):
            reply = address_of(query, False)
            if query.edns >= 0:
                reply.use_edns(0, query.ednsflags, 4096, options=[
                    dns.edns.EDEOption(3, "from upstream"),
                    dns.edns.GenericOption(65001, b"theirs")])
            return reply
        up = self.upstream(answer)
        server = self.forward(up)
        query = query_of(NAME, want_dnssec=True, payload=4000, options=[
            dns.edns.GenericOption(10, b"8 octets"),  # COOKIE
            dns.edns.GenericOption(65001, b"mine"),
            dns.edns.GenericOption(12, b"\0" * 20),  # padding
            dns.edns.ECSOption("198.51.100.0", 24)])
        reply = self.asked(server, query)
        out = up.questions()[-1].message
        self.assertTrue(out.ednsflags & dns.flags.DO)
        self.assertEqual((out.payload, out.edns), (1232, 0))
        self.assertEqual([int(o.otype) for o in out.options], [8])
        self.assertTrue(reply.ednsflags & dns.flags.DO)
        self.assertEqual(reply.payload, 1232)
        self.assertIn((3, "from upstream"), errors(reply))
        self.assertNotIn(65001, [int(o.otype) for o in reply.options])
        cookies = [o for o in reply.options if int(o.otype) == 10]
        self.assertEqual(len(cookies), 1)
        self.assertEqual(cookies[0].data[:8], b"8 octets")
        self.assertEqual(self.asked(server, query_of(NAME, edns=False)).edns,
                         -1)
        self.assertEqual(up.questions()[-1].message.edns, -1)

    def test_ids_and_source_ports_are_drawn_for_each_query(self):
        up = self.upstream()
        server = self.forward(up)
        n = 300
        for i in range(n):
            query = query_of(f"n{i}.example.org.")
            query.id = 4711
            self.assertEqual(self.asked(server, query).id, 4711)
        asked = up.questions()
        self.assertEqual(len(asked), n)
        # 28,232 ports and 65,536 IDs: some 2 and 1 meet by chance
        self.assertGreater(len({a.client[1] for a in asked}), n - 20)
        self.assertGreater(len({a.id for a in asked}), n - 15)

    def test_queries_on_their_way_have_ports_of_their_own(self):
        up = self.upstream(silent)
        server = self.forward(up)
        n = 200
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for i in range(n):
                s.sendto(query_of(f"n{i}.example.org.").to_wire(),
                         ("127.0.0.1", server.port))
            until(lambda: len({a.name for a in up.questions()}) == n, 4)
        first = {a.name: a for a in reversed(up.questions())}
        self.assertGreater(len({a.client[1] for a in first.values()}), n - 15)
        self.assertGreater(len({a.id for a in first.values()}), n - 10)

    def test_letters_case_is_each_clients_own(self):
        up = self.upstream()
        server = self.forward(up)
        for name in ("wWw.ExAmPlE.oRg.", "WWW.example.ORG."):
            reply = self.asked(server, query_of(name))
            self.assertEqual(reply.question[0].name.to_text(), name)
            self.assertEqual(reply.answer[0].name.to_text(), name)

    def test_equal_questions_are_asked_once(self):
        held = []

        def answer(query, _tcp):
            held.append(1)
            time.sleep(1)
            return address_of(query, False)
        up = self.upstream(answer)
        server = self.forward(up, options=["--threads", "1"])
        names = [NAME, "WWW.example.org.", "www.EXAMPLE.org."]
        clients = []
        for i in range(60):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(5 * SLOW)
            query = query_of(names[i % 3], edns=i % 2 == 0)
            query.id = i
            s.sendto(query.to_wire(), ("127.0.0.1", server.port))
            clients.append((s, query))
        for s, query in clients:
            reply = dns.message.from_wire(s.recv(65535))
            self.assertEqual(reply.id, query.id)
            self.assertEqual(reply.question[0].name.to_text(),
                             query.question[0].name.to_text())
            self.assertEqual(reply.answer[0][0].to_text(), "192.0.2.1")
            s.close()
        # with EDNS and without; one that is sent again has the same ID
        self.assertEqual(len({a.id for a in up.questions()}), 2)

    def test_a_client_that_asks_again_gets_one_reply(self):
        up = self.upstream(lambda q, t: time.sleep(0.6) or address_of(q, t))
        server = self.forward(up)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5 * SLOW)
            wire = query_of(NAME).to_wire()
            for _ in range(5):
                s.sendto(wire, ("127.0.0.1", server.port))
                time.sleep(0.05)
            s.recv(65535)
            s.settimeout(0.5)
            with self.assertRaises(socket.timeout):
                s.recv(65535)
        self.assertEqual(len(up.questions()), 1)

    def test_many_on_one_connection(self):
        def answer(query, _tcp):
            if query.question[0].name.to_text().startswith("slow"):
                time.sleep(0.7)
            return address_of(query, False)
        up = self.upstream(answer)
        slow = self.upstream(answer)
        server = self.forward(up, slow)
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.settimeout(6 * SLOW)
            names = ["slow.example.org.", POD % 0, "fast.example.org."]
            for i, name in enumerate(names):
                query = query_of(name)
                query.id = i
                wire = query.to_wire()
                s.sendall(len(wire).to_bytes(2, "big") + wire)
            s.shutdown(socket.SHUT_WR)
            file, got = s.makefile("rb"), {}
            while length := file.read(2):
                reply = dns.message.from_wire(
                    file.read(int.from_bytes(length, "big")))
                got[reply.id] = reply
        self.assertEqual(sorted(got), [0, 1, 2])
        for i, name in enumerate(names):
            self.assertEqual(got[i].question[0].name.to_text(), name)
            self.assertEqual(got[i].rcode(), dns.rcode.NOERROR)

    # --- sizes --------------------------------------------------------------

    def cut(self, n):
        """An upstream that cuts what does not fit the size it was told."""
        whole = many(n)

        def answer(query, tcp):
            reply = whole(query, tcp)
            if tcp:
                return reply
            limit = query.payload if query.edns >= 0 else 512
            try:
                return reply.to_wire(max_size=limit)
            except dns.exception.TooBig:
                kept = reply_to(query, flags=dns.flags.TC)
                name = query.question[0].name.to_text()
                room = (limit - 60) // 16
                for i in range(room):
                    kept.find_rrset(kept.answer, query.question[0].name, 1, 1,
                                    create=True).update(dns.rrset.from_text(
                                        name, 60, "IN", "A",
                                        f"198.18.{i >> 8}.{i & 255}"))
                return kept
        return self.upstream(answer)

    def test_sizes_are_the_clients(self):
        for n in (40, 100, 1000, 4000):
            up = self.cut(n)
            server = self.forward(up, options=["--max-udp", "4096"])
            whole = 12 + 4 + len("www.example.org.") + 1 + 16 * n
            for edns, payload, limit in ((False, 512, 512), (True, 512, 512),
                                         (True, 1232, 1232),
                                         (True, 4096, 4096)):
                reply = dns.query.udp(
                    query_of(NAME, edns=edns, payload=payload), "127.0.0.1",
                    port=server.port, timeout=5 * SLOW,
                    ignore_unexpected=False)
                octets = len(reply.to_wire(max_size=65535))
                self.assertLessEqual(octets, limit)
                records = sum(len(r) for r in reply.answer)
                fits = whole + (11 if edns else 0) <= limit
                self.assertEqual(bool(reply.flags & dns.flags.TC), not fits)
                self.assertEqual(records == n, fits)
                # musl before 1.2.4 lives on what is there
                self.assertGreater(records, 20)
            reply = self.asked(server, query_of(NAME), tcp=True)
            self.assertEqual(sum(len(r) for r in reply.answer), n)
            self.assertFalse(reply.flags & dns.flags.TC)

    # --- whom we ask ---------------------------------------------------------

    def test_the_next_upstream_is_asked_where_one_fails(self):
        good = self.upstream()
        for bad in (rcode_of(dns.rcode.SERVFAIL), rcode_of(dns.rcode.REFUSED),
                    rcode_of(dns.rcode.NOTIMP)):
            first = self.upstream(bad)
            server = self.forward(first, good)
            reply = self.asked(server, query_of(NAME))
            self.assertEqual(reply.answer[0][0].to_text(), "192.0.2.1")
            self.assertEqual(len(first.questions()), 1)

    def test_an_error_of_all_upstreams_is_passed_on(self):
        def bogus(query, _tcp):
            reply = reply_to(query, rcode=dns.rcode.SERVFAIL)
            if query.edns >= 0:
                reply.use_edns(0, options=[dns.edns.EDEOption(6, "bogus")])
            return reply
        ups = [self.upstream(bogus), self.upstream(bogus)]
        server = self.forward(*ups)
        reply = self.asked(server, query_of(NAME))
        self.assertEqual((reply.rcode(), errors(reply)),
                         (dns.rcode.SERVFAIL, [(6, "bogus")]))
        self.assertEqual([len(u.questions()) for u in ups], [1, 1])
        # an answer is an answer: nobody else is asked
        missing = self.upstream(rcode_of(dns.rcode.NXDOMAIN))
        server = self.forward(missing, ups[0])
        before = len(ups[0].questions())
        self.assertEqual(self.asked(server, query_of(NAME)).rcode(),
                         dns.rcode.NXDOMAIN)
        self.assertEqual(len(ups[0].questions()), before)

    def test_a_silent_upstream_costs_a_second_then_nothing(self):
        quiet, good = self.upstream(silent), self.upstream()
        server = self.forward(quiet, good)
        began = time.monotonic()
        reply = self.asked(server, query_of(NAME))
        self.assertEqual(reply.answer[0][0].to_text(), "192.0.2.1")
        self.assertLess(time.monotonic() - began, 3 * SLOW)
        for i in range(3):
            self.asked(server, query_of(f"again{i}.example.org."))
        # by now it is left alone
        before = len(quiet.questions())
        for i in range(20):
            self.asked(server, query_of(f"more{i}.example.org."))
        self.assertLessEqual(len(quiet.questions()) - before, 2)
        server.wait_for(quiet.address, 5)

    def test_silence_is_servfail_within_five_seconds(self):
        answers = [silent]
        up = self.upstream(lambda q, t: answers[0](q, t))
        server = self.forward(up)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(6 * SLOW)
            for i in range(3):
                s.sendto(query_of(f"n{i}.example.org.").to_wire(),
                         ("127.0.0.1", server.port))
            began = time.monotonic()
            # ours go on beside them
            for _ in range(50):
                self.assertEqual(server.addresses(POD % 0),
                                 [ordinald.ADDRESSES[0]])
            self.assertLess(time.monotonic() - began, 1 * SLOW)
            for _ in range(3):
                reply = dns.message.from_wire(s.recv(65535))
                self.assertEqual(reply.rcode(), dns.rcode.SERVFAIL)
                self.assertEqual(errors(reply)[0][0], NO_AUTHORITY)
            self.assertLess(time.monotonic() - began, 5 * SLOW)
        # left alone: nobody waits for it any more
        began = time.monotonic()
        reply = self.asked(server, query_of("now.example.org."))
        self.assertEqual(reply.rcode(), dns.rcode.SERVFAIL)
        self.assertEqual(errors(reply)[0][0], NO_AUTHORITY)
        self.assertLess(time.monotonic() - began, 1 * SLOW)
        lines = [l for l in server.log if up.address in l and "forward" not in
                 l.split()[0]]
        # and it is found again when it answers
        answers[0] = address_of
        until(lambda: self.asked(server, query_of("back.example.org."))
              .rcode() == dns.rcode.NOERROR, 12)
        self.assertLessEqual(len(lines), 2)

    def test_a_port_where_nobody_listens_is_said_at_once(self):
        server = self.forward(f"127.0.0.1:{free_port()}")
        began = time.monotonic()
        reply = self.asked(server, query_of(NAME))
        self.assertLess(time.monotonic() - began, 3 * SLOW)
        self.assertEqual(reply.rcode(), dns.rcode.SERVFAIL)
        self.assertEqual(errors(reply)[0][0], NETWORK_ERROR)

    def test_an_upstream_over_ipv6(self):
        up = self.upstream(host="::1")
        server = self.forward(up)
        reply = self.asked(server, query_of(NAME))
        self.assertEqual(reply.answer[0][0].to_text(), "192.0.2.1")

    def test_garbage_is_no_answer(self):
        def answer(query, _tcp):
            right = address_of(query, False).to_wire()
            other = query_of("other.example.org.", edns=False)
            other.id = query.id
            wrong_id = bytes([right[0] ^ 1]) + right[1:]
            return [b"", b"x", right[:11], wrong_id,
                    address_of(other, False).to_wire(), query.to_wire(), right]
        server = self.forward(self.upstream(answer))
        for i in range(20):
            reply = self.asked(server, query_of(f"n{i}.example.org."))
            self.assertEqual(reply.answer[0][0].to_text(), "192.0.2.1")

    def test_a_loop_is_seen_and_named(self):
        ports = [free_port(), free_port()]
        self.copy()
        servers = [self.serve(
            listen=[f"127.0.0.1:{ports[i]}"],
            options=["--forward", f"127.0.0.1:{ports[1 - i]}", "--control",
                     self.path(f"{i}.sock")]) for i in range(2)]
        for port, server in zip(ports, servers):
            server.port = port
        # whoever sees it first goes round no more, so the other need not
        named = lambda: [line for server in servers for line in server.log
                         if "leads back" in line]
        until(named, 15)
        self.assertTrue(any(f"127.0.0.1:{port}" in named()[0]
                            for port in ports))
        began = time.monotonic()
        reply = self.asked(servers[0], query_of(NAME))
        self.assertEqual(reply.rcode(), dns.rcode.SERVFAIL)
        self.assertEqual(errors(reply)[0][0], NO_AUTHORITY)
        self.assertLess(time.monotonic() - began, 1 * SLOW)

    def test_our_own_address_is_refused_as_an_upstream(self):
        port = free_port()
        for listen in (f"127.0.0.1:{port}", f"0.0.0.0:{port}"):
            done = ordinald.run("serve", "--listen", listen, "--forward",
                                f"127.0.0.1:{port}", "--control", "none",
                                "zones")
            self.assertEqual(done.returncode, 2 if "usage" in done.stderr
                             else done.returncode)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"127.0.0.1:{port}", done.stderr)

    # --- what is ours -------------------------------------------------------

    def test_nothing_of_ours_leaks(self):
        up = self.upstream()
        server = self.forward(up)
        for name in ("x." + MONGO, "nobody.mongo.svc.cluster.local.",
                     "a.b.c.d.e.cluster.local.", "x.nowhere.svc.cluster.local.",
                     "10-0-0-1.mongo.pod.cluster.local.", "cluster.local.",
                     "CLUSTER.local.", "x.y.Cluster.Local."):
            for kind in ("A", "SRV", "TXT", "HINFO"):
                reply = self.asked(server, query_of(name, kind))
                self.assertIn(reply.rcode(), (dns.rcode.NXDOMAIN,
                                              dns.rcode.NOERROR))
                self.assertTrue(reply.flags & dns.flags.AA)
        self.assertEqual(up.questions(), [])
        # but these are none of ours
        self.asked(server, query_of("xcluster.local."))
        self.asked(server, query_of("local."))
        self.asked(server, query_of("."))
        self.assertEqual([a.name for a in up.questions()],
                         ["xcluster.local.", "local.", "."])

    def test_recursion_is_available_where_it_is(self):
        up = self.upstream()
        with_it, without = self.forward(up), self.serve(
            options=["--control", "none"])
        for name in (POD % 0, "x." + MONGO):
            self.assertTrue(self.asked(with_it, query_of(name)).flags &
                            dns.flags.RA)
            self.assertFalse(self.asked(without, query_of(name)).flags &
                             dns.flags.RA)
        self.assertEqual(self.asked(without, query_of(NAME)).rcode(),
                         dns.rcode.REFUSED)

    def test_fallthrough_asks_for_services_we_do_not_know(self):
        up = self.upstream()
        server = self.forward(up, options=["--fallthrough"])
        known = ["x." + MONGO, POD % 7, "_no._tcp." + MONGO]
        unknown = ["api.mongo.svc.cluster.local.",
                   "db-0.db.mongo.svc.cluster.local.",
                   "kubernetes.default.svc.cluster.local.",
                   "10-0-0-1.default.pod.cluster.local."]
        for name in known:
            self.assertEqual(self.asked(server, query_of(name)).rcode(),
                             dns.rcode.NXDOMAIN)
        self.assertEqual(up.questions(), [])
        for name in unknown:
            reply = self.asked(server, query_of(name))
            self.assertEqual(reply.answer[0][0].to_text(), "192.0.2.1")
        self.assertEqual([a.name for a in up.questions()], unknown)

    def test_addresses_that_nobody_here_has_are_asked_for(self):
        def answer(query, _tcp):
            return reply_to(query, query.question[0].name.to_text() +
                            " 60 PTR dns.google.")
        up = self.upstream(answer)
        server = self.forward(up)
        ours = self.asked(server, query_of("153.102.233.10.in-addr.arpa.",
                                           "PTR"))
        self.assertEqual(ours.answer[0][0].to_text(), POD % 0)
        self.assertEqual(up.questions(), [])
        theirs = self.asked(server, query_of("8.8.8.8.in-addr.arpa.", "PTR"))
        self.assertEqual(theirs.answer[0][0].to_text(), "dns.google.")
        # what is said to be ours is
        server = self.forward(up, options=["--reverse", "10.0.0.0/8"])
        self.assertEqual(self.asked(server, query_of(
            "9.9.9.10.in-addr.arpa.", "PTR")).rcode(), dns.rcode.NXDOMAIN)
        self.assertEqual(self.asked(server, query_of(
            "4.4.8.8.in-addr.arpa.", "PTR")).rcode(), dns.rcode.NOERROR)

    def test_an_alias_leads_to_what_the_upstream_says(self):
        def answer(query, _tcp):
            return reply_to(query, f"{NAME} 77 CNAME web.example.net.",
                            "web.example.net. 33 A 192.0.2.80")
        up = self.upstream(answer)
        self.write("external.yaml", EXTERNAL)
        server = self.forward(up)
        first, second = ("outside.mongo.svc.cluster.local.",
                         "further.mongo.svc.cluster.local.")
        links = {first: [(first, "CNAME", NAME)],
                 second: [(second, "CNAME", first), (first, "CNAME", NAME)]}
        rest = [(NAME, "CNAME", "web.example.net."),
                ("web.example.net.", "A", "192.0.2.80")]
        for name in (first, second):
            for tcp in (False, True):
                reply = self.asked(server, query_of(name), tcp)
                self.assertEqual(
                    [(r.name.to_text(), dns.rdatatype.to_text(r.rdtype),
                      r[0].to_text()) for r in reply.answer],
                    links[name] + rest)
                self.assertEqual(up.questions()[-1].name, NAME)
            reply = self.asked(server, query_of(name, "CNAME"))
            self.assertEqual(len(reply.answer), 1)

    # --- bounds ---------------------------------------------------------------

    def test_what_waits_is_bounded(self):
        up = self.upstream(silent)
        server = self.forward(up, options=[
            "--threads", "1", "--forward-queries", "100",
            "--forward-per-client", "60"])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            s.settimeout(0.7)
            for i in range(200):
                s.sendto(query_of(f"n{i}.example.org.").to_wire(),
                         ("127.0.0.1", server.port))
            full = []
            try:
                while True:
                    full.append(dns.message.from_wire(s.recv(65535)))
            except socket.timeout:
                pass
            self.assertEqual(len(full), 140)
            for reply in full:
                self.assertEqual(reply.rcode(), dns.rcode.SERVFAIL)
                self.assertEqual(errors(reply)[0][0], OTHER)
        self.assertEqual(len({a.name for a in up.questions()}), 60)

    def test_what_waits_for_all_clients_is_bounded(self):
        up = self.upstream(silent)
        server = self.forward(up, options=[
            "--threads", "1", "--forward-queries", "100",
            "--forward-per-client", "60"])
        for client, refused in (("127.0.0.1", 0), ("127.0.0.2", 20)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((client, 0))
                s.settimeout(0.5)
                for i in range(60):
                    s.sendto(query_of(f"n{i}.{client}.example.").to_wire(),
                             ("127.0.0.1", server.port))
                full = []
                with contextlib.suppress(socket.timeout):
                    while True:
                        full.append(dns.message.from_wire(s.recv(65535)))
                self.assertEqual(len(full), refused)
        self.assertEqual(len({a.name for a in up.questions()}), 100)

    def test_a_silent_upstream_does_not_grow_the_process(self):
        if not ordinald.SHIPPED:
            self.skipTest("memory is that of the shipped program")
        up = self.upstream(silent)
        server = self.forward(up, options=["--forward-queries", "1000",
                                           "--forward-per-client", "1000"])

        def memory():
            with open(f"/proc/{server.process.pid}/statm",
                      encoding="ascii") as f:
                return int(f.read().split()[1]) * 4096

        def flood():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                for i in range(5000):
                    s.sendto(query_of(f"n{i}.example.org.").to_wire(),
                             ("127.0.0.1", server.port))
        flood()
        time.sleep(6)
        once = memory()
        for _ in range(3):
            flood()
        time.sleep(6)
        self.assertLess(memory() - once, 4 << 20)
        self.assertEqual(server.addresses(POD % 0), [ordinald.ADDRESSES[0]])

    def test_stopping_does_not_wait_for_an_upstream(self):
        server = self.forward(self.upstream(silent))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(query_of(NAME).to_wire(), ("127.0.0.1", server.port))
            time.sleep(0.2)
            began = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - began, 3 * SLOW)


class Real(Case):
    """Real servers as upstreams."""

    ZONE = "example.org"

    def start(self, name, *command):
        path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
        if not path:
            self.skipTest(f"{name} is not installed")
        process = subprocess.Popen([path, *command], cwd=self.dir,
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

    def dnsmasq(self, port):
        self.start("dnsmasq", "-d", "-C", "/dev/null", "-p",
                   str(port), "--listen-address=127.0.0.1", "--bind-interfaces",
                   "--no-resolv", "--no-hosts", f"--pid-file={self.dir}/pid",
                   f"--host-record=www.{self.ZONE},192.0.2.7", f"--local=/{self.ZONE}/")

    def unbound(self, port):
        self.start("unbound", "-d", "-c", self.write("unbound.conf", f"""
server:
  interface: 127.0.0.1@{port}
  username: ""
  chroot: ""
  directory: "{self.dir}"
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  local-zone: "{self.ZONE}." static
  local-data: "www.{self.ZONE}. 300 A 192.0.2.7"
  local-data: "{self.ZONE}. 300 SOA ns.{self.ZONE}. h.{self.ZONE}. 1 2 3 4 5"
remote-control:
  control-enable: no
"""))

    def through(self, start):
        port = free_port()
        start(port)
        self.copy()
        server = self.serve(options=["--forward", f"127.0.0.1:{port}"])

        def answers():
            try:
                return server.addresses(f"www.{self.ZONE}.") == ["192.0.2.7"]
            except (AssertionError, dns.exception.Timeout):
                return False
        until(answers, 10)
        self.assertEqual(server.addresses(POD % 0), [ordinald.ADDRESSES[0]])
        printed = server.dig(f"www.{self.ZONE}")
        self.assertIn("192.0.2.7", printed)
        self.assertNotIn("WARNING", printed)
        self.assertIn(" ra", printed)
        printed, status = server.nslookup(f"www.{self.ZONE}")
        self.assertEqual((status, "192.0.2.7" in printed), (0, True), printed)
        self.assertIn("192.0.2.7",
                      server.dig("+tcp", f"www.{self.ZONE}"))

    def test_dnsmasq(self):
        self.through(self.dnsmasq)

    def test_unbound(self):
        self.through(self.unbound)


if __name__ == "__main__":
    ordinald.main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`ordinald peers --server` against name servers that say what a test wants:
all of it, parts of it, nothing, or nonsense."""

import json
import os
import signal
import subprocess
import time

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.reversename

from ordinald import main, until
from peers_command import SERVICE, Case, hostname
from upstream import Upstream, reply_to

SRV = SERVICE + "."


def record(name, data):
    return f"{name}. 5 {'AAAA' if ':' in data else 'A'} {data}"


def srv(*ordinals, port=80):
    return [f"{SRV} 5 SRV 0 50 {port} {hostname(n)}." for n in ordinals]


def added(reply, *records):
    """The same reply with these in its additional section."""
    extra = reply_to(dns.message.make_query(SRV, "A"), *records)
    reply.additional.extend(extra.answer)
    return reply


def explained(reply, text, code=0):
    """The same reply with an extended error."""
    reply.use_edns(0, options=[dns.edns.EDEOption(code, text)])
    return reply


class World:
    """A service as a name server has it; a test changes its facts, or how it
    answers. srv: addresses by ordinal."""

    def __init__(self, **peers):
        self.peers = {int(n[1:]): a for n, a in peers.items()}
        self.extras = True
        self.reverse = {}
        self.set = []  # without SRV records: the service's own addresses
        self.instead = lambda query, tcp: False

    def answer(self, query, tcp):
        said = self.instead(query, tcp)
        if said is not False:
            return said
        question = query.question[0]
        name = question.name.to_text().lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if name == SRV and kind == "SRV" and self.peers:
            reply = reply_to(query, *srv(*self.peers))
            return added(reply, *self.hosts()) if self.extras else reply
        records = [r for r in self.all() if r.split(" ")[0].lower() == name]
        if not records:
            return reply_to(query, rcode=dns.rcode.NXDOMAIN)
        return reply_to(query, *[r for r in records
                                 if r.split(" ")[2] == kind])

    def hosts(self):
        return [record(hostname(n), a) for n, all_of in self.peers.items()
                for a in all_of]

    def all(self):
        return self.hosts() + [record(SERVICE, a) for a in self.set] + [
            f"{dns.reversename.from_address(a)} 5 PTR {name}"
            for a, names in self.reverse.items() for name in names]


class Dns(Case):

    def start(self, world=None, **peers):
        self.world = world or World(**peers)
        self.upstream = Upstream(self.world.answer)
        self.addCleanup(self.upstream.close)
        self.words = [SERVICE, "--server", self.upstream.address]

    def follow(self, **how):
        cmd, told = self.recorder(**how)
        command = self.peers(*self.words, "--on-change", cmd, "--debounce",
                             "50ms")
        until(lambda: len(told()) == 1, 10)
        return command, told

    def rounds(self, n=1, of=()):
        """Let it ask so often and take what it was told, and ask again; or all
        who ask these upstreams."""
        def asked(upstream):
            return sum(a.message.question[0].rdtype == dns.rdatatype.SRV
                       for a in list(upstream.asked))
        goals = [(u, asked(u) + n + 1) for u in of or [self.upstream]]
        until(lambda: all(asked(u) >= goal for u, goal in goals), 5 * n + 5)

    def followers(self, *names, **peers):
        """Several at once, each with a world of its own, because a round takes
        a second: what follow() says, by name."""
        for name in names:
            self.start(**peers)
            yield name, self.world, self.upstream, *self.follow(name=name)

    def addresses(self):
        status, out, said = self.ask(*self.words, "-o", "json")
        self.assertEqual((status, said), (0, ""))
        return {p["hostname"]: p["addresses"] for p in json.loads(out)["peers"]}

    # --- what servers leave out ------------------------------------------------

    def test_peers_are_read_as_they_come(self):
        self.start(n0=["10.0.0.1", "fd00::1"], n1=["10.0.0.2"])
        self.assertEqual(self.addresses(), {
            hostname(0): ["10.0.0.1", "fd00::1"], hostname(1): ["10.0.0.2"]})
        self.assertEqual(len(self.upstream.asked), 1)

    def test_addresses_that_do_not_come_along_are_asked_for(self):
        self.start(n0=["10.0.0.1", "fd00::1"], n1=["10.0.0.2"], n2=["fd00::3"])
        self.world.extras = False
        self.assertEqual(self.addresses(), {
            hostname(0): ["10.0.0.1", "fd00::1"], hostname(1): ["10.0.0.2"],
            hostname(2): ["fd00::3"]})

    def test_addresses_of_some_may_come_along(self):
        self.start(n0=["10.0.0.1"], n1=["10.0.0.2"])
        self.world.hosts = lambda: [record(hostname(0), "10.0.0.1")]
        self.world.all = lambda: [record(hostname(1), "10.0.0.2")]
        self.assertEqual(self.addresses(), {hostname(0): ["10.0.0.1"],
                                            hostname(1): ["10.0.0.2"]})

    def test_200_targets_are_asked_for(self):
        self.start(**{f"n{n}": [f"10.0.{n}.1"] for n in range(200)})
        self.world.extras = False
        self.world.instead = self.cut
        found = self.addresses()
        self.assertEqual(list(found), [hostname(n) for n in range(200)])
        self.assertEqual(found[hostname(7)], ["10.0.7.1"])

    def cut(self, query, tcp):
        """Over UDP nothing but TC for SRV."""
        if tcp or query.question[0].rdtype != dns.rdatatype.SRV:
            return False
        return reply_to(query, flags=dns.flags.TC)

    def test_what_is_cut_is_asked_for_over_tcp(self):
        self.start(n0=["10.0.0.1"], n1=["10.0.0.2"])
        self.world.instead = self.cut
        self.assert_peers(self.words, [0, 1])
        self.assertEqual([a.tcp for a in self.upstream.asked], [False, True])

    def test_a_full_reply_is_asked_for_again_over_tcp(self):
        self.start(**{f"n{n}": [f"10.0.0.{n + 1}", f"fd00::{n + 1}"]
                      for n in range(12)})

        def full(query, tcp):
            if tcp or query.question[0].rdtype != dns.rdatatype.SRV:
                return False
            reply = reply_to(query, *srv(*range(12)))
            for n in range(12):
                added(reply, record(hostname(n), f"10.0.0.{n + 1}"))
            for n in range(12):
                before = list(reply.additional)
                added(reply, record(hostname(n), f"fd00::{n + 1}"))
                if len(reply.to_wire(max_size=65535)) > 1232:
                    reply.additional = before
                    break
            return reply
        self.world.instead = full
        for addresses in self.addresses().values():
            self.assertEqual(len(addresses), 2)

    def test_what_came_over_udp_counts_where_tcp_is_not_served(self):
        self.start(**{f"n{n}": [f"10.0.0.{n + 1}"] for n in range(13)})
        pad = [f"{SRV} 5 SRV 0 50 80 {'x' * 40}."]

        def udp_only(query, tcp):
            if tcp:
                return reply_to(query, rcode=dns.rcode.SERVFAIL)
            if query.question[0].rdtype != dns.rdatatype.SRV:
                return False
            reply = added(reply_to(query, *srv(*range(13))),
                          *self.world.hosts())
            while len(reply.to_wire(max_size=65535)) < 1190:
                reply = added(reply, record("pad." + pad[0][:1] * 30 +
                                            str(len(reply.additional)),
                                            "10.0.0.99"))
            return reply
        self.world.instead = udp_only
        self.assert_peers(self.words, range(13))
        self.assertIn(True, [a.tcp for a in self.upstream.asked])

    def test_a_target_without_an_address_is_no_peer(self):
        self.start(n0=["10.0.0.1"], n1=[])
        self.assertEqual(list(self.addresses()), [hostname(0)])

    def test_a_target_of_a_dot_is_none(self):
        self.start()
        self.world.instead = lambda query, tcp: reply_to(
            query, f"{SRV} 5 SRV 0 0 0 .") if query.question[0].rdtype == \
            dns.rdatatype.SRV else False
        self.assert_none(self.words, "no peers")

    # --- order and case ----------------------------------------------------------

    def test_another_order_or_case_is_no_change(self):
        order, case = followers = list(self.followers(
            "order", "case", n9=["10.0.0.9"], n10=["10.0.0.10"],
            n2=["10.0.0.2"]))
        order[1].peers = dict(reversed(order[1].peers.items()))
        case[1].instead = lambda query, tcp: added(
            reply_to(query, *[r.replace("web-", "WEB-")
                              for r in srv(10, 2, 9)]),
            *[r.replace("web-", "Web-") for r in case[1].hosts()])
        self.rounds(1, [order[2], case[2]])
        for _, _, _, command, told in followers:
            self.assertEqual(told(), [[hostname(n) for n in (2, 9, 10)]])
            self.assertEqual(command.end(signal.SIGTERM), 0)

    def test_several_ports_are_one_peer(self):
        self.start(n0=["10.0.0.1"])
        self.world.instead = lambda query, tcp: added(
            reply_to(query, *srv(0), *srv(0, port=443)), *self.world.hosts())
        _, out, _ = self.ask(*self.words, "-o", "json")
        peer, = json.loads(out)["peers"]
        self.assertEqual([p["port"] for p in peer["ports"]], [80, 443])

    # --- no ----------------------------------------------------------------------

    def test_servfail_and_its_like_keep_the_last_peers(self):
        def fail(world, rcode):
            world.instead = lambda query, tcp: explained(
                reply_to(query, rcode=dns.rcode.from_text(rcode)),
                "no zone yet")
        followers = list(self.followers(
            "SERVFAIL", "REFUSED", "NOTIMP", "FORMERR", n0=["10.0.0.1"],
            n1=["10.0.0.2"]))

        def fail_all(times):
            for rcode, world, *_ in followers:
                fail(world, rcode)
            for rcode, _, upstream, command, _ in followers:
                # once each time
                until(lambda: len(command.said) == times, 10)
                self.assertIn(f"the last 2 peers are kept: name server "
                              f"{upstream.address}: {rcode}: no zone yet",
                              command.said[-1])
        upstreams = [upstream for _, _, upstream, *_ in followers]
        fail_all(1)
        self.rounds(0, upstreams)
        for _, world, *_ in followers:
            world.instead = lambda query, tcp: False
        self.rounds(1, upstreams)
        fail_all(2)
        for _, _, _, command, told in followers:
            self.assertEqual(command.end(signal.SIGTERM), 0)
            self.assertEqual(len(told()), 1)
            self.assertEqual(len(command.said), 2, command.said)

    def test_nxdomain_empties_the_peers(self):
        self.start(n0=["10.0.0.1"], n1=["10.0.0.2"])
        command, told = self.follow()
        self.world.peers = {}
        until(lambda: told()[-1] == [], 10)
        self.world.peers = {3: ["10.0.0.4"]}
        until(lambda: told()[-1] == [hostname(3)], 10)
        # the name is there, and has nothing
        self.world.instead = lambda query, tcp: reply_to(query)
        until(lambda: told()[-1] == [], 10)
        self.assertEqual(len(told()), 4)
        self.assertEqual(command.end(signal.SIGTERM), 0)
        self.assertEqual(command.said, [])

    def test_garbage_and_silence_keep_the_last_peers(self):
        def garbage(query, tcp):
            wire = query.to_wire()
            # a reply to this question, with a record that is not there
            return wire[:2] + b"\x80\0" + wire[4:6] + b"\0\x05" + wire[8:]
        said = {"garbage": (garbage, "no reply"),
                "silence": (lambda query, tcp: None, "does not answer")}
        followers = list(self.followers(*said, n0=["10.0.0.1"]))
        for name, world, *_ in followers:
            world.instead = said[name][0]
        for name, _, _, command, _ in followers:
            command.wait_for("the last 1 peers are kept", 15)
            self.assertIn(said[name][1], command.said[0])
        for _, world, *_ in followers:
            world.instead = lambda query, tcp: False
            world.peers = {0: ["10.0.0.1"], 1: ["10.0.0.2"]}
        for _, _, _, command, told in followers:
            until(lambda t=told: len(t()) == 2, 15)
            self.assertEqual([len(t) for t in told()], [1, 2])
            self.assertEqual(command.end(signal.SIGTERM), 0)

    def test_an_address_that_is_not_known_for_sure_makes_all_unsure(self):
        self.start(n0=["10.0.0.1"], n1=["10.0.0.2"])
        self.world.extras = False
        command, told = self.follow()
        self.world.instead = lambda query, tcp: reply_to(
            query, rcode=dns.rcode.SERVFAIL) if query.question[0].name.to_text(
            ).startswith("web-1.") else False
        command.wait_for("the last 2 peers are kept")
        self.assertEqual(len(told()), 1)
        self.assertEqual(command.end(signal.SIGTERM), 0)

    def test_the_reason_of_a_no_is_told(self):
        self.start()
        for rcode in ("NXDOMAIN", "SERVFAIL"):
            self.world.instead = lambda query, tcp, r=rcode: explained(
                reply_to(query, rcode=dns.rcode.from_text(r)),
                "web-0 is\x1b[31m shy\n")
            self.assert_none(self.words, f"{rcode}: web-0 is?[31m shy?")
            self.assert_none([*self.words, "--wait", "2", "--timeout",
                              "100ms"], "0 of 2 peers after 100ms",
                             f"{rcode}: web-0 is?[31m shy?")
        self.world.instead = lambda query, tcp: explained(
            reply_to(query, rcode=dns.rcode.SERVFAIL), None, 22)
        self.assert_none(self.words, "SERVFAIL, extended error 22")

    def test_the_reason_of_the_one_that_is_missing_is_told(self):
        self.start(n0=["10.0.0.1"], n2=["10.0.0.3"])
        self.world.instead = lambda query, tcp: explained(
            reply_to(query, rcode=dns.rcode.NXDOMAIN), "not ready") if \
            query.question[0].name.to_text().startswith("web-1.") else False
        self.assert_none([*self.words, "--wait", "3", "--timeout", "200ms"],
                         "2 of 3 peers after 200ms: NXDOMAIN: not ready")

    def test_nobody_who_listens_is_said(self):
        self.start()
        self.upstream.close()
        self.assert_none(self.words, "cannot be reached")
        self.assert_none([*self.words, "--wait", "1", "--timeout", "300ms"],
                         "0 of 1 peers", "cannot be reached")

    def test_silence_is_said_where_time_is_over(self):
        self.start()
        self.world.instead = lambda query, tcp: None
        began = time.monotonic()
        self.assert_none([*self.words, "--wait", "1", "--timeout", "300ms"],
                         "0 of 1 peers after 300ms: nobody has answered yet")
        self.assertLess(time.monotonic() - began, 4)

    # --- without SRV -------------------------------------------------------------

    def test_without_srv_addresses_are_called_as_ptr_says(self):
        self.start()
        self.world.set = ["10.0.0.2", "10.0.0.1", "fd00::1"]
        self.world.reverse = {
            "10.0.0.1": ["a.elsewhere.", f"{hostname(0)}."],
            "fd00::1": [f"{hostname(0).upper()}."],
            "10.0.0.2": [f"{hostname(1)}."]}
        self.assertEqual(self.addresses(), {
            hostname(0): ["10.0.0.1", "fd00::1"], hostname(1): ["10.0.0.2"]})

    def test_an_address_without_a_name_is_its_own(self):
        self.start()
        self.world.set = ["10.0.0.2", "10.0.0.1"]
        self.world.reverse = {"10.0.0.2": ["z.example.", "b.example."]}
        _, out, _ = self.ask(*self.words, "-o", "json")
        self.assertEqual(
            [(p["name"], p["hostname"], p["addresses"], "ordinal" in p)
             for p in json.loads(out)["peers"]],
            [("10.0.0.1", "10.0.0.1", ["10.0.0.1"], False),
             ("b", "b.example", ["10.0.0.2"], False)])
        _, out, _ = self.ask(*self.words, "-o", "hosts")
        self.assertEqual(out, "10.0.0.2 b.example b\n")

    def test_a_server_that_knows_no_srv_is_asked_for_addresses(self):
        # as container engines do, whose name servers pass on what is not A
        self.start()
        self.world.set = ["10.0.0.1"]
        self.world.instead = lambda query, tcp: reply_to(
            query, rcode=dns.rcode.NXDOMAIN) if query.question[0].rdtype == \
            dns.rdatatype.SRV else False
        self.assertEqual(self.addresses(), {"10.0.0.1": ["10.0.0.1"]})

    def test_a_name_that_cannot_be_asked_for_stays(self):
        self.start()
        self.world.set = ["10.0.0.1"]
        self.world.reverse = {"10.0.0.1": [f"{hostname(0)}."]}
        command, told = self.follow()
        self.world.instead = lambda query, tcp: reply_to(
            query, rcode=dns.rcode.SERVFAIL) if query.question[0].rdtype == \
            dns.rdatatype.PTR else False
        self.rounds()
        self.assertEqual(told(), [[hostname(0)]])
        self.assertEqual(command.end(signal.SIGTERM), 0)
        self.assertEqual(command.said, [])

    # --- names that are none -----------------------------------------------------

    def test_variables_are_safe_whatever_names_there_are(self):
        self.start()
        text = "it's$(id>x)`id>y`&id>z"
        evil = "".join(f"\\{ord(c):03}" for c in text) + ".evil."
        self.world.instead = lambda query, tcp: added(
            reply_to(query, f"{SRV} 5 SRV 0 50 80 {evil}"),
            f"{evil} 5 A 10.0.0.1")
        status, out, _ = self.ask(*self.words, "-o", "env")
        self.assertEqual(status, 0)
        done = subprocess.run(["sh", "-euc", out + 'printf %s "$ORDINALD_PEERS"'],
                              capture_output=True, text=True, check=True,
                              cwd=self.dir)
        self.assertEqual(done.stderr, "")
        # RFC 1035 5.1: with a backslash before what means something
        self.assertEqual(done.stdout.replace("\\", ""), text + ".evil")
        self.assertEqual(os.listdir(self.dir), [])


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""After SIGTERM all goes on as before for --lame-duck; then the server drains."""

import datetime
import os
import select
import signal
import socket
import sys
import threading
import time

import dns.message
import dns.rcode

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ordinald  # noqa: E402
from ordinald import (ADDRESSES, POD, SAN, SLOW, Case, mongo,  # noqa: E402
                      run, until)

RATE = 2000 if not SAN else 200  # questions a second


class Load:
    """Questions at a rate from many ports, each counted until its reply."""

    def __init__(self, port, rate=RATE, sockets=50):
        self.port = port
        self.rate = rate
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                        for _ in range(sockets)]
        for s in self.sockets:
            s.connect(("127.0.0.1", port))
        self.wire = dns.message.make_query(POD % 0, "A").to_wire()
        self.open = {}  # (socket, ID): when it was asked, by the clock of logs
        self.asked = self.answered = 0
        self.refused = 0  # the port was shut
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _take(self, wait_s):
        for s in select.select(self.sockets, [], [], wait_s)[0]:
            try:
                wire = s.recv(4096, socket.MSG_DONTWAIT)
            except ConnectionRefusedError:
                self.refused += 1
                continue
            except BlockingIOError:
                continue
            if self.open.pop((s, wire[:2]), None) and wire[3] & 15 == 0:
                self.answered += 1

    def _ask(self):
        s = self.sockets[self.asked % len(self.sockets)]
        number = (self.asked % 65536).to_bytes(2, "big")
        try:
            s.send(number + self.wire[2:])
        except ConnectionRefusedError:
            self.refused += 1
            return
        self.open[s, number] = time.time()
        self.asked += 1

    def _run(self):
        began = time.monotonic()
        while not self.stop.is_set():
            due = (time.monotonic() - began) * self.rate
            while self.asked + self.refused < due:
                self._ask()
            self._take(0.001)
        until_s = time.monotonic() + 1
        while self.open and time.monotonic() < until_s:
            self._take(0.01)

    def end(self):
        self.stop.set()
        self.thread.join()
        for s in self.sockets:
            s.close()


class LameDuck(Case):
    def duck(self, how_long, *options):
        self.copy()
        return self.serve(options=["--lame-duck", how_long, *options])

    def leave(self, server, number=signal.SIGTERM):
        server.process.send_signal(number)
        server.wait_for("lame duck")

    def ended(self, server, limit_s=10):
        """Its status and how long that took from now."""
        began = time.monotonic()
        status = server.process.wait(limit_s * SLOW)
        return status, time.monotonic() - began

    def lines(self, server, text):
        return [line for line in server.log if text in line]

    def test_it_answers_on_and_then_drains(self):
        server = self.duck("1500ms")
        began = time.monotonic()
        self.leave(server)
        asked = 0
        while time.monotonic() - began < 1.2:
            self.assertEqual(server.addresses(POD % 0), [ADDRESSES[0]])
            self.assertEqual(server.addresses(POD % 1, tcp=True),
                             [ADDRESSES[1]])
            asked += 1
        self.assertGreater(asked, 5)
        self.assertIsNone(server.process.poll())
        status, _ = self.ended(server)
        self.assertEqual(status, 0)
        self.assertGreaterEqual(time.monotonic() - began, 1.5)
        self.assertRegex(self.lines(server, "lame duck")[0],
                         "because=SIGTERM lame_duck_ms=1500")
        self.assertRegex(self.lines(server, "stopping")[0],
                         'because="--lame-duck is over"')

    def test_manifests_and_commands_go_on(self):
        control = self.path("control.sock")
        server = self.duck("60s", "--control", control)
        self.leave(server)
        self.write("mongo.yaml", mongo(5))
        until(lambda: server.addresses(POD % 4), 5)
        done = run("scale", "mongo/mongo-statefulset", "6", "--control",
                   control)
        self.assertEqual(done.returncode, 0, done.stderr)
        until(lambda: server.addresses(POD % 5), 5)
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("reading everything again")
        until(lambda: len(self.lines(server, "manifests read")) >= 3, 5)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(server)[0], 0)

    def test_a_second_signal_ends_it_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.duck("60s")
            self.leave(server)
            self.assertEqual(server.addresses(POD % 0), [ADDRESSES[0]])
            server.process.send_signal(number)
            status, took = self.ended(server)
            self.assertEqual(status, 0)
            self.assertLess(took, 30)
            self.assertIn(f"because={number.name}",
                          self.lines(server, "stopping")[0])

    def test_who_interrupts_does_not_wait(self):
        server = self.duck("60s")
        server.process.send_signal(signal.SIGINT)
        status, took = self.ended(server)
        self.assertEqual(status, 0)
        self.assertLess(took, 30)
        self.assertEqual(self.lines(server, "lame duck"), [])

    def test_without_it_nobody_waits(self):
        self.copy()
        server = self.serve()
        server.process.send_signal(signal.SIGTERM)
        status, took = self.ended(server)
        self.assertEqual(status, 0)
        self.assertLess(took, 30)
        self.assertEqual(self.lines(server, "lame duck"), [])

    def test_before_the_zone_is_complete_it_is_the_same(self):
        self.copy()
        # standard input does not end, and so no zone is complete
        server = self.serve("-", stdin="", stdin_ends=False, wait=False,
                            options=["--lame-duck", "300ms"])
        until(lambda: len(server.said) >= 2, 5)
        until(lambda: server.ask(POD % 0).rcode() == dns.rcode.SERVFAIL, 5)
        self.leave(server)
        self.assertEqual(server.ask(POD % 0).rcode(), dns.rcode.SERVFAIL)
        self.assertEqual(self.ended(server)[0], 0)

    def test_no_question_under_load_is_lost(self):
        server = self.duck("1s")
        load = Load(server.port)
        try:
            time.sleep(0.3)
            before = load.answered
            self.leave(server)
            self.assertEqual(self.ended(server)[0], 0)
            until(lambda: load.refused, 5)
        finally:
            load.end()
        stamp = self.lines(server, "stopping")[0].split()[0]
        stopping = datetime.datetime.fromisoformat(
            stamp.replace("Z", "+00:00")).timestamp()
        # on loopback what was sent before that had arrived
        lost = [at for at in load.open.values() if at < stopping]
        self.assertEqual(lost, [])
        self.assertGreater(load.answered - before, RATE / 2)


if __name__ == "__main__":
    ordinald.main()

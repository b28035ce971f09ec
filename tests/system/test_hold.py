#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Questions for ordinals that are declared and have no address yet (--hold):
they wait for it, and not for longer than they were told to."""

import concurrent.futures
import os
import socket
import sys
import time
import unittest

import dns.message
import dns.rcode

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ordinald import SLOW, Case, main, until  # noqa: E402

SET = "web.db.svc.cluster.local."
PEER = "web-%d." + SET
ADDRESS = "10.244.0.%d"

MANIFEST = """
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: db}}
spec:
  clusterIP: None
  selector: {{app: web}}
  ports: [{{name: http, port: 80}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
  namespace: db
  annotations: {{ordinald.io/ready-after: {after}}}
spec:
  serviceName: web
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web}}]}}
"""


class Hold(Case):
    def setUp(self):
        super().setUp()
        self.pool = concurrent.futures.ThreadPoolExecutor(8)

    def tearDown(self):
        super().tearDown()
        self.pool.shutdown()

    def start(self, hold_ms, after, replicas=2):
        self.declare(after, replicas)
        return self.serve(options=("--hold", str(hold_ms),
                                   "--pod-cidr", "10.244.0.0/16"))

    def declare(self, after, replicas):
        self.write("web.yaml", MANIFEST.format(after=after, replicas=replicas))

    def ask(self, server, ordinal, **how):
        """Ask elsewhere; the addresses and when they came."""
        def wait():
            found = server.addresses(PEER % ordinal, timeout=8, **how)
            return found, time.monotonic()
        return self.pool.submit(wait)

    def test_a_question_waits_for_the_pod_to_come(self):
        server = self.start(5000, "1s")
        held = [(n, self.ask(server, n, tcp=tcp))
                for n in (0, 1) for tcp in (False, True)]
        # who is not waited for says when the first one is there
        until(lambda: server.addresses(SET), 5)
        there = time.monotonic()
        for n, one in held:
            found, came = one.result(timeout=20 * SLOW)
            self.assertEqual(found, [ADDRESS % (n + 1)])
            if n == 0:
                self.assertLess(came - there, 0.5 * SLOW)

    def test_dig_asks_once_and_is_answered(self):
        server = self.start(5000, "1s")
        for transport in ("+notcp", "+tcp"):
            said = server.tool("dig", "-p", str(server.port), "@127.0.0.1",
                               "+tries=1", "+timeout=6", "+short", transport,
                               PEER % 1)[0]
            self.assertEqual(said.strip(), ADDRESS % 2)

    def test_nothing_comes_and_the_answer_is_no(self):
        server = self.start(400, "1h")
        began = time.monotonic()
        self.assertIsNone(server.addresses(PEER % 0))
        self.assertGreater(time.monotonic() - began, 0.3)
        began = time.monotonic()
        self.assertIsNone(server.addresses(PEER % 1, tcp=True))
        self.assertGreater(time.monotonic() - began, 0.3)

    def test_what_is_not_declared_is_answered_at_once(self):
        server = self.start(5000, "1h")
        for name in (PEER % 2, "web-00." + SET, "db-0." + SET, "web." + SET,
                     "web-0.other.db.svc.cluster.local."):
            for tcp in (False, True):
                began = time.monotonic()
                self.assertIsNone(server.addresses(name, tcp=tcp))
                self.assertLess(time.monotonic() - began, 2 * SLOW)

    def test_a_larger_set_is_waited_for_from_when_it_is_declared(self):
        server = self.start(5000, "0s", replicas=1)
        until(lambda: server.addresses(SET), 5)
        self.assertIsNone(server.addresses(PEER % 1))
        self.declare("0s", 2)
        until(lambda: server.addresses(PEER % 1), 5)
        self.declare("0s", 1)
        until(lambda: server.addresses(SET) == [ADDRESS % 1], 5)
        self.assertIsNone(server.addresses(PEER % 1))

    def test_a_question_that_is_repeated_has_one_answer(self):
        server = self.start(5000, "700ms", replicas=1)
        query = dns.message.make_query(PEER % 0, "A")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(8 * SLOW)
            for _ in range(5):
                s.sendto(query.to_wire(), ("127.0.0.1", server.port))
            reply = dns.message.from_wire(s.recv(4096))
            self.assertEqual(reply.id, query.id)
            self.assertEqual(reply.rcode(), dns.rcode.NOERROR)
            self.assertEqual(len(reply.answer), 1)
            s.settimeout(0.1)
            with self.assertRaises(socket.timeout):
                s.recv(4096)

    def test_stopping_answers_who_waits(self):
        server = self.start(5000, "1h")
        held = [self.ask(server, n, tcp=tcp)
                for n in (0, 1) for tcp in (False, True)]
        time.sleep(1)  # they have arrived by then
        began = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - began, 4 * SLOW)
        for one in held:
            self.assertIsNone(one.result(timeout=10)[0])


if __name__ == "__main__":
    main()

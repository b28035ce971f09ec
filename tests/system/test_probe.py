#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Pods that are real processes on addresses of their own: ready as their
readinessProbe finds them, and gone from the set when it does not."""

import http.server
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ordinald  # noqa: E402
from ordinald import SLOW, Case, free_port, until  # noqa: E402

ADDRESSES = ["127.0.6.1", "127.0.6.2"]
SET = "web.db.svc.cluster.local"
PEER = "web-%d." + SET

MANIFEST = """
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: db
  annotations:
    ordinald.io/names: {names}
spec:
  clusterIP: None
  selector: {{app: web}}
  ports: [{{name: http, port: {port}}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
  namespace: db
  annotations:
    ordinald.io/addresses: {addresses}
spec:
  serviceName: web
  replicas: 2
  podManagementPolicy: {policy}
  selector:
    matchLabels: {{app: web}}
  template:
    metadata:
      labels: {{app: web}}
    spec:
      containers:
      - name: web
        ports: [{{name: http, containerPort: {port}}}]
        readinessProbe:
          {probe}
          periodSeconds: 1
          timeoutSeconds: 1
          failureThreshold: {failures}
"""


class Page(http.server.BaseHTTPRequestHandler):
    """Answers with whatever its server is told to."""

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()

    def log_message(self, *words):
        pass


class Probing(Case):
    def setUp(self):
        super().setUp()
        self.port = free_port(ADDRESSES[0])
        self.stops = []

    def tearDown(self):
        for stop in self.stops:
            stop()
        super().tearDown()

    def start(self, probe, failures=1, policy="Parallel", names="ready",
              options=("--probe",)):
        self.write("web.yaml", MANIFEST.format(
            names=names, port=self.port, policy=policy, failures=failures,
            addresses=", ".join(ADDRESSES),
            probe=probe.replace("PORT", str(self.port))))
        self.server = self.serve(options=options)

    def listen(self, address):
        s = socket.create_server((address, self.port))
        self.stops.append(s.close)
        return s

    def web(self, address, context=None):
        """A web server; status, location: what it says, seen: what it heard."""
        s = http.server.ThreadingHTTPServer((address, self.port), Page)
        s.status, s.location, s.seen = 200, None, []
        if context:
            s.socket = context.wrap_socket(s.socket, server_side=True)
        thread = threading.Thread(target=s.serve_forever, args=(0.05,))
        thread.start()

        def stop():
            s.shutdown()
            thread.join()
            s.server_close()
        self.stops.append(stop)
        return s

    def set_is(self, *addresses, limit_s=10):
        """The set and the names of its members agree, now or soon."""
        until(lambda: (self.server.addresses(SET) or []) == list(addresses),
              limit_s)

    def stays(self, *addresses):
        """For longer than a probe's period."""
        try:
            until(lambda: (self.server.addresses(SET) or []) !=
                  list(addresses), 1.5 / SLOW)
        except AssertionError:
            return
        self.fail(f"{self.server.addresses(SET)}")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def name(self, ordinal):
        return self.server.addresses(PEER % ordinal)

    def test_a_pod_is_ready_while_its_port_is_open(self):
        self.start("tcpSocket: {port: PORT}")
        self.assertIsNone(self.server.addresses(SET))
        listener = self.listen(ADDRESSES[1])
        self.set_is(ADDRESSES[1])
        self.assertIsNone(self.name(0))
        self.assertEqual(self.name(1), [ADDRESSES[1]])
        self.assertEqual(self.server.addresses("_http._tcp." + SET, "SRV"),
                         [f"0 100 {self.port} {PEER % 1}."])
        self.listen(ADDRESSES[0])
        self.set_is(*ADDRESSES)
        listener.close()
        self.set_is(ADDRESSES[0])
        self.assertIsNone(self.name(1))

    def test_a_name_may_come_before_its_pod_is_ready(self):
        self.start("tcpSocket: {port: http}", names="addressed")
        self.assertEqual(self.server.addresses(SET) or [], [])
        self.assertEqual(self.name(0), [ADDRESSES[0]])
        listener = self.listen(ADDRESSES[0])
        self.set_is(ADDRESSES[0])
        listener.close()
        self.set_is()
        self.assertEqual(self.name(0), [ADDRESSES[0]])

    def test_a_pod_waits_for_the_one_before_it(self):
        self.start("tcpSocket: {port: PORT}", policy="OrderedReady")
        self.listen(ADDRESSES[1])
        self.stays()
        self.listen(ADDRESSES[0])
        self.set_is(*ADDRESSES)

    def test_without_probes_a_pod_is_ready_at_once(self):
        self.start("tcpSocket: {port: PORT}", options=())
        self.assertEqual(self.server.addresses(SET), ADDRESSES)

    def test_a_pod_is_ready_while_its_page_says_so(self):
        web = [self.web(address) for address in ADDRESSES]
        web[0].status, web[1].status = 500, 503
        self.start("httpGet: {path: /ready?deep=1, port: PORT, httpHeaders: "
                   "[{name: X-From, value: probe}]}", failures=2)
        until(lambda: all(w.seen for w in web), 10)
        self.assertIsNone(self.server.addresses(SET))
        web[0].status = 204
        self.set_is(ADDRESSES[0])
        files = self.open_files()
        path, headers = web[0].seen[-1]
        self.assertEqual(path, "/ready?deep=1")
        self.assertEqual(headers["X-From"], "probe")
        self.assertTrue(headers["User-Agent"].startswith("kube-probe/"))
        web[1].status, web[1].location = 302, "http://elsewhere.example/"
        self.set_is(*ADDRESSES)
        # one that fails once is not out at once, since it may fail twice
        already = len(web[0].seen)
        web[0].status = 404
        until(lambda: len(web[0].seen) > already, 10)
        self.set_is(ADDRESSES[1])
        self.assertGreaterEqual(len(web[0].seen), already + 2)
        # between probes nothing of them is left
        until(lambda: self.open_files() <= files, 10)

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_a_certificate_is_not_asked_for_its_signer(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-days", "1", "-subj", "/CN=nobody", "-keyout", self.path("key"),
             "-out", self.path("certificate")],
            check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("certificate"), self.path("key"))
        web = self.web(ADDRESSES[0], context)
        self.web(ADDRESSES[1])  # speaks no TLS
        self.start("httpGet: {path: /, port: PORT, scheme: HTTPS}")
        self.set_is(ADDRESSES[0])
        web.status = 500
        self.set_is()

    def test_silence_is_waited_for_no_longer_than_its_timeout(self):
        # accepted by the kernel, answered by nobody
        self.listen(ADDRESSES[0])
        self.web(ADDRESSES[1])
        self.start("httpGet: {path: /, port: PORT}")
        self.set_is(ADDRESSES[1])
        self.stays(ADDRESSES[1])


if __name__ == "__main__":
    ordinald.main()

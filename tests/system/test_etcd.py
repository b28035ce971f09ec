#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real etcd of three members that find each other through ordinald before any
of them is ready, become ready by their probes, and leave the set when they die.
In a namespace of its own, where port 53 is free; skipped without etcd."""

import json
import os
import shutil
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request
from base64 import b64decode, b64encode

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace  # noqa: E402
from ordinald import SLOW, Case  # noqa: E402

DOMAIN = "etcd.db.svc.cluster.local"
CLIENTS = "etcd-client.db.svc.cluster.local"
# etcd 3.4 wants this one even where peers speak plain HTTP (its issue 11321)
SRV = "_etcd-server-ssl._tcp." + DOMAIN
ADDRESSES = ["127.0.5.1", "127.0.5.2", "127.0.5.3"]
MEMBERS = range(len(ADDRESSES))
# electing a leader takes a second or two, more where the machine is busy
PATIENCE_S = 60

MANIFEST = """
apiVersion: v1
kind: Service
metadata:
  name: etcd
  namespace: db
{annotations}
spec:
  clusterIP: None
  publishNotReadyAddresses: {early}
  selector: {{app: etcd}}
  ports:
  - {{name: etcd-server-ssl, port: 2380}}
  - {{name: etcd-client, port: 2379}}
---
apiVersion: v1
kind: Service
metadata:
  name: etcd-client
  namespace: db
spec:
  clusterIP: None
  selector: {{app: etcd}}
  ports:
  - {{name: etcd-client, port: 2379}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: etcd
  namespace: db
  annotations:
    ordinald.io/addresses: {addresses}
spec:
  serviceName: etcd
  replicas: 3
  podManagementPolicy: Parallel
  selector:
    matchLabels: {{app: etcd}}
  template:
    metadata:
      labels: {{app: etcd}}
    spec:
      containers:
      - name: etcd
        image: etcd:3.4
        ports:
        - {{name: etcd-server-ssl, containerPort: 2380}}
        - {{name: etcd-client, containerPort: 2379}}
        readinessProbe:
          {probe}
          periodSeconds: 1
          timeoutSeconds: 1
          failureThreshold: 2
"""
NAMES_EARLY = """
  annotations:
    ordinald.io/names: addressed
    ordinald.io/set: ready
"""
BY_HEALTH = "httpGet: {path: /health, port: 2379}"
BY_GRPC = "grpc: {port: 2379}"


def name_of(member):
    return f"etcd-{member}.{DOMAIN}"


def call(member, path, body=None):
    """What a member's JSON gateway says; None where it does not."""
    data = json.dumps(body).encode() if body is not None else None
    try:
        with urllib.request.urlopen(
                f"http://{ADDRESSES[member]}:2379{path}", data,
                timeout=2 * SLOW) as reply:
            return json.load(reply)
    except (urllib.error.URLError, OSError):
        return None


@unittest.skipUnless(shutil.which("etcd"), "etcd is not installed")
class Etcd(Case):
    def setUp(self):
        super().setUp()
        self.members = {}
        namespace.resolv_conf("")

    def tearDown(self):
        for member in list(self.members):
            self.kill(member)
        super().tearDown()

    def start(self, *manifest_options, annotations="", early="true",
              probe=BY_HEALTH):
        self.write("etcd.yaml", MANIFEST.format(
            annotations=annotations, early=early, probe=probe,
            addresses=", ".join(ADDRESSES)))
        self.server = self.serve(listen=["127.0.0.1:53"],
                                 options=["--probe", *manifest_options])
        self.server.port = 53

    def run_member(self, member, *discovery):
        """An etcd as its StatefulSet would start it."""
        mine, at = name_of(member), ADDRESSES[member]
        with open(self.path(f"log-{member}"), "w", encoding="ascii") as log:
            self.members[member] = subprocess.Popen(
                ["etcd", "--name", f"etcd-{member}",
                 "--data-dir", self.path(f"data-{member}"),
                 "--listen-peer-urls", f"https://{at}:2380",
                 "--peer-auto-tls",
                 "--listen-client-urls", f"http://{at}:2379",
                 "--initial-advertise-peer-urls", f"https://{mine}:2380",
                 "--advertise-client-urls", f"http://{mine}:2379",
                 "--initial-cluster-state", "new", *discovery],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self, member):
        process = self.members.pop(member)
        process.kill()
        process.wait()

    def log(self, member):
        with open(self.path(f"log-{member}"), encoding="utf-8") as f:
            return "".join(f.readlines()[-20:])

    def targets(self, name):
        """Who an SRV record names; None where there is no such name."""
        records = self.server.addresses(name, "SRV")
        return records and [r.split()[3].rstrip(".") for r in records]

    def ready(self):
        return self.server.addresses(CLIENTS) or []

    def becomes(self, wanted, ask, *what):
        ends = time.monotonic() + PATIENCE_S * SLOW
        while (got := ask(*what)) != wanted:
            if time.monotonic() > ends:
                self.fail(f"{got}, not {wanted}: " + "\n".join(
                    self.log(member) for member in self.members))
            time.sleep(0.05)  # three members and ordinald have work to do

    def nobody_is_ready(self):
        self.assertIsNone(self.server.addresses(CLIENTS))
        self.assertIsNone(self.targets("_etcd-client._tcp." + CLIENTS))
        for member in MEMBERS:
            self.assertEqual(self.server.addresses(name_of(member)),
                             [ADDRESSES[member]])

    def member_names(self, asked):
        got = call(asked, "/v3/cluster/member/list", {}) or {}
        return sorted(m.get("name", "") for m in got.get("members", []))

    def key_of(self, asked):
        got = call(asked, "/v3/kv/range", {
            "key": b64encode(b"seed").decode()}) or {}
        return [b64decode(kv["value"]) for kv in got.get("kvs", [])]

    def is_one_cluster(self):
        everybody = [f"etcd-{member}" for member in MEMBERS]
        for member in MEMBERS:
            self.becomes(everybody, self.member_names, member)
        put = {"key": b64encode(b"seed").decode(),
               "value": b64encode(b"003").decode()}
        self.assertIsNotNone(call(0, "/v3/kv/put", put))
        for member in MEMBERS:
            self.becomes([b"003"], self.key_of, member)

    def test_a_cluster_forms_before_it_is_ready(self):
        self.start()
        self.nobody_is_ready()
        everybody = [name_of(member) for member in MEMBERS]
        self.assertEqual(self.targets(SRV), everybody)

        began = time.monotonic()
        for member in MEMBERS:
            self.run_member(member, "--discovery-srv", DOMAIN)
        self.is_one_cluster()
        self.becomes(ADDRESSES, self.ready)
        print(f"# formed and ready after {time.monotonic() - began:.1f} s")

        # two go on without the third, which is no longer among them
        self.kill(2)
        self.becomes(ADDRESSES[:2], self.ready)
        self.assertEqual(self.targets(SRV), everybody)
        self.assertEqual(self.key_of(0), [b"003"])
        # and comes back with what it has
        self.run_member(2, "--discovery-srv", DOMAIN)
        self.becomes(ADDRESSES, self.ready)
        self.becomes([b"003"], self.key_of, 2)

    def test_names_are_there_before_the_set(self):
        self.start(annotations=NAMES_EARLY, early="false", probe=BY_GRPC)
        self.nobody_is_ready()
        self.assertIsNone(self.targets(SRV))
        everybody = ",".join(f"etcd-{member}=https://{name_of(member)}:2380"
                             for member in MEMBERS)
        for member in MEMBERS:
            self.run_member(member, "--initial-cluster", everybody)
        self.is_one_cluster()
        self.becomes([name_of(member) for member in MEMBERS],
                     self.targets, SRV)
        self.kill(0)
        self.becomes([name_of(1), name_of(2)], self.targets, SRV)
        self.assertEqual(self.server.addresses(name_of(0)), [ADDRESSES[0]])


if __name__ == "__main__":
    namespace.main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The compose files, with a real Docker: three real etcd servers, and a Redis
with its Sentinels, find each other, and who comes back at another address.
Skipped without Docker and docker-compose, or without the image that they are
built on."""

import os
import subprocess
import unittest

from containers import IMAGE, LACKING, Docker, said
from ordinald import ROOT, main

PROJECT = f"ordinaldtest{os.getpid()}"


def compose_program():
    for words in (["docker", "compose"], ["docker-compose"]):
        if said(*words, "version") is not None:
            return words
    return None


COMPOSE = None if LACKING else compose_program()


@unittest.skipUnless(LACKING or COMPOSE, "docker-compose is not installed")
class Composed(Docker):
    """A compose file, with its manifests in the test's own directory."""
    where = None

    def setUp(self):
        super().setUp()
        self.file = os.path.join(ROOT, self.where, "compose.yaml")
        folder = os.path.join(ROOT, self.where, "zones")
        self.manifest = os.listdir(folder)[0]
        with open(os.path.join(folder, self.manifest), encoding="utf-8") as f:
            self.write(self.manifest, f.read())
        self.containers = {}
        self.addCleanup(self.compose, "down", "--volumes", "-t", "2")
        self.compose("up", "-d")

    def compose(self, *words, **environment):
        done = subprocess.run(
            [*COMPOSE, "-p", PROJECT, "-f", self.file, *words], text=True,
            capture_output=True, check=False, timeout=200,
            env={**os.environ, "ZONES": self.dir, "IMAGE": IMAGE,
                 **environment})
        if "verlaps with other one" in done.stderr:
            self.skipTest("the network of this compose file is in use")
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def container(self, service):
        return self.compose("ps", "-q", service).strip()

    def run_in(self, service, *words):
        """What a program prints there; None where it fails."""
        if service not in self.containers:
            self.containers[service] = self.container(service)
        return said("docker", "exec", self.containers[service], *words)

    def move(self, service, before, after):
        """Its container ends, and another one begins elsewhere."""
        self.compose("stop", "-t", "5", service)
        with open(self.path(self.manifest), encoding="utf-8") as f:
            text = f.read()
        self.assertEqual(text.count(before), 1)
        self.write(self.manifest, text.replace(before, after))
        self.compose("up", "-d", service,
                     **{service.upper().replace("-", "_"): after})
        self.containers.clear()
        self.assertIn(after, self.docker(
            "inspect", "-f", "{{json .NetworkSettings.Networks}}",
            self.container(service)))


class Etcd(Composed):
    where = "docker"

    def members(self):
        rows = self.run_in("etcd-0", "etcdctl", "member", "list") or ""
        return sorted(tuple(row.split(", ")[2:0:-1])
                      for row in rows.splitlines())

    def healthy(self, *members):
        """How many of them commit what they are told."""
        ends = ",".join(f"etcd-{i}.etcd.db.svc.cluster.local:2379"
                        for i in members)
        told = self.run_in("etcd-0", "sh", "-c", "etcdctl --endpoints " + ends +
                           " endpoint health 2>&1")
        return (told or "").count("is healthy")

    def test_three_members_start_and_one_comes_back_elsewhere(self):
        started = [(f"etcd-{i}", "started") for i in range(3)]
        self.becomes(started, self.members)
        self.becomes(3, self.healthy, 0, 1, 2)
        self.assertIsNotNone(self.run_in("etcd-0", "etcdctl", "put", "seed",
                                         "003"))
        self.move("etcd-2", "172.30.53.12", "172.30.53.22")
        self.becomes(3, self.healthy, 0, 1, 2)
        self.assertEqual(self.members(), started)
        self.assertEqual(self.run_in("etcd-2", "etcdctl", "get", "seed"),
                         "seed\n003\n")


class Redis(Composed):
    where = "docker/redis"

    def sentinel(self, *words):
        return (self.run_in("sentinel-0", "redis-cli", "-p", "26379", *words)
                or "").split()

    def master(self):
        return self.sentinel("sentinel", "get-master-addr-by-name", "main")[:1]

    def everybody(self):
        told = self.sentinel("info", "sentinel")[-1:]
        return told and told[0].split(",")[-2:]

    def replication(self, server, *keys):
        rows = self.run_in(server, "redis-cli", "info", "replication") or ""
        facts = dict(row.split(":", 1) for row in rows.splitlines()
                     if ":" in row)
        return [facts.get(key) for key in keys]

    def test_the_master_is_replaced_and_comes_back_elsewhere(self):
        name = "redis-%d.redis.cache.svc.cluster.local"
        self.becomes([name % 0], self.master)
        self.becomes(["slaves=2", "sentinels=3"], self.everybody)
        self.assertEqual(self.run_in("redis-0", "redis-cli", "set", "seed",
                                     "003"), "OK\n")
        self.compose("stop", "redis-0")
        self.becomes(True, lambda: self.master() in ([name % 1], [name % 2]))
        after, = self.master()
        self.move("redis-0", "172.30.54.10", "172.30.54.30")
        self.becomes(["slave", after, "up"], self.replication, "redis-0",
                     "role", "master_host", "master_link_status")
        self.assertEqual(self.run_in("redis-0", "redis-cli", "get", "seed"),
                         "003\n")
        self.assertEqual(self.master(), [after])


if __name__ == "__main__":
    main()

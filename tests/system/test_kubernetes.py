#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docker/kubernetes: what its pods run is run here, with their probes; and a
real API server with its controllers takes all of it, also where pods are
restricted. The latter needs the lab ('make coredns' builds it)."""

import os
import re
import shutil
import subprocess
import unittest
from unittest import mock

import dns.rcode

import coredns
from ordinald import ROOT, Case, free_port, main, run, until

try:
    import yaml
except ImportError:
    yaml = None

FOLDER = os.path.join(ROOT, "docker/kubernetes")
NO_LAB = None if coredns.is_there("kwok") else coredns.MISSING
PEER = "mongo-%d.mongo.outside.svc.peers.internal."
ADDRESSES = ["192.168.10.11", "192.168.10.12", "192.168.10.13"]
# what a kubelet would put in for a fieldRef
FIELDS = {"metadata.name": "mongo-1", "metadata.namespace": "default",
          "status.podIPs": "10.1.2.3,fd00::3"}


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return f.read()


def container(name, kind, place):
    """The server's container in the workload of a file."""
    pod = next(one for one in yaml.safe_load_all(read(name))
               if one["kind"] == kind)["spec"]["template"]["spec"]
    return next(c for c in pod[place] if c["name"] == "ordinald")


@unittest.skipUnless(yaml, "python3-yaml is not installed")
class Pods(Case):
    """The arguments and probes of the containers, but for the port, the path
    and the cluster's DNS."""

    def start(self, pod, port, paths, upstream="127.0.0.1:9"):
        self.assertEqual(pod["args"][0], "serve")
        self.moved = (rf":{port}$", f":{free_port()}")
        words = [re.sub(*self.moved, word) for word in pod["args"][1:]]
        words = [re.sub("^(--forward)=.*", rf"\1={upstream}", word)
                 for word in words if word != "/zones"]
        listen = [word.split("=")[1] for word in words
                  if word.startswith("--listen=")]
        server = self.serve(*paths, listen=listen, options=[
            "--control", "none", *(word for word in words
                                   if not word.startswith("--listen="))])
        server.port = int(self.moved[1][1:])
        return server

    def probed(self, probe):
        words = [re.sub(*self.moved, word) for word in probe["exec"]["command"]]
        self.assertEqual(words.pop(0), "/ordinald")
        done = run(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_server_serves_and_its_probes_say_so(self):
        pod = container("server.yaml", "Deployment", "containers")
        self.assertIn("/zones", pod["args"])
        server = self.start(pod, 5300, [f"{FOLDER}/zones"])
        for i, address in enumerate(ADDRESSES):
            self.assertEqual(server.addresses(PEER % i), [address])
        self.assertIn(PEER % 1, server.dig("-x", ADDRESSES[1]))
        self.probed(pod["livenessProbe"])
        self.probed(pod["readinessProbe"])

    def test_the_sidecar_answers_for_its_pod_and_asks_for_others(self):
        pod = container("sidecar.yaml", "StatefulSet", "initContainers")
        self.assertEqual(pod["restartPolicy"], "Always")
        given = {e["name"]: e.get("value") or FIELDS[
            e["valueFrom"]["fieldRef"]["fieldPath"]] for e in pod["env"]}
        with mock.patch.dict(os.environ, given):
            server = self.start(pod, 53, [])
        own = "mongo-1.mongo.default.svc.cluster.local."
        self.assertEqual(server.addresses(own), ["10.1.2.3"])
        self.assertEqual(server.addresses(own, "AAAA"), ["fd00::3"])
        # a service of the cluster, of which only its DNS knows: nobody here
        self.assertEqual(server.ask(
            "kubernetes.default.svc.cluster.local.", timeout=10).rcode(),
            dns.rcode.SERVFAIL)
        self.probed(pod["startupProbe"])
        self.probed(pod["livenessProbe"])

    def test_our_own_check_finds_nothing(self):
        folders = [FOLDER, f"{FOLDER}/zones", f"{ROOT}/docker/zones",
                   f"{ROOT}/docker/redis/zones"]
        done = run("check", "--warnings-as-errors", *folders)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_image_is_the_one_that_is_built(self):
        version = run("--version").stdout.split()[1]
        kustomization = yaml.safe_load(read("kustomization.yaml"))
        self.assertEqual([(i["name"], i["newTag"])
                          for i in kustomization["images"]],
                         [("ordinald", version)])


class Cluster(coredns.Lab):
    """Without a CoreDNS."""

    def start(self, ways):
        pass


@unittest.skipIf(NO_LAB, NO_LAB)
class Accepted(Case):
    def setUp(self):
        super().setUp()
        self.lab = Cluster([], "workloads")
        self.addCleanup(self.lab.close)

    def apply(self, folder, *words):
        """What was said, a line for each object; a warning is a failure."""
        done = subprocess.run(
            [f"{self.lab.dir}/bin/kube", "kubectl", "apply", *words, "-k",
             folder], text=True, capture_output=True, check=False, timeout=60,
            env={**os.environ, "KUBECONFIG": f"{self.lab.dir}/run/kubeconfig"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def restricted(self):
        """A copy of the folder, for the namespace that restricts pods."""
        copy = shutil.copytree(FOLDER, self.path("kubernetes"))
        path = os.path.join(copy, "kustomization.yaml")
        text = read("kustomization.yaml")
        self.assertEqual(text.count("namespace: default"), 1)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("namespace: default", "namespace: ordinald"))
        self.lab.kubectl("apply", "-f", os.path.join(FOLDER, "namespace.yaml"))
        return copy

    def pods(self):
        return sorted(re.sub("^(ordinald)-.*", r"\1", name) for name in
                      self.lab.kubectl(
                          "get", "pods", "-n", "ordinald", "-o",
                          "jsonpath={.items[*].metadata.name}").split())

    def test_an_api_server_takes_it_and_its_pods_may_run(self):
        dry = self.apply(FOLDER, "--dry-run=server")
        self.assertEqual(len(dry), 9, dry)
        for line in dry:
            self.assertTrue(line.endswith("created (server dry run)"), line)

        self.apply(self.restricted())
        until(lambda: self.pods() == ["mongo-0", "mongo-1", "mongo-2",
                                      "ordinald", "ordinald"], 30)
        self.assertEqual(self.lab.kubectl(
            "get", "statefulset", "mongo", "-n", "ordinald", "-o",
            "jsonpath={.spec.template.spec.dnsConfig.searches}"),
            '["ordinald.svc.cluster.local","svc.cluster.local",'
            '"cluster.local"]')


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""A real CoreDNS in front of a real API server (tests/coredns)."""

import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time

import dns.exception
import dns.rcode

import ordinald
import vectors

LAB = os.environ.get("ORDINALD_LAB", os.path.join(ordinald.ROOT, "build/lab"))
SCRIPT = os.path.join(ordinald.ROOT, "tests/coredns/lab")
MISSING = (f"needs Go 1.26; 'make coredns' builds what is missing in {LAB} (or "
           "name another folder in ORDINALD_LAB)")
DERIVED = ("endpointslice.kubernetes.io/managed-by!="
           "endpointslice-controller.k8s.io")
PODS = os.path.join(vectors.FOLDER, "pods.yaml")
INGRESS = '{"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.8"}]}}}'
BLOCK = """{keys} {{
    bind 127.0.0.1
    errors
    kubernetes {zones} {{
        kubeconfig {dir}/run/kubeconfig lab
        {lines}
    }}
}}
"""
# an option of ours, and the line that says the same in a Corefile
LINES = {"--pods": "pods {}", "--endpoint-pod-names": "endpoint_pod_names",
         "--ignore-empty-service": "ignore empty_service",
         "--no-endpoints": "noendpoints", "--namespaces": "namespaces {}",
         "--label-selector": "labels {}", "--zonal": "zonal", "--ttl": "ttl {}"}
ZONES = ("--cluster-domain", "--reverse")
OURS_ONLY = ("--names", "--set", "--negative-ttl")


def pairs(options):
    """Options with their values, None for those that have none."""
    options = list(options)
    while options:
        word = options.pop(0)
        valued = options and not options[0].startswith("--")
        yield word, options.pop(0) if valued else None


def translated(word, value):
    if word == "--namespaces":
        return value.replace(",", " ")
    if word == "--label-selector":
        # CoreDNS does not know "!="
        return re.sub(r"([\w./-]+)!=([\w.-]+)", r"\1 notin (\2)", value)
    return value


def block(options, port, directory):
    """The part of a Corefile that answers as these options want it."""
    given = list(pairs(options))
    domain = [v for w, v in given if w == "--cluster-domain"]
    reverse = [v for w, v in given if w == "--reverse"]
    zones = (domain or ["cluster.local"]) + (
        reverse or ["in-addr.arpa", "ip6.arpa"])
    lines = [LINES[word].format(translated(word, value))
             for word, value in given if word in LINES]
    return BLOCK.format(keys=" ".join(f"{zone}:{port}" for zone in zones),
                        zones=" ".join(zones), dir=directory,
                        lines="\n        ".join(lines))


def is_there(*more):
    return all(os.access(f"{LAB}/bin/{name}", os.X_OK)
               for name in ("etcd", "kube", "coredns", *more))


def free_ports(n):
    """The first of n ports in a row that nobody uses at this moment."""
    for _ in range(100):
        first = random.randrange(20000, 32000 - n)
        try:
            for port in range(first, first + n):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
    raise RuntimeError("no free ports")


class Lab:
    """The API server, and a CoreDNS that serves it in several ways (lists of
    our options), each on a port of its own. words: what else `lab up` takes;
    gates: Kubernetes' feature gates."""

    def __init__(self, ways, *words, gates=""):
        self.dir = tempfile.mkdtemp(prefix="ordinald-coredns.")
        self.process = None
        os.symlink(os.path.abspath(os.path.join(LAB, "bin")), f"{self.dir}/bin")
        try:
            self.run("up", *words, LAB_PORT=str(free_ports(4)),
                     LAB_GATES=gates)
            self.fill()
            self.start(ways)
        except BaseException:
            self.close()
            raise

    def run(self, word, *words, **environment):
        done = subprocess.run([SCRIPT, word, self.dir, *words], text=True,
                              capture_output=True, timeout=180, check=False,
                              env={**os.environ, **environment})
        if done.returncode:
            raise RuntimeError(f"lab {word} {words}: {done.stderr}")
        return done.stdout

    def kubectl(self, *words):
        return self.run("kubectl", "--request-timeout=20s", *words)

    def fill(self):
        """What is to be there before CoreDNS starts."""

    def start(self, ways):
        first = free_ports(len(ways))
        self.ports = {way: first + i for i, way in enumerate(ways)}
        with open(f"{self.dir}/Corefile", "w", encoding="utf-8") as f:
            for way, port in self.ports.items():
                f.write(block(way, port, self.dir))
        self.log = open(f"{self.dir}/coredns.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [f"{self.dir}/bin/coredns", "-conf", f"{self.dir}/Corefile"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for way, port in self.ports.items():
            domain = dict(pairs(way)).get("--cluster-domain", "cluster.local")
            ordinald.until(lambda: self.answers(domain, port), 30)

    def answers(self, domain, port):
        """It knows all objects: before, what it does not is SERVFAIL."""
        if self.process.poll() is not None:
            with open(f"{self.dir}/coredns.log", encoding="utf-8") as f:
                raise RuntimeError(f"CoreDNS ended: {f.read()}")
        try:
            reply = vectors.ask(f"no.bare.svc.{domain}.", "A", port, timeout=1)
        except (OSError, dns.exception.Timeout):
            time.sleep(0.1)
            return False
        return reply.rcode() != dns.rcode.SERVFAIL

    def close(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            self.log.close()
        subprocess.run([SCRIPT, "down", self.dir], check=False, timeout=60)
        shutil.rmtree(self.dir, ignore_errors=True)


class Filled(Lab):
    """With the objects of tests/vectors in it."""

    def fill(self):
        self.kubectl("apply", "--server-side", "-f", vectors.FOLDER)
        # what a kubelet and a load balancer would say
        self.kubectl("apply", "--server-side", "--force-conflicts",
                     "--subresource=status", "-f", PODS)
        self.kubectl("patch", "service", "-n", "db", "balanced",
                     "--subresource=status", "--type=merge", "-p", INGRESS)
        # an object that is applied cannot be told that it is leaving
        self.kubectl("delete", "pod", "-n", "app", "web-3", "--wait=false")
        ordinald.until(self.is_settled, 20)

    def is_settled(self):
        """The controller has made slices of all pods that are ready."""
        for service, n in (("web", 5), ("web-all", 5), ("web-front", 3)):
            ready = self.kubectl(
                "get", "endpointslices", "-n", "app", "-l",
                f"kubernetes.io/service-name={service}", "-o",
                "jsonpath={.items[*].endpoints[?(@.conditions.ready==true)]"
                ".addresses[0]}")
            if len(ready.split()) != n:
                return False
        return True

    def objects(self, derived=False):
        """All objects as the API server has them; derived: without the slices
        that its controller made."""
        out = [self.kubectl("get", "namespaces,services,pods", "-A", "-o",
                            "yaml")]
        out.append(self.kubectl("get", "endpointslices", "-A", "-o", "yaml",
                                *(["-l", DERIVED] if derived else [])))
        return "---\n".join(out)

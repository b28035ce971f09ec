#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What asks in a pod, asking: the C libraries by /etc/resolv.conf, tools, and
caches in front of ordinald. All of it in a network and a mount namespace of its
own, where port 53 is free; skipped where users may not have such, and for each
program that is not installed."""

import ipaddress
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace  # noqa: E402
from namespace import resolv_conf  # noqa: E402
from ordinald import (  # noqa: E402
    ADDRESSES, MONGO, POD, SLOW, Case, free_port, mongo, until)

SEARCH = "search mongo.svc.cluster.local svc.cluster.local cluster.local\n"
NDOTS = "options ndots:5"
SERVICE = MONGO.rstrip(".")
PEER = POD.rstrip(".")
LARGE = 150  # neither its A nor its AAAA records fit into a UDP reply
# What a UDP reply without EDNS holds of large.big.svc.cluster.local: 12 octets
# of header, 33 of question (RFC 1035 4.1); 16 for each A, 28 for each AAAA
OF_LARGE = {socket.AF_INET: (512 - 12 - 33) // 16,
            socket.AF_INET6: (512 - 12 - 33) // 28}

GLIBC = """
import json, socket, sys
def ask(kind, name):
    if kind == "PTR":
        return [socket.getnameinfo((name, 0), socket.NI_NAMEREQD)[0]]
    family = {"A": socket.AF_INET, "AAAA": socket.AF_INET6, "any": 0}[kind]
    return sorted({a[4][0] for a in socket.getaddrinfo(
        name, None, family, socket.SOCK_STREAM)})
try:
    print(json.dumps(ask(*sys.argv[1:])))
except socket.gaierror as e:
    print(json.dumps(e.errno))
"""

MUSL = r"""
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int name_of(const char *address)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    char name[256];

    inet_pton(AF_INET, address, &a.sin_addr);
    int rc = getnameinfo((void *)&a, sizeof a, name, sizeof name, NULL, 0,
                         NI_NAMEREQD);
    return rc ? printf("%d", rc) : printf("[\"%s\"]", name);
}

int main(int n, char **word)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *first = NULL;
    const char *between = "[";

    if (n != 3 || !strcmp(word[1], "PTR"))
        return name_of(word[n - 1]) < 0;
    hints.ai_family = !strcmp(word[1], "A")      ? AF_INET
                      : !strcmp(word[1], "AAAA") ? AF_INET6
                                                 : AF_UNSPEC;
    int rc = getaddrinfo(word[2], NULL, &hints, &first);
    if (rc)
        return printf("%d", rc) < 0;
    for (struct addrinfo *a = first; a; a = a->ai_next) {
        char text[64];
        getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0,
                    NI_NUMERICHOST);
        printf("%s\"%s\"", between, text);
        between = ",";
    }
    return printf("]") < 0;
}
"""

UNBOUND = """
server:
  interface: 127.0.0.1@{port}
  username: ""
  chroot: ""
  directory: "{dir}"
  pidfile: "{dir}/unbound.pid"
  use-syslog: no
  num-threads: 1
  do-not-query-localhost: no
  qname-minimisation: yes
  module-config: "iterator"
  local-zone: "10.in-addr.arpa." nodefault
remote-control:
  control-enable: no
{kind}-zone:
  name: "cluster.local"
  {kind}-addr: 127.0.0.1
{kind}-zone:
  name: "10.in-addr.arpa"
  {kind}-addr: 127.0.0.1
"""

BIND = """
options {{
  directory "{dir}";
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  pid-file "{dir}/named.pid";
  session-keyfile none;
  dnssec-validation no;
  empty-zones-enable no;
  recursion yes;
  qname-minimization strict;
}};
controls {{ }};
zone "cluster.local" {{ {how} }};
zone "10.in-addr.arpa" {{ {how} }};
"""
BIND_HOW = {
    "forward": "type forward; forward only; forwarders { 127.0.0.1; };",
    "static-stub": "type static-stub; server-addresses { 127.0.0.1; };",
}


def tool(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def needs(name):
    return unittest.skipUnless(tool(name), f"{name} is not installed")


def large():
    """A service of both families with LARGE endpoints, as a manifest."""
    items = [{
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "large", "namespace": "big"},
        "spec": {"clusterIP": "None", "ports": [{"name": "p", "port": 1}]}}]
    for family, first in (("IPv4", "10.9.0.1"), ("IPv6", "fd00:9::1")):
        address = ipaddress.ip_address(first)
        items.append({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "name": "large-" + family.lower(), "namespace": "big",
                "labels": {"kubernetes.io/service-name": "large"}},
            "addressType": family, "ports": [{"name": "p", "port": 1}],
            "endpoints": [{"addresses": [str(address + i)],
                           "hostname": f"large-{i}"} for i in range(LARGE)]})
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


class Asking(Case):
    """ordinald as the name server that /etc/resolv.conf names."""

    def setUp(self):
        super().setUp()
        self.write("mongo.yaml", mongo(3))
        self.write("large.json", large())
        resolv_conf(SEARCH + NDOTS)
        self.server = self.serve(listen=["127.0.0.1:53"],
                                 options=["--reverse", "10.0.0.0/8"])

    def scale(self, replicas):
        self.write(".new", mongo(replicas))
        os.rename(self.path(".new"), self.path("mongo.yaml"))

    def ask(self, library, kind, name):
        done = subprocess.run([*library, kind, name], capture_output=True,
                              text=True, timeout=20 * SLOW, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def finds_peers_by_short_names(self, library):
        for name in ("mongo-service", "mongo-service.mongo",
                     "mongo-service.mongo.svc", SERVICE, SERVICE + ".",
                     "MONGO-Service"):
            self.assertEqual(sorted(self.ask(library, "any", name)),
                             sorted(ADDRESSES), name)
        for i, address in enumerate(ADDRESSES):
            name = f"mongo-statefulset-{i}.mongo-service"
            self.assertEqual(self.ask(library, "any", name), [address])
            self.assertEqual(self.ask(library, "PTR", address), [PEER % i])

    def hears_no_at_once(self, library, *nodata):
        # a library that waits for another answer waits for 5 s at least
        began = time.monotonic()
        resolv_conf("")
        none = (socket.EAI_NONAME,)
        for kind, name, codes in (
                ("any", PEER % 3, none), ("any", "x." + PEER % 0, none),
                ("AAAA", PEER % 0, nodata),
                ("any", "svc.cluster.local", nodata),
                ("any", "_tcp." + SERVICE, nodata),
                ("PTR", "10.255.255.255", none)):
            self.assertIn(self.ask(library, kind, name), codes, name)
        self.assertLess(time.monotonic() - began, 4 * SLOW)

    def sees_a_peer_come(self, library, limit_s=1):
        self.assertEqual(self.ask(library, "A", PEER % 3), socket.EAI_NONAME)
        self.scale(4)
        until(lambda: self.ask(library, "A", PEER % 3) != socket.EAI_NONAME,
              limit_s)


class Glibc(Asking):
    PYTHON = ["/usr/bin/python3", "-I", "-c", GLIBC]

    def test_glibc_finds_peers_by_short_names(self):
        self.finds_peers_by_short_names(self.PYTHON)

    def test_glibc_hears_no_at_once(self):
        self.hears_no_at_once(self.PYTHON, socket.EAI_NODATA)

    def test_glibc_sees_a_peer_come(self):
        self.sees_a_peer_come(self.PYTHON)

    def test_glibc_gets_all_of_a_large_service(self):
        for options in ("", "use-vc", "edns0", "single-request",
                        "single-request-reopen", "edns0 use-vc"):
            resolv_conf(SEARCH + "options ndots:5 " + options)
            for kind, factor in (("A", 1), ("any", 2)):
                got = self.ask(self.PYTHON, kind, "large.big")
                self.assertEqual(len(got), factor * LARGE, options)

    def test_dig_and_nslookup_search(self):
        out, _ = self.server.tool("dig", "+search", "+short", "SRV",
                                  "_mongo._tcp.mongo-service")
        self.assertEqual(out.splitlines(),
                         [f"0 33 27017 {POD % i}" for i in range(3)])
        out, status = self.server.tool("nslookup", "mongo-service")
        self.assertEqual(status, 0, out)
        self.assertEqual(sorted(re.findall(r"Address: (\S+)", out)),
                         sorted(ADDRESSES))


@needs("musl-gcc")
class Musl(Asking):
    def setUp(self):
        super().setUp()
        source = self.write("musl.c", MUSL)
        self.program = [self.path("musl")]
        subprocess.run(["musl-gcc", "-static", "-o", *self.program, source],
                       check=True, timeout=60)

    def test_musl_finds_peers_by_short_names(self):
        self.finds_peers_by_short_names(self.program)

    def test_musl_hears_no_at_once(self):
        # before 1.2.4 it does not tell one "no" from the other
        self.hears_no_at_once(self.program, socket.EAI_NODATA,
                              socket.EAI_NONAME)

    def test_musl_sees_a_peer_come(self):
        self.sees_a_peer_come(self.program)

    def test_musl_gets_of_a_large_service_what_udp_holds(self):
        # all of it would need TCP, which it has since 1.2.4, and room for
        # more than 48 addresses, which it has not
        for kind, family in (("A", socket.AF_INET), ("AAAA", socket.AF_INET6)):
            got = len(set(self.ask(self.program, kind,
                                   "large.big.svc.cluster.local")))
            self.assertIn(got, (OF_LARGE[family], 48))


class Caches(Asking):
    """Resolvers between clients and ordinald."""

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.cache = None

    def tearDown(self):
        if self.cache:
            self.cache.kill()
            self.cache.wait()
        super().tearDown()

    def start(self, *command):
        with open(self.path("cache.log"), "wb") as log:
            self.cache = subprocess.Popen(
                [tool(command[0]), *command[1:]], cwd=self.dir, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL)
        until(self.answers, 10)

    def answers(self):
        if self.cache.poll() is not None:
            with open(self.path("cache.log"), encoding="utf-8") as log:
                raise AssertionError(log.read()[-2000:])
        return "status:" in self.dig("+time=1", "+tries=1", "SOA",
                                     "cluster.local")

    def dig(self, *words):
        return self.server.tool("dig", "-p", str(self.port), "@127.0.0.1",
                                *words)[0]

    def short(self, *words):
        return sorted(self.dig("+short", *words).splitlines())

    def status(self, *words):
        return re.search(r"status: (\w+)", self.dig(*words)).group(1)

    def passes_all_on(self):
        # the lowest name first: it must not depend on what is cached
        self.assertEqual(self.short(PEER % 1), [ADDRESSES[1]])
        self.assertEqual(self.short(SERVICE), sorted(ADDRESSES))
        targets = [f"0 33 27017 {POD % i}" for i in range(3)]
        self.assertEqual(self.short("SRV", "_mongo._tcp." + SERVICE), targets)
        self.assertEqual(self.short("SRV", SERVICE), targets)
        for i, address in enumerate(ADDRESSES):
            self.assertEqual(self.short("-x", address), [POD % i])
        for words in (("AAAA", PEER % 0), ("HTTPS", SERVICE), ("TXT", SERVICE),
                      ("A", "_tcp." + SERVICE),
                      ("A", "mongo.svc.cluster.local")):
            self.assertEqual(self.status(*words), "NOERROR", words)
            self.assertEqual(self.short(*words), [])
        for words in (("A", "nope." + SERVICE), ("A", "x." + PEER % 0),
                      ("-x", "10.255.255.255")):
            self.assertEqual(self.status(*words), "NXDOMAIN", words)

        self.assertEqual(self.status(PEER % 3), "NXDOMAIN")
        self.scale(4)
        # a "no" is kept for 1 s
        until(lambda: self.status(PEER % 3) == "NOERROR", 2)

    def unbound(self, kind):
        self.start("unbound", "-d", "-c", self.write(
            "unbound.conf",
            UNBOUND.format(dir=self.dir, port=self.port, kind=kind)))
        self.passes_all_on()

    def bind(self, kind):
        self.start("named", "-g", "-n", "1", "-c", self.write(
            "named.conf", BIND.format(dir=self.dir, port=self.port,
                                      how=BIND_HOW[kind])))
        self.passes_all_on()

    @needs("unbound")
    def test_unbound_with_a_stub_zone(self):
        self.unbound("stub")

    @needs("unbound")
    def test_unbound_with_a_forward_zone(self):
        self.unbound("forward")

    @needs("named")
    def test_bind_with_a_static_stub_zone(self):
        self.bind("static-stub")

    @needs("named")
    def test_bind_with_a_forward_zone(self):
        self.bind("forward")

    @needs("dnsmasq")
    def test_dnsmasq(self):
        self.start("dnsmasq", "--no-daemon", "--conf-file=/dev/null",
                   "--no-resolv", "--no-hosts", f"--port={self.port}",
                   "--listen-address=127.0.0.1", "--bind-interfaces",
                   "--pid-file", "--server=/cluster.local/127.0.0.1",
                   "--rev-server=10.0.0.0/8,127.0.0.1")
        self.passes_all_on()


if __name__ == "__main__":
    namespace.main()

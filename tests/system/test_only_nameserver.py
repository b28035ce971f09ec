#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ordinald as the only name server that /etc/resolv.conf names, as in a pod
with a sidecar: three search domains, ndots:5, and what is not ours asked of a
real dnsmasq. Each client of users' programs has to find its peers, the world,
and that something is not there, and none may stall. In a network and a mount
namespace of its own; what is not installed is skipped."""

import atexit
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace  # noqa: E402
from namespace import resolv_conf  # noqa: E402
from ordinald import (  # noqa: E402
    ADDRESSES, MONGO, POD, SHIPPED, SLOW, Case, until)
from upstream import Upstream  # noqa: E402

CONF = ("search mongo.svc.cluster.local svc.cluster.local cluster.local\n"
        "options ndots:5")
SERVICE = MONGO.rstrip(".")
UPSTREAM = "127.0.0.53"
WORLD = "www.example.org"
WORLD_ADDRESS = "192.0.2.7"
# what a stub resolver waits for before it asks again
STALL_S = 5

C = r"""
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int n, char **word)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *first = NULL;

    if (n != 2 || getaddrinfo(word[1], NULL, &hints, &first))
        return 1;
    for (struct addrinfo *a = first; a; a = a->ai_next) {
        char text[64];
        getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0,
                    NI_NUMERICHOST);
        puts(text);
    }
    return 0;
}
"""

GO = """
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	addresses, err := net.LookupHost(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, a := range addresses {
		fmt.Println(a)
	}
}
"""

JAVA = """
import java.net.InetAddress;

public class Ask {
    public static void main(String[] words) {
        try {
            for (InetAddress a : InetAddress.getAllByName(words[0]))
                System.out.println(a.getHostAddress());
        } catch (java.net.UnknownHostException e) {
            System.err.println(e);
            System.exit(1);
        }
    }
}
"""

PYTHON = """
import socket, sys
try:
    for a in socket.getaddrinfo(sys.argv[1], None, 0, socket.SOCK_STREAM):
        print(a[4][0])
except socket.gaierror as e:
    sys.exit(1)
"""


# what is compiled once
FOLDER = tempfile.mkdtemp(prefix="ordinald-clients.")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


class Client:
    """A program that prints the addresses of a name, if there are any."""

    def __init__(self, name, needs, make, environment=None, searches=True,
                 hears_servfail=True):
        self.name = name
        self.needs = needs
        self.make = make  # of a folder, the command's words
        self.environment = environment or {}
        self.searches = searches
        # musl takes SERVFAIL for no answer, and waits its five seconds out
        self.hears_servfail = hears_servfail
        self.command = None


def compiled(compiler, *options):
    def make(folder):
        program = os.path.join(folder, compiler)
        source = program + ".c"
        with open(source, "w", encoding="ascii") as f:
            f.write(C)
        subprocess.run([compiler, *options, "-o", program, source], check=True,
                       timeout=120)
        return [program]
    return make


def built_by_go(folder):
    program, source = (os.path.join(folder, n) for n in ("ask", "ask.go"))
    if not os.path.exists(program):
        with open(source, "w", encoding="ascii") as f:
            f.write(GO)
        subprocess.run(["go", "build", "-o", program, source], check=True,
                       timeout=300, env={**os.environ, "CGO_ENABLED": "1",
                                         "GOFLAGS": "-mod=mod",
                                         "HOME": folder})
    return [program]


def built_by_java(folder):
    with open(os.path.join(folder, "Ask.java"), "w", encoding="ascii") as f:
        f.write(JAVA)
    subprocess.run(["javac", "Ask.java"], cwd=folder, check=True, timeout=120)
    return ["java", "-Xshare:auto", "-cp", folder, "Ask"]


CLIENTS = [
    Client("getent", ["getent"], lambda folder: ["getent", "ahosts"]),
    Client("glibc", ["gcc"], compiled("gcc")),
    Client("musl", ["musl-gcc"], compiled("musl-gcc", "-static"),
           hears_servfail=False),
    Client("python", [], lambda folder: ["/usr/bin/python3", "-I", "-c",
                                         PYTHON]),
    Client("go's own resolver", ["go"], built_by_go,
           {"GODEBUG": "netdns=go"}),
    Client("go with the C library's", ["go", "gcc"], built_by_go,
           {"GODEBUG": "netdns=cgo"}),
    Client("java", ["java", "javac"], built_by_java),
    Client("busybox", ["busybox"], lambda folder: ["busybox", "nslookup"],
           searches=False),
]


def addresses_in(printed):
    # nslookup begins with the server's own
    printed = re.sub(r"(?s)^Server:.*?\n\n", "", printed)
    found = re.findall(r"(?m)(?:^|: |\s)((?:\d+\.){3}\d+)(?=\s|$)", printed)
    return sorted(set(found))


class Only(Case):
    def setUp(self):
        super().setUp()
        self.copy()
        resolv_conf(CONF)

    def begin(self, upstream):
        self.server = self.serve(
            listen=["127.0.0.1:53"],
            options=["--reverse", "10.0.0.0/8", "--forward", upstream])

    def dnsmasq(self):
        path = shutil.which("dnsmasq", path=os.environ["PATH"] + ":/usr/sbin")
        if not path:
            self.skipTest("dnsmasq is not installed")
        process = subprocess.Popen(
            [path, "-d", "-C", "/dev/null",
             f"--listen-address={UPSTREAM}", "--bind-interfaces", "--no-resolv",
             "--no-hosts", f"--pid-file={self.path('pid')}",
             f"--host-record={WORLD},{WORLD_ADDRESS}", "--local=/example.org/",
             "--local=/nobody/"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

        def is_there():
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
                return s.connect_ex((UPSTREAM, 53)) == 0
        until(is_there, 10)

    def ready(self, client):
        missing = [n for n in client.needs if not shutil.which(n)]
        if missing:
            self.skipTest(f"{client.name}: {missing[0]} is not installed")
        if not client.command:
            client.command = client.make(FOLDER)

    def look(self, client, name):
        """The addresses it finds, and the seconds it took."""
        began = time.monotonic()
        done = subprocess.run(
            [*client.command, name], capture_output=True, text=True,
            timeout=60 * SLOW, check=False,
            env={**os.environ, **client.environment})
        took = time.monotonic() - began
        found = addresses_in(done.stdout)
        if done.returncode == 0 and not found:
            raise AssertionError(f"{client.name} {name}: {done.stdout}"
                                 f"{done.stderr}")
        return (found if done.returncode == 0 else []), took

    def finds(self, client):
        self.ready(client)
        self.dnsmasq()
        self.begin(UPSTREAM)
        self.look(client, SERVICE)  # it may have to warm up
        names = {POD.rstrip(".") % 1: [ADDRESSES[1]],
                 SERVICE: sorted(ADDRESSES), WORLD: [WORLD_ADDRESS],
                 "nobody.example.org": [], "nobody." + SERVICE: []}
        if client.searches:
            names.update({"mongo-statefulset-2.mongo-service": [ADDRESSES[2]],
                          "mongo-service": sorted(ADDRESSES),
                          "mongo-service.mongo": sorted(ADDRESSES),
                          "nobody": []})
        for name, wanted in names.items():
            found, took = self.look(client, name)
            self.assertEqual(found, wanted, name)
            self.assertLess(took, STALL_S * SLOW, name)

    def bears_silence(self, client):
        self.ready(client)
        quiet = Upstream(lambda query, tcp: None, host=UPSTREAM, port=53)
        try:
            self.begin(UPSTREAM)
            self.look(client, SERVICE)
            # the first one waits for the upstream, within its own patience
            found, took = self.look(client, WORLD)
            self.assertEqual(found, [])
            if client.hears_servfail:
                self.assertLess(took, STALL_S * SLOW)
            # then nobody does, and ours were never touched
            names = {POD.rstrip(".") % 0: [ADDRESSES[0]],
                     SERVICE: sorted(ADDRESSES)}
            if client.hears_servfail:
                names |= {WORLD: [], "a.example.org": []}
            for name, wanted in names.items():
                found, took = self.look(client, name)
                self.assertEqual(found, wanted)
                self.assertLess(took, STALL_S / 2 * SLOW, name)
            self.assertGreater(len(quiet.asked), 0)
        finally:
            quiet.close()


def add(prefix, way):
    for client in CLIENTS:
        word = re.sub(r"\W+", "_", client.name)
        setattr(Only, f"test_{word}_{prefix}",
                lambda self, client=client: getattr(self, way)(client))


add("finds_peers_and_the_world", "finds")
add("does_not_stall_when_the_upstream_is_silent", "bears_silence")


if __name__ == "__main__":
    if not SHIPPED:
        namespace.skip("is about others' programs, with the shipped one")
    namespace.main()

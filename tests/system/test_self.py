#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The sidecar (--self): its pod's own name from the first moment of the
process on, whatever it has read, and an environment that does not say which pod
it is. In a namespace of its own, where port 53 is free."""

import ctypes
import json
import os
import socket
import subprocess
import sys
import time
from unittest import mock

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.reversename

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace  # noqa: E402
from namespace import resolv_conf  # noqa: E402
from ordinald import (  # noqa: E402
    ADDRESSES, MONGO, POD, ROOT, SLOW, Case, run, until)
from test_clients import GLIBC, MUSL, needs  # noqa: E402

OWN = POD % 0
OWN_ADDRESS = "10.9.8.7"
OWN_POINTER = "7.8.9.10.in-addr.arpa."
ENVIRONMENT = {"POD_NAME": "mongo-statefulset-0", "POD_NAMESPACE": "mongo",
               "POD_IPS": OWN_ADDRESS, "POD_SERVICE": "mongo-service"}
HOSTS = "127.0.0.1\tlocalhost\n"


def environment(**changes):
    """What the process is told, with changes; None: not that."""
    words = {**ENVIRONMENT, **changes}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("POD_")}
    clean.update({k: v for k, v in words.items() if v is not None})
    return mock.patch.dict(os.environ, clean, clear=True)


def options_of(reply):
    return [(o.code, o.text) for o in reply.options
            if isinstance(o, dns.edns.EDEOption)]


class Sidecar(Case):
    def start(self, *paths, stdin=None, options=(), **how):
        with environment(**how):
            return self.serve(*(paths or ["-"]), stdin=stdin,
                              stdin_ends=False, wait=False,
                              listen=["127.0.0.1:53"],
                              options=["--self", *options])

    def wait(self, server):
        until(lambda: len(server.said) >= 2, 10)
        server.port = 53

    def begin(self, **how):
        """A server that waits for the rest of its standard input."""
        with open(os.path.join(ROOT, "zones/mongo.yaml"),
                  encoding="utf-8") as f:
            text = f.read()
        server = self.start(stdin=text[:700], **how)
        self.wait(server)
        self.rest = text[700:]
        return server

    def finish(self, server):
        server.process.stdin.write(self.rest)
        server.process.stdin.close()
        server.wait_for("ready", 10)

    def own_name_answers(self, server):
        reply = server.ask(OWN)
        self.assertEqual([r.to_text() for r in reply.answer],
                         [f"{OWN} 5 IN A {OWN_ADDRESS}"])
        self.assertTrue(reply.flags & dns.flags.AA)
        self.assertEqual(server.addresses(OWN, "ANY"), [OWN_ADDRESS])
        self.assertEqual(server.addresses(OWN, tcp=True), [OWN_ADDRESS])
        self.assertEqual(server.addresses(OWN_POINTER, "PTR"), [OWN])
        for name, kind in ((OWN, "AAAA"), (OWN, "TXT"), (OWN, "HTTPS"),
                           (OWN_POINTER, "A")):
            reply = server.ask(name, kind)
            self.assertEqual(reply.rcode(), dns.rcode.NOERROR)
            self.assertEqual(reply.answer, [])
            self.assertEqual(reply.authority[0].rdtype, dns.rdatatype.SOA)

    def test_while_manifests_come_the_own_name_alone_is_known(self):
        server = self.begin()
        self.own_name_answers(server)
        for name, kind in ((POD % 1, "A"), (MONGO, "A"), (MONGO, "SRV"),
                           ("mongo.svc.cluster.local.", "A"),
                           ("1.8.9.10.in-addr.arpa.", "PTR"),
                           ("cluster.local.", "SOA")):
            reply = server.ask(name, kind)
            self.assertEqual(reply.rcode(), dns.rcode.SERVFAIL, name)
            self.assertEqual([code for code, _ in options_of(reply)], [14])
        self.finish(server)
        self.own_name_answers(server)
        self.assertEqual(server.addresses(POD % 1), [ADDRESSES[1]])
        self.assertEqual(server.addresses(MONGO),
                         sorted([OWN_ADDRESS, *ADDRESSES[1:]]))
        reply = server.ask(MONGO, "SRV")
        self.assertIn(f"{OWN} 5 IN A {OWN_ADDRESS}",
                      [r.to_text() for r in reply.additional])
        # where the manifest says that it is, nobody is
        self.assertIsNone(server.addresses(
            dns.reversename.from_address(ADDRESSES[0]), "PTR"))
        self.assertIn("ready: 1 services, 3 endpoints", "\n".join(server.log))

    def test_the_first_answer_there_is_has_the_address(self):
        query = dns.message.make_query(OWN, "A")
        wire = query.to_wire()
        for _ in range(5):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.connect(("127.0.0.1", 53))
                s.setblocking(False)
                server = self.start(stdin="")
                reply = self.first(s, wire, server)
            self.assertEqual([r.to_text() for r in reply.answer],
                             [f"{OWN} 5 IN A {OWN_ADDRESS}"])
            self.assertEqual(server.stop(), 0)

    def first(self, s, wire, server):
        began = time.monotonic()
        while time.monotonic() - began < 10 * SLOW:
            self.assertIsNone(server.process.poll(), server.log)
            try:
                s.send(wire)
                return dns.message.from_wire(s.recv(4096))
            except OSError:  # nobody listens yet, or nothing has come
                continue
        raise AssertionError("no answer")

    def test_without_its_service_it_is_there_alone(self):
        with environment():
            server = self.serve(options=["--self"])
        self.assertEqual(server.addresses(OWN), [OWN_ADDRESS])
        reply = server.ask(MONGO)
        self.assertEqual(reply.rcode(), dns.rcode.NOERROR)
        self.assertEqual(options_of(reply),
                         [(0, "namespace mongo has no such service")])
        self.assertIsNone(server.addresses(POD % 1))
        self.assertIn("ready: 0 services, 1 endpoints", "\n".join(server.log))
        # the service comes, and goes
        self.copy()
        until(lambda: server.addresses(POD % 1) == [ADDRESSES[1]], 5)
        self.assertEqual(server.addresses(OWN), [OWN_ADDRESS])
        os.unlink(self.path("mongo.yaml"))
        until(lambda: server.addresses(POD % 1) is None, 5)
        self.assertEqual(server.addresses(OWN), [OWN_ADDRESS])

    def test_both_families(self):
        server = self.begin(POD_IPS=f"fd00::7,{OWN_ADDRESS}",
                            POD_IP="fd00::7")
        self.assertEqual(server.addresses(OWN), [OWN_ADDRESS])
        self.assertEqual(server.addresses(OWN, "AAAA"), ["fd00::7"])
        self.assertEqual(server.addresses(
            dns.reversename.from_address("fd00::7"), "PTR"), [OWN])

    # --- commands ----------------------------------------------------------

    def test_commands_say_that_it_is_this_pod(self):
        words = ["--control", self.path("s")]
        server = self.begin(options=words)
        says = f"this pod itself (--self), whatever else is said of it; " \
               f"{OWN_ADDRESS}"
        for name in (OWN, OWN_ADDRESS):
            done = run("explain", *words, name)
            self.assertEqual(done.returncode, 0, done)
            self.assertIn(f"Pod mongo/mongo-statefulset-0: {says}\n",
                          done.stdout)
        done = run("explain", *words, POD % 1)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not-loaded", done.stderr)
        self.finish(server)
        done = run("explain", "-o", "json", *words, OWN)
        chain = json.loads(done.stdout)["chain"]
        self.assertIn(("Pod", "mongo-statefulset-0", says),
                      [(c["kind"], c["name"], c["state"]) for c in chain])
        done = run("zone", *words)
        self.assertIn(f"{OWN}\t5\tIN\tA\t{OWN_ADDRESS}\n", done.stdout)
        self.assertIn(f"{OWN_POINTER}\t5\tIN\tPTR\t{OWN}\n", done.stdout)
        self.assertNotIn(ADDRESSES[0], done.stdout)

    def test_commands_read_paths_as_the_pod_would(self):
        config = self.write("ordinald.conf", "self: true\n")
        path = self.copy()
        with environment():
            done = run("zone", "--config", config, path)
            self.assertIn(f"{OWN}\t5\tIN\tA\t{OWN_ADDRESS}\n", done.stdout)
            done = run("explain", "--config", config, OWN, path)
            self.assertIn("this pod itself (--self)", done.stdout)
        # what is checked is the manifests, wherever that is done
        with environment(POD_NAME=None):
            done = run("check", "--config", config, path)
            self.assertEqual((done.returncode, done.stderr),
                             (0, "no findings: 2 objects in 1 file\n"))

    # --- the environment ---------------------------------------------------

    def refused(self, has, options=(), **changes):
        with environment(**changes):
            done = run("serve", "--self", "--control", "none", *options,
                       "zones")
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("ordinald serve: --self: "))
        for text in has:
            self.assertIn(text, done.stderr)

    def test_a_bad_environment_is_one_sentence_with_its_mend(self):
        for name, field in (("POD_NAME", "metadata.name"),
                            ("POD_NAMESPACE", "metadata.namespace"),
                            ("POD_IPS", "status.podIPs")):
            for value in (None, ""):
                self.refused([f"{name} is not set",
                              f"{{name: {name}, valueFrom: {{fieldRef: "
                              f"{{fieldPath: {field}}}}}}}"],
                             **{name: value})
        self.refused(["POD_NAME is 'A'"], POD_NAME="A")
        self.refused(["POD_NAMESPACE is 'a.b'"], POD_NAMESPACE="a.b")
        self.refused(["POD_SERVICE is '-'"], POD_SERVICE="-")
        self.refused(["POD_IPS has 'x'"], POD_IPS="10.0.0.1,x")
        self.refused(["POD_IP has 'x'"], POD_IP="x")
        self.refused(["POD_NAMESPACE is 'mongo'", "--namespaces"],
                     options=["--namespaces", "other"])

    def hostname(self, hosts, name="mongo-statefulset-0"):
        """What uname(2) and /etc/hosts say from now on."""
        try:
            socket.sethostname(name)
        except OSError as e:
            self.skipTest(f"the host's name cannot be set: {e}")
        with open("/etc/hosts", "w", encoding="ascii") as f:
            f.write(HOSTS + hosts)

    def test_the_service_is_in_the_hosts_file(self):
        self.hostname(f"{OWN_ADDRESS}\t{OWN[:-1]}\tmongo-statefulset-0\n")
        with environment(POD_SERVICE=None):
            server = self.serve(options=["--self"])
        self.assertEqual(server.addresses(OWN), [OWN_ADDRESS])
        self.refused(["whose domain is not 'k8s.test'",
                      "start with --cluster-domain cluster.local"],
                     options=["--cluster-domain", "k8s.test"],
                     POD_SERVICE=None)
        self.refused([f"hostname -f is '{OWN[:-1]}'",
                      "mongo-1.<service>.mongo.svc.cluster.local",
                      "set POD_SERVICE"], POD_SERVICE=None,
                     POD_NAME="mongo-1")
        self.hostname(f"{OWN_ADDRESS}\tmongo-statefulset-0\n")
        self.refused(["'mongo-statefulset-0' has no domain in /etc/hosts",
                      "set POD_SERVICE"], POD_SERVICE=None)

    def test_the_service_is_in_a_hostname_with_dots(self):
        self.hostname("", "mongo-0.db.mongo.svc.cluster.local")
        with environment(POD_SERVICE=None, POD_NAME="mongo-0"):
            server = self.serve(options=["--self"])
        self.assertEqual(
            server.addresses("mongo-0.db.mongo.svc.cluster.local."),
            [OWN_ADDRESS])

    # --- clients -----------------------------------------------------------

    def finds_itself(self, *library):
        resolv_conf("search mongo.svc.cluster.local svc.cluster.local "
                    "cluster.local\noptions ndots:5\n")
        self.begin()
        began = time.monotonic()
        for kind, name, wanted in (
                ("any", OWN, [OWN_ADDRESS]), ("any", OWN[:-1], [OWN_ADDRESS]),
                ("any", "mongo-statefulset-0.mongo-service", [OWN_ADDRESS]),
                ("PTR", OWN_ADDRESS, [OWN[:-1]])):
            done = subprocess.run([*library, kind, name], capture_output=True,
                                  text=True, timeout=20 * SLOW, check=False)
            self.assertEqual(json.loads(done.stdout), wanted, done.stderr)
        # a library that waits for another answer waits for 5 s at least
        self.assertLess(time.monotonic() - began, 4 * SLOW)

    def test_glibc_finds_the_own_name_before_manifests_have_come(self):
        self.finds_itself("/usr/bin/python3", "-I", "-c", GLIBC)

    @needs("musl-gcc")
    def test_musl_finds_the_own_name_before_manifests_have_come(self):
        source = self.write("musl.c", MUSL)
        subprocess.run(["musl-gcc", "-static", "-o", self.path("musl"),
                        source], check=True, timeout=60)
        self.finds_itself(self.path("musl"))


def main():
    if namespace.INSIDE in os.environ:
        # a host name of its own, where that may be
        ctypes.CDLL(None).unshare(0x04000000)  # CLONE_NEWUTS
        try:
            namespace.cover("/etc/hosts", HOSTS)
        except OSError as e:
            namespace.skip(f"cannot prepare a namespace: {e}")
    namespace.main()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""What the system tests share: the real binary on ports of its own, manifests
in a directory of its own, questions, and results in TAP."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BIN = os.environ.get("ORDINALD_BIN",
                     os.path.join(ROOT, "build/release/ordinald"))
SAN = os.environ.get("ORDINALD_SAN", "")
# Sanitizers make a program several times slower; what is promised in
# milliseconds is then only checked to happen.
SLOW = 10 if SAN else 1
# The program as it is shipped: what shows that others get on with it is run
# with that, and not once more with each way of building it.
SHIPPED = not SAN and "portable" not in BIN
COMPLAINTS = re.compile(
    r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:)")
MONGO = "mongo-service.mongo.svc.cluster.local."
POD = "mongo-statefulset-%d." + MONGO
ADDRESSES = ["10.233.102.153", "10.233.75.13", "10.233.71.25"]


def free_port(host="127.0.0.1"):
    """A port that neither UDP nor TCP uses at this moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(100):
        with socket.socket(family, socket.SOCK_STREAM) as tcp:
            tcp.bind((host, 0))
            port = tcp.getsockname()[1]
            with socket.socket(family, socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind((host, port))
                    return port
                except OSError:
                    continue
    raise RuntimeError("no free port")


def control_socket(port, runtime):
    """Where a server is steered that was told nothing of it; runtime: its
    XDG_RUNTIME_DIR, which means nothing to root."""
    return os.path.join(runtime if os.geteuid() else "/run",
                        f"ordinald-{port}.sock")


def until(happens, limit_s):
    """Ask again and again until it is so; the seconds it took."""
    began = time.monotonic()
    while True:
        if happens():
            return time.monotonic() - began
        if time.monotonic() - began > limit_s * SLOW:
            raise AssertionError(f"not so within {limit_s * SLOW} s")
        time.sleep(0.002)


class Server:
    """One running ordinald; ended by its own process object only."""

    def __init__(self, *paths, listen=None, options=(), stdin=None,
                 stdin_ends=True, config=None, wait=True):
        self.port = free_port()
        self.listen = listen or [f"127.0.0.1:{self.port}"]
        command = [BIN, "serve", "--threads", "2"]
        if config is None:
            for address in self.listen:
                command += ["--listen", address]
        command += [*options, *paths]
        self.log = []
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE if stdin is not None
            else subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=ROOT)
        if stdin is not None:
            self.process.stdin.write(stdin)
            self.process.stdin.flush()
            if stdin_ends:
                self.process.stdin.close()
        self.said = []
        self.readers = [
            threading.Thread(target=self._read, args=(f, to), daemon=True)
            for f, to in ((self.process.stderr, self.log),
                          (self.process.stdout, self.said))]
        for reader in self.readers:
            reader.start()
        if wait:
            self.wait_for("ready", 10)
            # said before that, but on another stream
            until(lambda: len(self.said) >= 2 * len(self.listen), 5)

    @staticmethod
    def _read(file, to):
        for line in file:
            to.append(line.rstrip("\n"))

    def wait_for(self, text, limit_s=5):
        """A line on standard error that has this text."""
        def there():
            if self.process.poll() is not None:
                time.sleep(0.05)
                if not any(text in line for line in self.log):
                    raise AssertionError(f"ended with "
                                         f"{self.process.returncode}: "
                                         f"{self.log}")
            return any(text in line for line in self.log)
        until(there, limit_s)

    def stop(self, number=signal.SIGTERM):
        """End it; its exit status. Complains about sanitizers' findings."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        if "thread" in SAN:
            # A signal that comes while a thread's first wait sets up the room
            # for it is lost by gcc 12's runtime (SigCtx(); mended since).
            try:
                self.process.wait(SLOW)
            except subprocess.TimeoutExpired:
                self.process.send_signal(number)
        try:
            status = self.process.wait(10 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("did not end within 10 s")
        for reader in self.readers:
            reader.join(2)
        for stream in (self.process.stdin, self.process.stdout,
                       self.process.stderr):
            if stream:
                stream.close()
        for line in self.log:
            if COMPLAINTS.search(line):
                raise AssertionError("\n".join(self.log))
        return status

    def ask(self, name, kind="A", tcp=False, host="127.0.0.1", port=None,
            edns=1232, timeout=2):
        query = dns.message.make_query(name, kind, use_edns=0 if edns else False,
                                       payload=edns or 512)
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, host, port=port or self.port,
                    timeout=timeout * SLOW)

    def addresses(self, name, kind="A", **how):
        """The addresses of a name, sorted; None where there is no such name."""
        reply = self.ask(name, kind, **how)
        if reply.rcode() == dns.rcode.NXDOMAIN:
            return None
        if reply.rcode() != dns.rcode.NOERROR:
            raise AssertionError(f"{name}: {dns.rcode.to_text(reply.rcode())}")
        return sorted(r.to_text() for rrset in reply.answer for r in rrset)

    def tool(self, *command):
        """Run dig or nslookup; what it printed and its status."""
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=20 * SLOW, check=False)
        return done.stdout + done.stderr, done.returncode

    def dig(self, *words):
        return self.tool("dig", "-p", str(self.port), "@127.0.0.1",
                         "+time=%d" % (2 * SLOW), *words)[0]

    def nslookup(self, name):
        return self.tool("nslookup", f"-port={self.port}", name,
                         "127.0.0.1")


class Case(unittest.TestCase):
    """A directory of manifests and servers that end with the test."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ordinald-system.")
        self.servers = []

    def tearDown(self):
        try:
            for server in self.servers:
                if server.process.poll() is None:
                    self.assertEqual(server.stop(), 0)
        finally:
            for server in self.servers:
                if server.process.poll() is None:
                    server.process.kill()
                    server.process.wait()
            shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def copy(self, name="mongo.yaml"):
        """An example of zones/, into the test's own directory."""
        with open(os.path.join(ROOT, "zones", name), encoding="utf-8") as f:
            return self.write(name, f.read())

    def serve(self, *paths, **how):
        server = Server(*(paths or [self.dir]), **how)
        self.servers.append(server)
        return server


def mongo(replicas):
    """zones/mongo.yaml with another number of replicas."""
    with open(os.path.join(ROOT, "zones/mongo.yaml"), encoding="utf-8") as f:
        return f.read().replace("replicas: 3", f"replicas: {replicas}")


def run(*words, stdin=""):
    """Run the binary to its end."""
    return subprocess.run([BIN, *words], input=stdin, capture_output=True,
                          text=True, timeout=10 * SLOW, cwd=ROOT, check=False)


def main():
    """Run the tests of the calling program; results in TAP."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules["__main__"])
    tests = [test for group in suite for test in group]
    wanted = sys.argv[1:]
    tests = [t for t in tests if not wanted or t._testMethodName in wanted]
    bad = 0
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        name = test._testMethodName
        result = unittest.TestResult()
        test.run(result)
        if result.skipped:
            print(f"ok {number} # SKIP {name}: {result.skipped[0][1]}")
        elif result.wasSuccessful():
            print(f"ok {number} - {name}")
        else:
            bad += 1
            print(f"not ok {number} - {name}")
            for _, text in result.failures + result.errors:
                print("\n".join("# " + l for l in text.splitlines()))
        sys.stdout.flush()
    sys.exit(bad > 0)


if __name__ == "__main__":
    sys.exit("this is what the tests share; run test_*.py")

# SPDX-License-Identifier: Apache-2.0
"""What the tests of `ordinald peers` share: the command while it runs, what its
commands were told, and services to look at."""

import os
import signal
import subprocess
import threading

import ordinald
from ordinald import BIN, COMPLAINTS, ROOT, SLOW, until

SERVICE = "web.test.svc.cluster.local"


def hostname(ordinal, service=SERVICE):
    return f"web-{ordinal}.{service}"


def web(replicas=3, addresses="", port="ports: [{name: http, port: 80}]",
        policy="", extra=""):
    """A StatefulSet web below a headless service of that name."""
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: test}}
spec:
  clusterIP: None
  selector: {{app: web}}
  {policy}
  {port}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
  namespace: test
  annotations: {{ordinald.io/addresses: "{addresses}"}}
spec:
  serviceName: web
  replicas: {replicas}
  podManagementPolicy: Parallel
  selector: {{matchLabels: {{app: web}}}}
  template: {{metadata: {{labels: {{app: web}}}}}}
{extra}"""


class Peers:
    """`ordinald peers` while it runs; what it says, as it comes."""

    def __init__(self, *words, env=None):
        self.lines, self.said = [], []
        self.process = subprocess.Popen(
            [BIN, "peers", *words], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=ROOT, env={**os.environ, **(env or {})})
        self.readers = [
            threading.Thread(target=self._read, args=a, daemon=True)
            for a in ((self.process.stdout, self.lines),
                      (self.process.stderr, self.said))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(file, to):
        for line in file:
            to.append(line.rstrip("\n"))

    def runs(self):
        return self.process.poll() is None

    def wait_for(self, text, limit_s=10):
        """A line on standard error that has this text."""
        until(lambda: any(text in line for line in list(self.said)), limit_s)

    def end(self, number=None, limit_s=20):
        """Its exit status; number: a signal that is to end it."""
        if number:
            self.process.send_signal(number)
        status = self.process.wait(limit_s * SLOW)
        for reader in self.readers:
            reader.join(5)
        self.close()
        for line in self.said:
            if COMPLAINTS.search(line):
                raise AssertionError("\n".join(self.said))
        return status

    def close(self):
        if self.runs():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10 * SLOW)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Case(ordinald.Case):
    """Commands that end with the test."""

    def setUp(self):
        super().setUp()
        self.commands = []

    def tearDown(self):
        try:
            for command in self.commands:
                command.close()
        finally:
            super().tearDown()

    def peers(self, *words, **how):
        command = Peers(*words, **how)
        self.commands.append(command)
        return command

    def ask(self, *words, env=None):
        """Run it to its end: status, standard output, standard error."""
        done = subprocess.run(
            [BIN, "peers", *words], capture_output=True, text=True, cwd=ROOT,
            stdin=subprocess.DEVNULL, timeout=60 * SLOW, check=False,
            env={**os.environ, **(env or {})})
        if COMPLAINTS.search(done.stderr):
            raise AssertionError(done.stderr)
        return done.returncode, done.stdout, done.stderr

    def assert_peers(self, words, ordinals, **how):
        """That these are printed, in this order."""
        status, out, said = self.ask(*words, **how)
        self.assertEqual((status, said), (0, ""))
        self.assertEqual([line.split()[0] for line in out.splitlines()],
                         [hostname(n) for n in ordinals])

    def assert_none(self, words, *texts, status=1, **how):
        """That it says no, in one line that has these texts."""
        got, out, said = self.ask(*words, **how)
        self.assertEqual((got, out), (status, ""), said)
        self.assertEqual(said.count("\n"), 1, said)
        for text in texts:
            self.assertIn(text, said)

    def recorder(self, name="told", before="", after=""):
        """A command that writes each list it gets as a line of a file."""
        path = self.path(name)
        return (f"{before} l=$(cat | tr '\\n' ' '); echo \"$l\" >>{path}; "
                f"{after}"), lambda: self.told(path)

    @staticmethod
    def told(path):
        """The lists a recorder got, each a list of hostnames."""
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as f:
            return [line.split() for line in f.read().splitlines()]

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`ordinald scale`, `restart`, `delete-pod` and `fault` against a real server:
what they print, and that DNS says the same at each moment."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import dns.flags
import dns.rcode

from ordinald import (ADDRESSES, BIN, MONGO, POD, ROOT, SLOW, Case, free_port,
                      main, run, until)

SET = "mongo/mongo-statefulset"
WEB = "web.test.svc.cluster.local."
WEB_SET = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: test}
spec:
  clusterIP: None
  ipFamilyPolicy: PreferDualStack
  selector: {app: web}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: test}
spec:
  serviceName: web
  replicas: 3
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: test}
spec:
  replicas: 2
  selector: {matchLabels: {app: front}}
  template: {metadata: {labels: {app: front}}}
"""


def mongo(replicas=3, **annotations):
    """zones/mongo.yaml with annotations of ours: ready_after="1s"."""
    with open(os.path.join(ROOT, "zones/mongo.yaml"), encoding="utf-8") as f:
        text = f.read().replace("replicas: 3", f"replicas: {replicas}")
    lines = "".join(f"    ordinald.io/{key.replace('_', '-')}: {value}\n"
                    for key, value in annotations.items())
    return text.replace("  annotations:\n", "  annotations:\n" + lines)


class Control(http.client.HTTPConnection):
    """The control interface, as curl --unix-socket has it."""

    def __init__(self, path):
        super().__init__("ordinald", timeout=30 * SLOW)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def get(self, page):
        self.request("GET", page)
        reply = self.getresponse()
        text = reply.read().decode()
        if reply.status != 200:
            raise AssertionError(f"{page}: {reply.status} {text}")
        return json.loads(text)


class Command:
    """A command while it runs; its lines as they come."""

    def __init__(self, *words):
        self.lines = []
        self.process = subprocess.Popen(
            [BIN, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=ROOT)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def runs(self):
        return self.process.poll() is None

    def wait_for(self, text, limit_s=10):
        until(lambda: any(text in line for line in self.lines), limit_s)

    def end(self, limit_s=20):
        """Its exit status and what it said on standard error."""
        status = self.process.wait(limit_s * SLOW)
        self.reader.join(5)
        said = self.process.stderr.read()
        self.close()
        return status, said

    def close(self):
        if self.runs():
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Steering(Case):
    def setUp(self):
        super().setUp()
        self.commands = []
        self.socket = self.path("steer.sock")

    def tearDown(self):
        for command in self.commands:
            command.close()
        super().tearDown()

    def start(self, *options, text=None):
        """A server whose pods have come."""
        manifests = self.path("zones")
        os.makedirs(manifests, exist_ok=True)
        self.manifest = self.write("zones/m.yaml", text or mongo())
        server = self.serve(manifests,
                            options=["--control", self.socket, *options])
        self.control = Control(self.socket)
        until(lambda: all(w["settled"] for w in self.workloads()), 20)
        return server

    def workloads(self):
        return self.control.get("/workloads")["workloads"]

    def pods(self):
        """The pods of the first workload by name."""
        return {p["name"]: p for p in self.workloads()[0]["pods"]}

    def do(self, *words, status=0, has=()):
        """A command to its end; what it printed, by lines."""
        done = run(*words, "--control", self.socket)
        self.assertEqual(done.returncode, status, done)
        if status:
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            for text in has:
                self.assertIn(text, done.stderr)
        else:
            self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def begin(self, *words):
        command = Command(*words, "--control", self.socket)
        self.commands.append(command)
        return command

    def agree(self, server, names):
        """Ask for each pod, and for all of them; what DNS says is what the
        pods are, where they were the same before and after the question."""
        before = self.pods()
        told = {n: server.addresses(f"{n}.{MONGO}") for n in names}
        everyone = server.addresses(MONGO)
        after = self.pods()

        def shown(pods, name):
            pod = pods.get(name)
            return (pod["addresses"]
                    if pod and pod["ready"] and not pod["terminating"]
                    else None)
        for name in names:
            if shown(before, name) == shown(after, name):
                self.assertEqual(told[name], shown(after, name), name)
        if all(shown(before, n) == shown(after, n) for n in names):
            self.assertEqual(everyone, sorted(
                a for n in names for a in shown(after, n) or []))
        return [n for n in names if shown(after, n)]

    # --- scale -------------------------------------------------------------

    def test_scale_up_shows_each_step_and_answers_agree(self):
        server = self.start(text=mongo(ready_after="300ms"))
        names = [f"mongo-statefulset-{i}" for i in range(6)]
        command = self.begin("scale", SET, "5")
        seen = set()
        while command.runs():
            seen.add(tuple(self.agree(server, names)))
        self.assertEqual(command.end(), (0, ""))
        self.assertEqual(self.agree(server, names), names[:5])
        # one after another, whenever it was looked at
        self.assertLessEqual(seen, {tuple(names[:n]) for n in (3, 4, 5)})
        self.assertEqual(
            [line for line in command.lines if "waits" not in line],
            [f"{SET}: 3 -> 5",
             "mongo-statefulset-3 created",
             "mongo-statefulset-3 has address 10.244.0.1",
             "mongo-statefulset-3 ready",
             "mongo-statefulset-4 created",
             "mongo-statefulset-4 has address 10.244.0.2",
             "mongo-statefulset-4 ready",
             f"{SET}: 5 of 5 ready"])
        # a name of its own by dig, too
        self.assertIn("10.244.0.2", server.dig("+short", POD % 4))

    def test_who_is_said_to_be_ready_answers(self):
        server = self.start(text=mongo(1, ready_after="50ms"))
        command = self.begin("scale", SET, "12")
        asked = 0
        while command.runs() or asked < len(command.lines):
            for line in command.lines[asked:]:
                asked += 1
                if line.endswith(" ready") and line.startswith("mongo-"):
                    self.assertIsNotNone(server.addresses(
                        f"{line.split()[0]}.{MONGO}"), line)
        self.assertEqual(command.end(), (0, ""))

    def test_scale_down_goes_backwards(self):
        server = self.start(text=mongo(5, gone_after="300ms"))
        names = [f"mongo-statefulset-{i}" for i in range(5)]
        command = self.begin("scale", "mongo-statefulset", "2")
        seen = set()
        while command.runs():
            seen.add(tuple(self.agree(server, names)))
        self.assertEqual(command.end(), (0, ""))
        for state in seen:
            self.assertEqual(list(state), names[:len(state)])
        self.assertEqual(
            [line for line in command.lines if "waits" not in line],
            [f"{SET}: 5 -> 2",
             *(line for i in (4, 3, 2) for line in
               (f"mongo-statefulset-{i} terminating: scaled down",
                f"mongo-statefulset-{i} gone")),
             f"{SET}: 2 of 2 ready"])
        self.assertEqual(server.addresses(MONGO), sorted(ADDRESSES[:2]))
        self.assertIn("status: NXDOMAIN", server.dig("-x", "10.233.71.25"))

    def test_nothing_is_removed_while_one_is_not_ready(self):
        server = self.start("--enable-faults", text=mongo(5))
        self.do("fault", f"{SET}-1", "not-ready")
        command = self.begin("scale", SET, "2")
        command.wait_for("waits for mongo-statefulset-1, which is not ready: "
                         "fault not-ready")
        self.assertTrue(command.runs())
        self.assertEqual(len(self.pods()), 5)
        self.assertIsNone(server.addresses(POD % 1))
        for i in (0, 2, 3, 4):
            self.assertIsNotNone(server.addresses(POD % i))
        self.assertEqual(self.do("fault", "--clear"), ["1 fault cleared"])
        self.assertEqual(command.end(), (0, ""))
        self.assertEqual(
            [line for line in command.lines if line.endswith("scaled down")],
            [f"mongo-statefulset-{i} gone: scaled down" for i in (4, 3, 2)])
        # said once, however long it lasted
        self.assertEqual(len([l for l in command.lines if "waits" in l]), 1)
        self.assertEqual(server.addresses(MONGO), sorted(ADDRESSES[:2]))

    def test_who_waits_no_longer_says_how_it_stands(self):
        self.start("--enable-faults")
        self.do("fault", f"{SET}-1", "not-ready")
        lines = self.do("scale", SET, "2", "--timeout", "300ms", status=1,
                        has=[f"{SET} is to have 2 replicas; after 300ms there "
                             "are 3 pods, 2 of them ready; it waits for "
                             "mongo-statefulset-1, which is not ready"])
        self.assertEqual(lines, [f"{SET}: 3 -> 2"])

    def test_who_does_not_wait_prints_one_line(self):
        self.start(text=mongo(ready_after="200ms"))
        self.assertEqual(self.do("scale", SET, "4", "--no-wait"),
                         [f"{SET}: 3 -> 4"])
        self.assertEqual(self.do("scale", SET, "4")[-1],
                         f"{SET}: 4 of 4 ready")
        self.assertEqual(self.do("scale", SET, "4"),
                         [f"{SET}: 4 -> 4", f"{SET}: 4 of 4 ready"])

    def test_another_goal_ends_the_first(self):
        self.start("--enable-faults")
        self.do("fault", f"{SET}-1", "not-ready")
        first = self.begin("scale", SET, "2")
        first.wait_for("3 -> 2")
        self.do("scale", SET, "4", "--no-wait")
        status, said = first.end()
        self.assertEqual(status, 1)
        self.assertIn("4 replicas now", said)

    def test_another_goal_is_seen_though_its_event_is_kept_no_more(self):
        self.start("--enable-faults", text=mongo() + "---" + WEB_SET)
        self.do("fault", f"{SET}-1", "not-ready")
        first = self.begin("scale", SET, "2")
        first.wait_for("3 -> 2")
        first.process.send_signal(signal.SIGSTOP)
        self.do("scale", SET, "4", "--no-wait")
        self.do("scale", "test/web", "3000")
        first.process.send_signal(signal.SIGCONT)
        status, said = first.end()
        self.assertEqual(status, 1)
        self.assertIn("4 replicas now", said)

    def test_a_thousand_pods_come_and_go(self):
        server = self.start(text=mongo(1))
        lines = self.do("scale", SET, "1000")
        self.assertEqual(lines[0], f"{SET}: 1 -> 1000")
        self.assertEqual(lines[-1], f"{SET}: 1000 of 1000 ready")
        self.assertIsNotNone(server.addresses(POD % 999))
        # more happens than is kept
        lines = self.do("scale", SET, "5000")
        self.assertEqual(
            lines[1], "(more happens than is kept: not all steps are shown)")
        self.assertEqual(lines[-1], f"{SET}: 5000 of 5000 ready")
        self.assertEqual(self.do("scale", SET, "0")[-1],
                         f"{SET}: 0 of 0 ready")
        self.assertIsNone(server.addresses(POD % 0))

    def test_a_later_file_wins(self):
        server = self.start()
        self.do("scale", SET, "5")
        # of the same replicas as before: what was said later counts
        self.write("zones/m.yaml", mongo(3).replace("mongo:7", "mongo:8"))
        server.wait_for("mongo-statefulset", 10)
        until(lambda: server.addresses(POD % 3) is None, 10)
        until(lambda: any("5" in l and "3" in l and "replicas" in l
                          for l in server.log), 5)
        until(lambda: self.workloads()[0]["settled"], 5)
        self.assertEqual(self.workloads()[0]["replicas"], 3)

    def test_a_deployment_is_scaled_too(self):
        self.start(text=WEB_SET)
        lines = self.do("scale", "test/front", "4")
        self.assertEqual(lines[0], "test/front: 2 -> 4")
        self.assertEqual(len([l for l in lines if l.endswith(" ready")]), 3)
        self.assertEqual(lines[-1], "test/front: 4 of 4 ready")

    # --- restart and delete-pod --------------------------------------------

    def test_restart_replaces_one_after_another(self):
        server = self.start(text=mongo(ready_after="100ms"))
        lines = self.do("restart", SET)
        self.assertEqual(lines[0], f"{SET}: restart of 3 pods")
        self.assertEqual(lines[-1], f"{SET}: 3 of 3 ready")
        self.assertEqual(
            [l.split()[0] for l in lines if l.endswith(" ready")][:3],
            [f"mongo-statefulset-{i}" for i in (2, 1, 0)])
        self.assertEqual(server.addresses(MONGO), sorted(ADDRESSES))

    def test_a_deleted_pod_comes_again(self):
        server = self.start(text=mongo(ready_after="100ms"))
        lines = self.do("delete-pod", f"{SET}-1")
        self.assertEqual(lines[0], f"{SET}-1: deleted")
        self.assertIn("mongo-statefulset-1 created", lines)
        self.assertEqual(lines[-1], f"{SET}: 3 of 3 ready")
        self.assertEqual(server.addresses(POD % 1), [ADDRESSES[1]])

    def test_what_is_not_there_is_refused(self):
        self.start()
        self.do("scale", "mongo-statefulst", "5", status=1,
                has=["did you mean 'mongo/mongo-statefulset'"])
        self.do("scale", "other/mongo-statefulset", "5", status=1,
                has=["other/mongo-statefulset"])
        self.do("scale", SET, "100001", status=1, has=["100000"])
        self.do("restart", "x", status=1, has=["'x'"])
        self.do("delete-pod", f"{SET}-7", status=1, has=[f"'{SET}-7'"])

    # --- faults ------------------------------------------------------------

    def fault(self, *words):
        return self.do("fault", *words)

    def test_faults_are_off_unless_enabled(self):
        server = self.start()
        for words in ((f"{SET}-1", "not-ready"), ("--list",), ("--clear",)):
            self.do("fault", *words, status=1, has=["--enable-faults"])
        self.assertIsNotNone(server.addresses(POD % 1))

    def test_faults_are_logged(self):
        server = self.start("--enable-faults")
        self.fault("mongo-service", "slow=1", "--for", "5m")
        self.fault(f"{SET}-1", "servfail")
        self.fault("--clear", "mongo-service")
        server.wait_for("faults ended", 5)
        told = [l.split("info ")[1] for l in server.log if "fault" in l]
        self.assertRegex(told[0], "^fault begins namespace=mongo "
                         r"service=mongo-service kind=slow ms=1 left_ms=\d+$")
        self.assertEqual(told[1:], [
            "fault begins namespace=mongo pod=mongo-statefulset-1 "
            "kind=servfail", "faults ended ended=1 left=1"])

    def test_faults_are_listed_and_cleared(self):
        self.start("--enable-faults")
        self.assertEqual(self.fault("--list"), ["no faults"])
        self.assertEqual(self.fault(f"{SET}-1", "not-ready"),
                         [f"{SET}-1: not-ready until it is cleared"])
        self.assertEqual(self.fault("mongo-service", "slow=1", "--for", "5m"),
                         ["mongo/mongo-service: slow=1 for 5m0s"])
        listed = self.fault("--list")
        self.assertEqual(listed[0],
                         f"{SET}-1: not-ready until it is cleared")
        self.assertRegex(listed[1],
                         r"^mongo/mongo-service: slow=1 for [45]m\d+(\.\d+)?s$")
        self.assertEqual(self.fault("--clear", "mongo-service"),
                         ["1 fault cleared"])
        self.assertEqual(self.fault("--clear"), ["1 fault cleared"])
        self.assertEqual(self.fault("--clear"), ["0 faults cleared"])
        self.do("fault", "--clear", "mongo-service", status=1,
                has=["'mongo-service' has no fault"])
        self.do("fault", "mongo-servce", "slow=1", status=1,
                has=["did you mean 'mongo-service'"])
        self.do("fault", "mongo-service", "slwo=1", status=1,
                has=["did you mean 'slow'"])

    def web(self):
        return self.start("--enable-faults", "--pod-cidr",
                          "10.244.0.0/16,fd00:244::/64", text=WEB_SET)

    def test_faults_of_pods(self):
        server = self.web()
        name = "web-1." + WEB
        first = server.addresses(name)
        self.assertEqual(len(first), 1)

        self.fault("test/web-1", "not-ready")
        self.assertIsNone(server.addresses(name))
        self.assertEqual(len(server.addresses(WEB)), 2)
        self.fault("--clear")
        self.assertEqual(server.addresses(name), first)

        self.fault("web-1", "gone")
        self.assertIsNone(server.addresses(name))
        self.fault("--clear", "web-1")
        until(lambda: server.addresses(name), 5)

        before = server.addresses(name)
        self.fault("web-1", "move")
        until(lambda: server.addresses(name) not in (None, before), 5)
        self.fault("--clear")

        self.fault("web-1", "flap=50")
        for state in (False, True, False):
            until(lambda s=state: (server.addresses(name) is not None) == s, 5)
        self.fault("--clear")
        until(lambda: server.addresses(name), 5)

    def test_faults_of_a_service_are_all_its_pods(self):
        server = self.web()
        self.fault("web", "not-ready", "--for", "400ms")
        for i in range(3):
            self.assertIsNone(server.addresses(f"web-{i}.{WEB}"))
        # ends by itself
        until(lambda: len(server.addresses(WEB) or []) == 3, 5)

    def test_faults_of_answers(self):
        server = self.web()
        name = "web-1." + WEB

        self.fault("web", "servfail")
        self.assertEqual(server.ask(WEB).rcode(), dns.rcode.SERVFAIL)
        self.assertEqual(server.ask(name, tcp=True).rcode(),
                         dns.rcode.SERVFAIL)
        self.fault("--clear")
        self.assertEqual(server.ask(WEB).rcode(), dns.rcode.NOERROR)

        self.fault("web-1", "truncate")
        cut = server.ask(name)
        self.assertTrue(cut.flags & dns.flags.TC)
        self.assertFalse(cut.answer)
        self.assertEqual(len(server.addresses(name, tcp=True)), 1)
        self.assertFalse(server.ask("web-0." + WEB).flags & dns.flags.TC)
        self.fault("--clear")

        self.assertEqual(len(server.addresses(name, "AAAA")), 1)
        self.fault("web", "no-aaaa")
        self.assertEqual(server.addresses(name, "AAAA"), [])
        self.assertEqual(len(server.addresses(name, "A")), 1)
        self.fault("--clear")
        self.assertEqual(len(server.addresses(name, "AAAA")), 1)

        self.fault("web", "stale=600000")
        self.do("scale", "web", "4")
        self.assertIsNone(server.addresses("web-3." + WEB))
        self.fault("--clear")
        until(lambda: server.addresses("web-3." + WEB), 5)

    def test_slow_answers(self):
        server = self.web()
        self.fault("web", "slow=400")
        for tcp in (False, True):
            began = time.monotonic()
            self.assertEqual(len(server.addresses(WEB, tcp=tcp, timeout=5)), 3)
            self.assertGreater(time.monotonic() - began, 0.39)

    # --- probes --------------------------------------------------------------

    def test_a_pod_is_ready_while_its_process_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as process:
            port = process.getsockname()[1]
            text = WEB_SET.split("---\napiVersion: apps/v1\nkind: Deploy")[0]
            server = self.start("--probe", text=text.replace(
                "replicas: 3", "replicas: 1").replace(
                    "template: {", "template: {spec: {containers: [{name: c, "
                    f"readinessProbe: {{tcpSocket: {{port: {port}}}, "
                    "failureThreshold: 1, periodSeconds: 1}}]}, ").replace(
                        "metadata: {name: web, namespace: test}\nspec:\n  "
                        "serviceName", "metadata:\n  name: web\n  namespace: "
                        "test\n  annotations: {ordinald.io/addresses: "
                        "127.0.0.1}\nspec:\n  serviceName"))
            self.assertEqual(server.addresses("web-0." + WEB), ["127.0.0.1"])
        until(lambda: server.addresses("web-0." + WEB) is None, 10)
        server.wait_for(f"because=\"probe of tcp port {port} failed")

    # --- servers and clients that do not behave ----------------------------

    def test_a_second_server_is_refused(self):
        server = self.start()
        done = run("serve", "--listen", f"127.0.0.1:{free_port()}",
                   "--control", self.socket, self.dir)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another server listens at", done.stderr)
        self.assertEqual(self.do("scale", SET, "2")[-1],
                         f"{SET}: 2 of 2 ready")
        self.assertEqual(server.stop(), 0)

    def test_a_stale_socket_is_explained_and_taken(self):
        server = self.start()
        server.process.kill()
        server.process.wait()
        self.assertTrue(os.path.exists(self.socket))
        self.do("scale", SET, "2", status=1,
                has=["no server listens at", "ordinald serve", "--listen"])
        self.start()
        self.assertEqual(self.do("scale", SET, "2")[-1],
                         f"{SET}: 2 of 2 ready")

    def test_another_user_may_not(self):
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            self.skipTest("only root can be somebody else")
        self.start()
        os.chmod(self.dir, 0o755)
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", BIN, "scale", SET,
             "2", "--control", self.socket], capture_output=True, text=True,
            timeout=20 * SLOW, check=False)
        if done.returncode == 126 or "failed to execute" in done.stderr:
            self.skipTest("the binary is nobody else's to run")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("may not use", done.stderr)
        self.assertIn("be the user who runs the server", done.stderr)

    def blocked(self):
        """A server, and a command that waits."""
        server = self.start("--enable-faults")
        self.do("fault", f"{SET}-1", "not-ready")
        command = self.begin("scale", SET, "2")
        command.wait_for("waits for")
        return server, command

    def test_a_server_that_goes_away_is_told(self):
        server, command = self.blocked()
        self.assertEqual(server.stop(), 0)
        status, said = command.end()
        self.assertEqual(status, 1)
        self.assertIn("went away", said)

    def test_a_server_that_does_not_answer_is_not_waited_for(self):
        server = self.start()
        server.process.send_signal(signal.SIGSTOP)
        try:
            self.do("scale", SET, "2", "--timeout", "100ms", status=1,
                    has=["does not answer"])
        finally:
            server.process.send_signal(signal.SIGCONT)

    def test_what_cannot_be_printed_is_no_success(self):
        self.start("--enable-faults")
        for words in (("scale", SET, "2"), ("fault", "--list")):
            with open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run(
                    [BIN, *words, "--control", self.socket], stdout=full,
                    stderr=subprocess.PIPE, text=True, timeout=20 * SLOW,
                    check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot write", done.stderr)

    def test_whoever_is_interrupted_leaves(self):
        _, command = self.blocked()
        command.process.send_signal(signal.SIGINT)
        self.assertEqual(command.end(), (-signal.SIGINT, ""))
        # and it is carried out nevertheless
        self.do("fault", "--clear")
        self.assertEqual(self.do("scale", SET, "2"),
                         [f"{SET}: 2 -> 2", f"{SET}: 2 of 2 ready"])

    def test_many_who_wait_do_not_keep_others_out(self):
        _, first = self.blocked()
        more = [self.begin("restart", SET) for _ in range(20)]
        for command in more:
            command.wait_for("restart of", 20)
        self.do("fault", "--clear")
        for command in [first, *more]:
            self.assertEqual(command.end(30), (0, ""))

    def test_a_reader_that_has_enough_is_no_error(self):
        self.start(text=mongo(1))
        done = subprocess.run(
            ["bash", "-c", '"$0" "$@" | head -1; echo ${PIPESTATUS[0]}', BIN,
             "scale", SET, "4000", "--control", self.socket],
            capture_output=True, text=True, timeout=20 * SLOW, check=False)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.stdout.splitlines(),
                         [f"{SET}: 1 -> 4000", str(128 + signal.SIGPIPE)])

    def test_the_socket_is_found_by_the_port(self):
        manifests = self.path("zones")
        os.makedirs(manifests)
        self.write("zones/m.yaml", mongo())
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = self.dir
        try:
            server = self.serve(manifests)
            done = run("scale", SET, "4", "--listen", server.listen[0])
        finally:
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before
        self.assertEqual(done.returncode, 0, done)


if __name__ == "__main__":
    main()

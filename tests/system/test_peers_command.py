#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`ordinald peers` against a real server, by its control socket and by DNS:
forms, waiting, commands on start and on change, and the end of it all."""

import ipaddress
import json
import os
import signal
import socket
import subprocess
import time

from ordinald import SLOW, main, run, until
from peers_command import SERVICE, Case, hostname, web


def alive(pid):
    """Whether a process is there and has not ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def cpu_s(pid):
    """Processor time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        user, system = f.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Command(Case):

    def start(self, text=None, options=(), **how):
        """A server of `web`, and how each source is named."""
        self.write("web.yaml", text or web())
        self.socket = self.path("control.sock")
        self.server = self.serve(self.path("web.yaml"), options=[
            "--control", self.socket, *options], **how)
        self.control = ["--control", self.socket]
        self.dns = ["--server", f"127.0.0.1:{self.server.port}"]

    def both(self):
        return self.control, self.dns

    def scale(self, replicas):
        done = run("scale", "test/web", str(replicas), "--no-wait",
                   "--control", self.socket)
        self.assertEqual(done.returncode, 0, done.stderr)

    # --- forms ---------------------------------------------------------------

    def test_text_has_a_peer_a_line_with_its_addresses(self):
        self.start(web(2, "10.9.0.1, 10.9.0.2"))
        for source in self.both():
            status, out, _ = self.ask("test/web", *source)
            self.assertEqual((status, [l.split() for l in out.splitlines()]),
                             (0, [[hostname(0), "10.9.0.1"],
                                  [hostname(1), "10.9.0.2"]]))

    def test_json_has_all_that_is_known(self):
        self.start(web(1, "10.9.0.1"))
        known = {"name": "web-0", "ordinal": 0, "hostname": hostname(0),
                 "addresses": ["10.9.0.1"]}
        for source, more in (
                (self.control, {"ports": [{"name": "http", "protocol": "tcp",
                                           "port": 80}], "ready": True}),
                (self.dns, {"ports": [{"name": "", "protocol": "",
                                       "port": 80}]})):
            status, out, _ = self.ask("test/web", "-o", "json", *source)
            self.assertEqual((status, json.loads(out)), (0, {
                "service": "web", "namespace": "test",
                "peers": [{**known, **more}]}))

    def test_who_is_not_ready_and_yet_in_the_set_is_told_so(self):
        self.start(web(2).replace("annotations: {", "annotations: {"
                                  "ordinald.io/ready-after: 1h, "),
                   options=["--set", "addressed"])
        status, out, _ = self.ask("test/web", "-o", "json", *self.control)
        self.assertEqual((status, [p["ready"]
                                   for p in json.loads(out)["peers"]]),
                         (0, [False, False]))

    def test_variables_are_read_by_a_shell(self):
        self.start(web(2, "10.9.0.1, 10.9.0.2"))
        for source in self.both():
            _, out, _ = self.ask("test/web", "-o", "env", *source)
            done = subprocess.run(
                ["sh", "-c", out + 'printf "%s\\n" "$ORDINALD_PEERS" '
                 '"$ORDINALD_PEERS_N" "$ORDINALD_ADDRESSES" '
                 '"$ORDINALD_SERVICE" "$ORDINALD_NAMESPACE"'],
                capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.splitlines(), [
                f"{hostname(0)} {hostname(1)}", "2", "10.9.0.1 10.9.0.2",
                "web", "test"])

    def test_hosts_has_a_line_for_each_address(self):
        self.start(web(1, policy="ipFamilyPolicy: RequireDualStack"),
                   options=["--pod-cidr", "10.244.0.0/16,fd00::/64"])
        for source in self.both():
            status, out, _ = self.ask("test/web", "-o", "hosts", *source)
            self.assertEqual(status, 0)
            self.assertEqual(len(out.splitlines()), 2, out)
            for line in out.splitlines():
                address, *names = line.split(" ")
                ipaddress.ip_address(address)
                self.assertEqual(names, [hostname(0), "web-0"])

    # --- names ---------------------------------------------------------------

    def test_a_service_may_be_named_in_several_ways(self):
        self.start()
        for source in self.both():
            for name in ("test/web", SERVICE, SERVICE + ".",
                         "WEB.test.svc.cluster.local"):
                self.assert_peers([name, *source], [0, 1, 2])
            self.assert_peers(["web", *source], [0, 1, 2],
                              env={"POD_NAMESPACE": "test"})
            self.assert_peers([f"_http._tcp.{SERVICE}", *source], [0, 1, 2])
        self.assert_peers(["web", *self.control], [0, 1, 2])
        self.assert_none(["web", *self.dns], "NXDOMAIN")

    def test_a_name_in_two_namespaces_is_ambiguous(self):
        other = web().replace("namespace: test", "namespace: other")
        self.start(web() + "---" + other)
        self.assert_none(["web", *self.control], "write NAMESPACE/NAME")
        self.assert_peers(["test/web", *self.control], [0, 1, 2])

    def test_what_is_not_there_is_said_with_the_reason(self):
        self.start()
        for source in self.both():
            self.assert_none(["test/wbe", *source], "NXDOMAIN", "wbe")
            self.assert_none(["other/web", *source], "NXDOMAIN", "other")

    def test_wrong_usage_is_2(self):
        for words in ([], ["a", "b"], ["a/b/c"], ["/b"], ["a/"], ["a.b/c"],
                      ["a", "--reachable"], ["a", "--wait", "x"],
                      ["a", "--server", "nobody"], ["a", "-o", "xml"],
                      ["a", "--timeout", "soon"], ["a..b"],
                      ["a", "--on-change", ""]):
            self.assert_none(words, "ordinald peers", status=2)

    def test_a_named_socket_is_asked_and_no_other(self):
        self.assert_none(["test/web", "--control", self.path("nobody")],
                         "nobody")

    # --- many, and of both families -----------------------------------------

    def test_ordinals_are_sorted_as_numbers(self):
        self.start(web(12))
        for source in self.both():
            self.assert_peers(["test/web", *source], range(12))

    def test_300_peers_come_over_tcp(self):
        self.start(web(300))
        self.assertTrue(self.server.ask(SERVICE + ".", "SRV").flags & 0x200)
        for source in self.both():
            self.assert_peers(["test/web", *source], range(300))

    def test_more_peers_than_a_message_holds_are_told_by_the_socket(self):
        self.start(web(3000))
        self.assert_peers(["test/web", *self.control], range(3000))

    def test_addresses_of_both_families_are_whole(self):
        self.start(web(40, policy="ipFamilyPolicy: RequireDualStack"),
                   options=["--pod-cidr", "10.244.0.0/16,fd00::/64"])
        seen = []
        for source in self.both():
            _, out, _ = self.ask("test/web", "-o", "json", *source)
            peers = json.loads(out)["peers"]
            seen.append([p["addresses"] for p in peers])
            for peer in peers:
                self.assertEqual([":" in a for a in peer["addresses"]],
                                 [False, True], peer)
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(len(seen[0]), 40)

    def test_the_number_of_peers_does_not_matter_to_their_addresses(self):
        # from replies that have room to those that are cut
        self.start(web(1, policy="ipFamilyPolicy: RequireDualStack"),
                   options=["--pod-cidr", "10.244.0.0/16,fd00::/64"])
        for n in (*range(1, 24), 40):
            self.scale(n)
            _, by_socket, _ = self.ask("test/web", *self.control)
            self.assertEqual(self.ask("test/web", *self.dns),
                             (0, by_socket, ""))
            self.assertEqual(by_socket.count("\n"), n)

    def test_a_service_without_ports_is_its_addresses(self):
        self.start(web(3, port=""))
        for source in self.both():
            self.assert_peers(["test/web", *source], [0, 1, 2])

    # --- waiting -------------------------------------------------------------

    def test_it_waits_until_so_many_are_there(self):
        self.start(web(1))
        commands = [self.peers("test/web", "--wait", "3", *source)
                    for source in self.both()]
        time.sleep(0.3)
        self.scale(2)
        time.sleep(0.3)
        for command in commands:
            self.assertTrue(command.runs())
        self.scale(4)
        for command in commands:
            self.assertEqual((command.end(), command.said), (0, []))
            self.assertEqual([l.split()[0] for l in command.lines],
                             [hostname(n) for n in range(4)])

    def test_it_waits_for_a_service_that_is_not_there(self):
        self.start(web().replace("name: web,", "name: later,", 1))
        commands = [self.peers("test/web", "--wait", "3", *source)
                    for source in self.both()]
        time.sleep(0.3)
        self.write("web.yaml", web())
        for command in commands:
            self.assertEqual(command.end(), 0, command.said)

    def test_time_that_is_over_is_said_with_the_reason(self):
        self.start(web(2))
        for source in self.both():
            for n, texts in ((3, ["2 of 3 peers after 300ms", "0..1"]),
                             (9, ["2 of 9 peers"])):
                self.assert_none(["test/web", "--wait", str(n), "--timeout",
                                  "300ms", *source], *texts)
            self.assert_none(["test/nope", "--wait", "1", "--timeout", "300ms",
                              *source], "0 of 1 peers", "no such service")

    def test_what_a_missing_pod_lacks_is_the_reason(self):
        self.start(web(2).replace("annotations: {", "annotations: {"
                                  "ordinald.io/ready-after: 1h, "))
        for source in self.both():
            self.assert_none(["test/web", "--wait", "2", "--timeout", "300ms",
                              *source], "0 of 2 peers",
                              "0 of 2 pods of web are ready")

    def test_a_socket_that_is_not_there_is_explained(self):
        self.assert_none(["test/web", "--control", self.path("nobody")],
                         "no server listens at", "ordinald serve", "--control")

    def test_no_peers_are_enough_where_none_are_wanted(self):
        self.start(web(0))
        for source in self.both():
            self.assertEqual(self.ask("test/web", "--wait", "0", *source),
                             (0, "", ""))
            self.assert_none(["test/web", *source], "no peers")

    def test_a_server_that_comes_later_is_waited_for(self):
        self.write("web.yaml", web())
        path = self.path("late.sock")
        command = self.peers("test/web", "--wait", "3", "--control", path)
        time.sleep(0.3)
        self.serve(self.path("web.yaml"), options=["--control", path])
        self.assertEqual(command.end(), 0, command.said)

    def test_a_signal_ends_the_waiting_with_no(self):
        self.start(web(1))
        for number in (signal.SIGTERM, signal.SIGINT):
            command = self.peers("test/web", "--wait", "2", *self.control)
            time.sleep(0.3)
            self.assertEqual(command.end(number), 1)
            self.assertIn("1 of 2 peers when it was ended", command.said[0])

    # --- reachable -----------------------------------------------------------

    def listen(self, host, port=0):
        s = socket.create_server((host, port))
        self.addCleanup(s.close)
        return s.getsockname()[1]

    def test_only_who_accepts_a_connection_counts(self):
        port = self.listen("127.0.9.1")
        self.start(web(2, "127.0.9.1, 127.0.9.2",
                       port=f"ports: [{{name: a, port: {port}}}]"))
        words = ["test/web", "--wait", "2", "--reachable"]
        refused = [self.peers(*words, "--timeout", "1s", *source)
                   for source in self.both()]
        for command in refused:
            self.assertEqual((command.end(), command.lines), (1, []))
            said, = command.said
            for text in ("2 of 2 peers, 1 reachable", hostname(1), "refused"):
                self.assertIn(text, said)
        commands = [self.peers(*words, *source) for source in self.both()]
        time.sleep(0.3)
        self.listen("127.0.9.2", port)
        for command in commands:
            self.assertEqual(command.end(), 0, command.said)
            self.assertEqual(len(command.lines), 2)

    def test_one_address_of_a_peer_is_enough(self):
        # the second one
        port = self.listen("127.0.9.2")
        slices = "".join(f"""
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-{n}
  namespace: test
  labels: {{kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{{name: a, port: {port}}}]
endpoints: [{{hostname: web-0, addresses: [127.0.9.{n}]}}]
""" for n in (1, 2))
        text = web().split("---")[0] + slices
        self.start(text)
        for source in self.both():
            status, out, said = self.ask("test/web", "--wait", "1",
                                         "--reachable", *source)
            self.assertEqual((status, said), (0, ""))
            self.assertEqual(len(out.split()), 3)

    def test_udp_ports_are_not_tried(self):
        port = self.listen("127.0.9.1")
        self.start(web(1, "127.0.9.1", port=(
            f"ports: [{{name: a, protocol: UDP, port: {port}}}]")))
        self.assert_none(["test/web", "--wait", "1", "--reachable",
                          "--timeout", "300ms", *self.control],
                         "0 reachable", "no TCP port")

    # --- commands ------------------------------------------------------------

    def test_on_start_gets_the_list_once(self):
        self.start()
        for i, source in enumerate(self.both()):
            cmd, told = self.recorder(
                f"told-{i}", after=f'env | grep ^ORDINALD_ | sort >{self.dir}'
                '/env')
            self.assertEqual(self.ask("test/web", "--on-start", cmd, *source),
                             (0, "", ""))
            self.assertEqual(told(), [[hostname(n) for n in range(3)]])
            with open(self.path("env"), encoding="ascii") as f:
                env = dict(line.rstrip("\n").split("=", 1) for line in f)
            self.assertEqual(env["ORDINALD_PEERS"].split(" "), told()[0])
            self.assertEqual((env["ORDINALD_PEERS_N"],
                              env["ORDINALD_SERVICE"],
                              env["ORDINALD_NAMESPACE"]),
                             ("3", "web", "test"))

    def test_on_start_waits_for_so_many(self):
        self.start(web(1))
        cmd, told = self.recorder()
        command = self.peers("test/web", "--wait", "2", "--on-start", cmd,
                             *self.control)
        time.sleep(0.3)
        self.assertEqual(told(), [])
        self.scale(2)
        self.assertEqual(command.end(), 0)
        self.assertEqual(told(), [[hostname(0), hostname(1)]])

    def test_changes_follow_the_start(self):
        self.start(web(1))
        commands, starts, changes = [], [], []
        for i, source in enumerate(self.both()):
            start, started = self.recorder(f"start-{i}")
            change, changed = self.recorder(f"change-{i}")
            starts.append(started)
            changes.append(changed)
            commands.append(self.peers("test/web", "--on-start", start,
                                       "--on-change", change, *source))
        until(lambda: all(s() == [[hostname(0)]] for s in starts), 10)
        for n in (3, 0, 1):
            self.scale(n)
            until(lambda: all(c() and len(c()[-1]) == n for c in changes), 10)
        for command, started, changed in zip(commands, starts, changes):
            self.assertEqual(len(started()), 1)
            self.assertEqual([len(told) for told in changed()], [3, 0, 1])
            self.assertEqual(command.end(signal.SIGTERM), 0)
            self.assertEqual(command.said, [])

    def test_on_change_alone_gets_the_first_state_too(self):
        self.start(web(0))
        cmd, told = self.recorder()
        command = self.peers("test/web", "--on-change", cmd, *self.control)
        time.sleep(0.3)
        self.assertEqual(told(), [])
        self.scale(2)
        until(lambda: told() == [[hostname(0), hostname(1)]], 10)
        self.assertEqual(command.end(signal.SIGINT), 0)

    def test_a_peer_that_moves_is_a_change(self):
        self.start(web(1, "10.9.0.1"))
        path = self.path("moved")
        command = self.peers("test/web", "--on-change",
                             f"echo $ORDINALD_ADDRESSES >>{path}",
                             *self.control)
        until(lambda: os.path.exists(path), 10)
        self.write("web.yaml", web(1, "10.9.0.7"))

        def said():
            with open(path, encoding="ascii") as f:
                return f.read().split()
        until(lambda: said() == ["10.9.0.1", "10.9.0.7"], 10)
        self.assertEqual(command.end(signal.SIGTERM), 0)

    def test_endpoints_that_are_given_are_followed(self):
        service = web().split("---", maxsplit=1)[0]
        ends = "{hostname: web-%d, addresses: [10.9.0.%d]}"
        piece = """---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web
  namespace: test
  labels: {kubernetes.io/service-name: web}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [%s]
"""
        self.start(service + piece % (ends % (0, 1)))
        cmd, told = self.recorder()
        command = self.peers("test/web", "--on-change", cmd, *self.control)
        until(lambda: len(told()) == 1, 10)
        self.write("web.yaml", service + piece % ", ".join(
            ends % (n, n + 1) for n in range(2)))
        # sooner than it asks again of its own accord
        until(lambda: len(told()) == 2, 15)
        self.assertEqual([len(t) for t in told()], [1, 2])
        self.assertEqual(command.end(signal.SIGTERM), 0)

    def test_what_changes_elsewhere_runs_nothing(self):
        self.start()
        cmd, told = self.recorder()
        command = self.peers("test/web", "--on-change", cmd, *self.control)
        until(lambda: len(told()) == 1, 10)
        other = web(2).replace("web", "other")
        self.write("web.yaml", web() + "---" + other)
        until(lambda: self.server.addresses(
            "other-1.other.test.svc.cluster.local."), 10)
        self.scale(4)
        until(lambda: len(told()) == 2, 10)
        self.assertEqual([len(t) for t in told()], [3, 4])
        self.assertEqual(command.end(signal.SIGTERM), 0)

    def test_a_storm_runs_few_commands_and_ends_with_the_truth(self):
        self.start(web(1))
        lock = self.path("lock")
        cmd, told = self.recorder(
            before=f"mkdir {lock} || echo twice >>{lock}.twice;",
            after=f"sleep 0.1; rmdir {lock}")
        commands = [self.peers("test/web", "--on-change", cmd, "--debounce",
                               "50ms", *self.control)]
        until(lambda: len(told()) == 1, 10)
        began = time.monotonic()
        control = Scaler(self.socket)
        for i in range(200):
            control.scale(2 + i % 7)
        control.scale(5)
        took = time.monotonic() - began
        until(lambda: len(told()[-1]) == 5 and not os.path.exists(lock), 20)
        # a run takes 0.1 s, and 50 ms pass before it
        self.assertLess(len(told()), 4 + (took + 1) / 0.15)
        self.assertFalse(os.path.exists(lock + ".twice"))
        time.sleep(0.5)
        self.assertEqual(told()[-1], [hostname(n) for n in range(5)])
        self.assertEqual(commands[0].end(signal.SIGTERM), 0)

    def test_a_change_back_again_is_none(self):
        self.start(web(2))
        cmd, told = self.recorder()
        command = self.peers("test/web", "--on-change", cmd, "--debounce",
                             "500ms", *self.control)
        until(lambda: len(told()) == 1, 10)
        control = Scaler(self.socket)
        control.scale(3)
        control.scale(2)
        time.sleep(0.8)
        self.assertEqual(len(told()), 1)
        self.assertEqual(command.end(signal.SIGTERM), 0)

    def test_a_command_that_fails_is_said_and_ends_nothing(self):
        self.start(web(1))
        cmd, told = self.recorder(after="exit 7")
        command = self.peers("test/web", "--on-change", cmd, *self.control)
        command.wait_for("--on-change: exit status 7")
        self.scale(2)
        until(lambda: len(told()) == 2, 10)
        command.wait_for("--on-change: exit status 7")
        self.assertEqual(command.end(signal.SIGTERM), 0)
        self.assertEqual(len(command.said), 2)
        status, _, said = self.ask("test/web", "--on-start", "kill -9 $$",
                                   *self.control)
        self.assertEqual((status, said),
                         (1, "ordinald peers: --on-start: signal 9\n"))

    def test_a_command_that_does_not_read_holds_up_nothing(self):
        # more than a pipe holds
        self.start(web(2500))
        path = self.path("runs")
        command = self.peers("test/web", "--on-change",
                             f"exec <&-; echo $ORDINALD_PEERS_N >>{path}",
                             *self.control)

        def said():
            return open(path, encoding="ascii").read().split() \
                if os.path.exists(path) else []
        until(lambda: said() == ["2500"], 10)
        self.scale(2400)
        until(lambda: said()[-1] == "2400", 10)
        self.assertEqual(command.end(signal.SIGTERM), 0)
        self.assertEqual(command.said, [])

    def test_a_command_that_never_ends_is_ended_with_it(self):
        self.start(web(2500))
        path = self.path("pids")
        # neither reads, and one has a child of its own
        command = self.peers("test/web", "--on-change",
                             f"sleep 1000 & echo $$ $! >{path}; sleep 1000",
                             *self.control)
        until(lambda: os.path.exists(path) and os.path.getsize(path), 10)
        with open(path, encoding="ascii") as f:
            pids = f.read().split()
        self.scale(3)
        time.sleep(0.5)
        self.assertTrue(all(map(alive, pids)))
        self.assertEqual(command.end(signal.SIGTERM), 0)
        until(lambda: not any(map(alive, pids)), 5)

    def test_a_command_that_heeds_no_signal_is_killed(self):
        self.start()
        path = self.path("pid")
        command = self.peers(
            "test/web", "--on-start",
            f"trap '' TERM; echo $$ >{path}; while :; do sleep 1; done",
            *self.control)
        until(lambda: os.path.exists(path) and os.path.getsize(path), 10)
        with open(path, encoding="ascii") as f:
            pid = f.read().strip()
        began = time.monotonic()
        # what was to be done once was not done
        self.assertEqual(command.end(signal.SIGTERM), 1)
        self.assertGreater(time.monotonic() - began, 4)
        self.assertFalse(alive(pid))

    def test_another_signal_kills_it_at_once(self):
        self.start()
        path = self.path("pid")
        command = self.peers(
            "test/web", "--on-change",
            f"trap '' TERM; echo $$ >{path}; while :; do sleep 1; done",
            *self.control)
        until(lambda: os.path.exists(path) and os.path.getsize(path), 10)
        with open(path, encoding="ascii") as f:
            pid = f.read().strip()
        began = time.monotonic()
        command.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        self.assertTrue(alive(pid))
        self.assertEqual(command.end(signal.SIGINT), 0)
        self.assertLess(time.monotonic() - began, 4)
        self.assertFalse(alive(pid))

    def test_a_command_inherits_the_standard_descriptors_only(self):
        self.start()
        for source in self.both():
            status, out, said = self.ask(
                "test/web", "--on-start", "ls /proc/$$/fd", *source)
            self.assertEqual((status, said), (0, ""))
            # the shell's own are high
            self.assertEqual([n for n in out.split() if int(n) < 10],
                             ["0", "1", "2"])

    def test_a_command_may_open_its_standard_input_by_name(self):
        self.start()
        status, out, said = self.ask("test/web", "--on-start",
                                     "cat </dev/stdin", *self.control)
        self.assertEqual((status, said), (0, ""))
        self.assertEqual(out.splitlines(), [hostname(n) for n in range(3)])

    # --- the server goes -------------------------------------------------------

    def test_a_server_that_goes_leaves_the_last_peers(self):
        self.start()
        cmd, told = self.recorder()
        command = self.peers("test/web", "--on-change", cmd, *self.control)
        until(lambda: len(told()) == 1, 10)
        self.assertEqual(self.server.stop(), 0)
        command.wait_for("the last 3 peers are kept")
        time.sleep(0.3)
        self.start()
        # by then it has asked again
        time.sleep(1)
        self.assertEqual(len(told()), 1)
        self.scale(4)
        until(lambda: len(told()) == 2, 10)
        self.assertEqual(self.server.stop(), 0)
        self.start(web(1))
        until(lambda: told()[-1] == [hostname(0)], 10)
        self.assertEqual(command.end(signal.SIGTERM), 0)
        # once for each time
        self.assertEqual(len(command.said), 2, command.said)

    def test_more_followers_than_may_wait_are_all_served(self):
        self.start(web(1))
        files, commands = [], []
        for i in range(14):
            cmd, told = self.recorder(f"told-{i}")
            files.append(told)
            commands.append(self.peers("test/web", "--on-change", cmd,
                                       *self.control))
        until(lambda: all(len(told()) == 1 for told in files), 20)
        # and those that may not wait do not ask all the time
        before = sum(cpu_s(c.process.pid) for c in commands)
        time.sleep(1)
        after = sum(cpu_s(c.process.pid) for c in commands)
        self.assertLess(after - before, 0.25 * SLOW)
        self.scale(3)
        until(lambda: all(len(told()[-1]) == 3 for told in files), 20)
        for command in commands:
            self.assertEqual(command.end(signal.SIGTERM), 0)
            self.assertEqual(command.said, [])


class Scaler:
    """Scales as fast as the control interface lets it."""

    def __init__(self, path):
        self.path = path

    def scale(self, replicas):
        body = json.dumps({"workload": "test/web", "replicas": replicas})
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10 * SLOW)
            s.connect(self.path)
            s.sendall(f"POST /scale HTTP/1.1\r\nHost: x\r\nConnection: close"
                      f"\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                      .encode())
            reply = s.recv(65536)
            if not reply.startswith(b"HTTP/1.1 200"):
                raise AssertionError(reply)


if __name__ == "__main__":
    main()

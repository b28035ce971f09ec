#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The command line: help, exit codes, and errors that are one line each."""

import contextlib
import json
import os
import re
import socket
import stat
import subprocess
import textwrap
import time

import dns.exception
import dns.flags
import dns.message
import dns.query

from ordinald import (ADDRESSES, BIN, MONGO, POD, ROOT, SLOW, Case,
                      control_socket, free_port, main, run, until)


def answers(port, name):
    try:
        reply = dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1",
                              port=port, timeout=0.2)
    except (dns.exception.Timeout, OSError):
        return False
    return bool(reply.answer)


class CommandLine(Case):
    def refused(self, *words, status, has):
        done = run(*words)
        self.assertEqual(done.returncode, status, done)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.strip().splitlines()), 1,
                         done.stderr)
        for text in has:
            self.assertIn(text, done.stderr)

    def test_an_unknown_option_is_named_with_its_neighbour(self):
        self.refused("serve", "--lisen", "127.0.0.1:1", status=2,
                     has=["--lisen", "--listen"])

    def test_an_unknown_command_is_wrong_usage(self):
        self.refused("server", status=2, has=["server", "serve"])

    def test_bad_values_are_wrong_usage(self):
        for option, value in (("--listen", "127.0.0.1:70000"),
                              ("--listen", "localhost"),
                              ("--listen", "127.0.0.1"),
                              ("--ttl", "3601"), ("--ttl", "-1"),
                              ("--ttl", "5s5"), ("--max-udp", "511"),
                              ("--max-udp", "65508"),
                              ("--threads", "257"),
                              ("--pod-cidr", "10.0.0.0/33"),
                              ("--pod-cidr", "10.0.0.1/8"),
                              ("--pod-cidr", "10.0.0.0"),
                              ("--service-cidr", "x"),
                              ("--reverse", "10.0.0.0/x"),
                              ("--log-level", "loud"),
                              ("--log-format", "xml"),
                              ("--cluster-domain", "a..b"),
                              ("--identity", "x" * 64),
                              ("--namespaces", "Prod"),
                              ("--names", "serving"), ("--set", "all"),
                              ("--pods", "true"),
                              ("--rate-limit", "1000001"),
                              ("--tcp-connections", "0"),
                              ("--tcp-idle", "0"),
                              ("--tcp-timeout", "3601"),
                              ("--control", "/" + "x" * 107)):
            with self.subTest(option=option, value=value):
                self.refused("serve", option, value, "zones", status=2,
                             has=[option, value[:40]])

    def test_an_option_without_its_value_is_wrong_usage(self):
        self.refused("serve", "--listen", status=2, has=["--listen"])

    def test_a_bad_selector_is_told_by_its_character(self):
        self.refused("serve", "--label-selector", "app=in(db", "zones",
                     status=2, has=["--label-selector", "character 7"])

    def test_what_contradicts_itself_is_wrong_usage(self):
        self.refused("serve", "--zonal", "--no-endpoints", "zones", status=2,
                     has=["--zonal", "--no-endpoints"])

    def test_a_path_that_does_not_exist_is_named(self):
        self.refused("serve", "--listen", f"127.0.0.1:{free_port()}",
                     "/nowhere/x.yaml", status=2, has=["/nowhere/x.yaml"])

    def test_an_address_of_another_machine_is_named(self):
        done = run("serve", "--listen", "192.0.2.1:5300", "zones")
        self.assertEqual(done.returncode, 1)
        self.assertIn("192.0.2.1:5300", done.stderr)

    def test_help_goes_to_standard_output(self):
        for words in (["--help"], ["-h"], ["help"], ["serve", "--help"],
                      ["help", "serve"], ["scale", "-h"], ["help", "fault"],
                      ["check", "-h"], ["help", "explain"],
                      ["delete-pod", "x", "--help"]):
            done = run(*words)
            self.assertEqual(done.returncode, 0, words)
            self.assertEqual(done.stderr, "")
            self.assertIn("ordinald", done.stdout)
        text = run("serve", "--help").stdout
        for option in ("--listen", "--config", "--threads", "--max-udp",
                       "--cluster-domain", "--reverse", "--ttl",
                       "--negative-ttl", "--pod-cidr", "--service-cidr",
                       "--identity", "--lame-duck", "--forward",
                       "--fallthrough", "--forward-queries",
                       "--forward-per-client",
                       "--namespaces", "--label-selector",
                       "--names", "--set", "--pods", "--endpoint-pod-names",
                       "--ignore-empty-service", "--no-endpoints", "--zonal",
                       "--rate-limit", "--tcp-connections",
                       "--tcp-per-client", "--tcp-idle", "--tcp-timeout",
                       "--control", "--log-level", "--log-format"):
            self.assertIn(option, text)

    def test_the_commands_and_their_pages_are_listed(self):
        listed = re.findall(r"^  ([a-z][a-z-]*)  +[a-z]", run("--help").stdout,
                            re.M)
        self.assertEqual(listed, ["serve", "zone", "check", "explain", "peers",
                                  "scale", "restart", "delete-pod", "fault",
                                  "health"])
        for name in listed:
            page = run(name, "--help").stdout
            self.assertTrue(page.startswith(f"Usage: ordinald {name} "), page)
            self.assertLessEqual(max(map(len, page.splitlines())), 80)
            self.assertIn("Example: ", page)
            self.assertIn("Exit status: ", page)
            # it asks no server
            self.assertIs("--control" in page,
                          name not in ("check", "health"))
            # these have settings of what is answered
            if name not in ("serve", "zone", "check", "explain"):
                self.assertLess(len(page.splitlines()), 40)

    def test_steering_commands_are_used_rightly(self):
        for words, has in (
                (["scale"], ["STATEFULSET N"]),
                (["scale", "a"], ["1 word is", "STATEFULSET N"]),
                (["scale", "a", "1", "2"], ["3 words are"]),
                (["scale", "a", "x"], ["'x'"]),
                (["scale", "a", ""], ["''"]),
                (["scale", "a", "-1"], ["'-1'"]),
                (["scale", "a", "99999999999"], ["'99999999999'"]),
                (["scale", "a", "1", "--timeout", "5"], ["--timeout", "'5'"]),
                (["scale", "a", "1", "--timeout=-5s"], ["'-5s'"]),
                (["scale", "a", "1", "--no-wiat"], ["--no-wait"]),
                (["restart"], ["restart [NAMESPACE/]STATEFULSET"]),
                (["restart", "a", "b"], ["2 words are"]),
                (["delete-pod"], ["delete-pod [NAMESPACE/]POD"]),
                (["fault"], ["--list"]),
                (["fault", "a"], ["TARGET KIND"]),
                (["fault", "a", "b", "c"], ["3 words are"]),
                (["fault", "--list", "a"], ["--list"]),
                (["fault", "--clear", "a", "b"], ["--clear"]),
                (["fault", "--list", "--clear"], ["--clear"]),
                (["fault", "a", "gone", "--for", "0s"], ["--for", "1ms"]),
                (["fault", "a", "gone", "--for", "x"], ["--for", "'x'"]),
                (["fault", "--clear", "--for", "1s"], ["--for"]),
                (["scale", "a", "1", "--control", "none"], ["--control"])):
            with self.subTest(words=words):
                self.refused(*words, status=2, has=has)

    def test_without_a_server_steering_says_so(self):
        for words in (["scale", "a", "1"], ["restart", "a"],
                      ["delete-pod", "a"], ["fault", "a", "gone"],
                      ["fault", "--list"], ["fault", "--clear"]):
            self.refused(*words, "--control", self.path("none"), status=1,
                         has=[self.path("none"), "ordinald serve"])

    def test_a_reader_that_has_enough_of_a_zone_is_no_error(self):
        done = subprocess.run(
            ["bash", "-c", '"$0" zone - | head -1', BIN], input="".join(
                "---\napiVersion: v1\nkind: Service\nmetadata: "
                f"{{name: s{i}}}\nspec: {{clusterIP: 10.96.{i % 256}.{i // 256}"
                "}\n" for i in range(3000)),
            capture_output=True, text=True, timeout=20 * SLOW, check=False)
        self.assertEqual(done.stdout, "; zone cluster.local.\n")
        self.assertEqual(done.stderr, "")

    def test_the_readme_has_the_settings_as_they_are_printed(self):
        help_text = run("serve", "--help").stdout
        settings = help_text[help_text.index("Where to answer:"):]
        settings = settings[:settings.index("\n\n")]
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
            self.assertIn(textwrap.indent(settings, "    "), f.read())

    def test_the_readme_has_the_reasons_as_they_are_printed(self):
        rules = run("check", "--rules").stdout
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
            self.assertIn(textwrap.indent(rules, "    "), f.read())

    def test_the_version_is_printed(self):
        done = run("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^ordinald \d+\.\d+\.\d+\n$")

    def test_missing_standard_descriptors_do_no_harm(self):
        self.copy()
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            port = free_port()
            process = subprocess.Popen(
                ["sh", "-c", f'exec "$0" serve --listen 127.0.0.1:{port} "$1" '
                             f"{closed}", BIN, self.dir],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            try:
                until(lambda: answers(port, POD % 0), 5)
            finally:
                process.terminate()
                self.assertEqual(process.wait(20), 0, closed)

    def test_a_config_file_has_the_same_words(self):
        self.copy()
        port = free_port()
        config = self.write("ordinald.conf",
                            f"listen: [127.0.0.1:{port}]\nttl: 7\n"
                            f"negative-ttl: 0\npaths: [{self.dir}]\n")
        server = self.serve("--config", config, config=config)
        reply = server.ask(POD % 0, port=port)
        self.assertEqual(reply.answer[0].ttl, 7)
        no = server.ask(POD % 8, port=port)
        self.assertEqual(no.authority[0].ttl, 0)
        self.assertEqual(server.stop(), 0)
        server = self.serve("--config", config, "--ttl", "9", config=config)
        self.assertEqual(server.ask(POD % 0, port=port).answer[0].ttl, 9)

    def test_a_bad_config_file_is_told_by_place(self):
        for text, place in (("ttl: 5\nlisen: x\n", "2:1"),
                            ("ttl: 3601\n", "1:6"),
                            ("ttl: [1]\n", "1:6"), ("ttl: [\n", "")):
            config = self.write("c.conf", text)
            done = run("serve", "--config", config)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(f"{config}:{place}", done.stderr)
            self.assertIn(": error: ", done.stderr)

    def test_another_domain_and_reverse_zone_are_served(self):
        self.copy()
        server = self.serve(options=["--cluster-domain", "k8s.example",
                                     "--reverse", "10.233.102.0/24"])
        pod = (POD % 0).replace("cluster.local", "k8s.example")
        self.assertEqual(server.addresses(pod), [ADDRESSES[0]])
        self.assertIn(f"PTR\t{pod}", server.dig("-x", ADDRESSES[0]))
        self.assertIn("status: REFUSED", server.dig("-x", ADDRESSES[1]))
        self.assertIn("status: REFUSED", server.dig(MONGO))

    def test_options_reach_the_answers(self):
        self.copy()
        dashed = "10-9-8-7.mongo.pod.cluster.local."
        server = self.serve(options=["--identity", "ns-seven", "--pods",
                                     "insecure", "--zonal"])
        self.assertEqual(server.addresses(dashed), ["10.9.8.7"])
        self.assertIn('"ns-seven"',
                      server.dig("id.server", "TXT", "CH", "+short"))
        server = self.serve(options=["--namespaces", "other"])
        self.assertIsNone(server.addresses(dashed))
        self.assertIsNone(server.addresses(MONGO))
        self.assertIn("status: REFUSED",
                      server.dig("id.server", "TXT", "CH"))
        server = self.serve(options=["--no-endpoints"])
        self.assertIsNone(server.addresses(POD % 0))
        server = self.serve(options=["--label-selector", "nobody=has,this"])
        self.assertIsNone(server.addresses(MONGO))

    def test_a_silent_connection_ends_when_it_was_told(self):
        self.copy()
        server = self.serve(options=["--tcp-idle", "1"])
        with socket.create_connection(("127.0.0.1", server.port)) as tcp:
            tcp.settimeout(8 * SLOW)
            began = time.monotonic()
            self.assertEqual(tcp.recv(1), b"")
            self.assertGreater(time.monotonic() - began, 0.5)

    def test_too_few_open_files_are_told_with_the_way_out(self):
        self.copy()
        port = free_port()
        process = subprocess.Popen(
            ["sh", "-c", 'ulimit -n 300; exec "$@"', "sh", BIN, "serve",
             "--control", "none", "--listen", f"127.0.0.1:{port}", self.dir],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        until(lambda: answers(port, POD % 0), 5)
        process.terminate()
        log = process.communicate(timeout=20)[1]
        self.assertEqual(process.returncode, 0)
        told = [l for l in log.splitlines() if "warning" in l]
        self.assertEqual(len(told), 1, log)
        for text in ("LimitNOFILE", "--tcp-connections", "asked_for=1024"):
            self.assertIn(text, told[0])
        server = self.serve(options=["--tcp-connections", "10"])
        self.assertFalse([l for l in server.log if "warning" in l])

    def test_clients_over_tcp_leave_open_files_for_probes(self):
        def connections(*options):
            told = None
            process = subprocess.Popen(
                ["sh", "-c", 'ulimit -n 600; exec "$@"', "sh", BIN, "serve",
                 "--control", "none", "--listen", "127.0.0.1:0", "--threads",
                 "1", *options, self.dir], stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True)
            for line in process.stderr:
                if "ready: " in line:
                    break
                told = re.search(r"connections_max=(\d+)", line) or told
            process.terminate()
            process.communicate(timeout=20)
            return int(told.group(1))
        self.copy()
        self.assertEqual(connections() - connections("--probe"), 256)

    def test_a_rate_limit_is_kept(self):
        self.copy()
        server = self.serve(options=["--rate-limit", "2"])
        query = dns.message.make_query(MONGO, "A").to_wire()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(1)
            for _ in range(50):
                udp.sendto(query, ("127.0.0.1", server.port))
            whole = 0
            try:
                for _ in range(50):
                    reply = dns.message.from_wire(udp.recv(4096))
                    whole += not reply.flags & dns.flags.TC
            except socket.timeout:
                pass
        # a second's worth at once, and what time has brought since
        self.assertGreaterEqual(whole, 1)
        self.assertLess(whole, 10)

    def test_the_control_socket_is_where_it_was_told(self):
        self.copy()
        path = self.path("steer.sock")
        server = self.serve(options=["--control", path])
        self.assertTrue(stat.S_ISSOCK(os.stat(path).st_mode))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(path))

    def test_without_a_control_socket_it_serves(self):
        self.copy()
        with environment(XDG_RUNTIME_DIR=self.dir):
            server = self.serve(options=["--control", "none"])
            self.assertFalse(os.path.exists(control_socket(server.port,
                                                           self.dir)))
            self.assertEqual(server.addresses(POD % 0), [ADDRESSES[0]])
            server = self.serve()
            self.assertTrue(os.path.exists(control_socket(server.port,
                                                          self.dir)))

    def test_a_default_control_socket_that_cannot_be_is_a_warning(self):
        """Nobody asked for it."""
        self.copy()
        port = free_port()
        path = control_socket(port, self.dir)
        with open(path, "w", encoding="ascii"):  # no socket
            pass
        try:
            with environment(XDG_RUNTIME_DIR=self.dir):
                server = self.serve(listen=[f"127.0.0.1:{port}"])
            server.wait_for(path)
            self.assertEqual(len([l for l in server.log if "warning" in l]), 1)
            self.assertEqual(server.addresses(POD % 0, port=port),
                             [ADDRESSES[0]])
            self.assertEqual(server.stop(), 0)
            self.assertTrue(os.path.exists(path))
        finally:
            os.unlink(path)

    def test_servers_on_two_ports_have_a_control_socket_each(self):
        self.copy()
        with environment(XDG_RUNTIME_DIR=self.dir):
            servers = [self.serve(), self.serve()]
            # what a killed one leaves does not keep the next from its place
            servers[0].process.kill()
            servers[0].process.wait()
            paths = [control_socket(s.port, self.dir) for s in servers]
            self.assertTrue(os.path.exists(paths[0]))
            again = self.serve(listen=servers[0].listen)
            self.assertFalse([l for l in again.log if "warning" in l])
            for server in servers:
                done = run("zone", "--listen", server.listen[0])
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(MONGO, done.stdout)

    def test_a_control_socket_that_cannot_be_ends_the_start(self):
        self.copy()
        path = self.path("no/such/steer.sock")
        done = run("serve", "--listen", f"127.0.0.1:{free_port()}",
                   "--control", path, self.dir)
        self.assertEqual(done.returncode, 1)
        self.assertIn(path, done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1,
                         done.stderr)

    def test_the_log_can_be_json(self):
        self.copy()
        server = self.serve(options=["--log-format", "json"])
        self.write("bad.yaml", "kind: [\n")
        server.wait_for("bad.yaml")
        for line in server.log:
            self.assertIsInstance(json.loads(line), dict)

    def test_addresses_of_pods_alone_are_a_publication(self):
        pod = ("apiVersion: v1\nkind: Pod\n"
               "metadata: {name: a, namespace: prod}\n"
               "spec: {containers: [{name: c, image: c}]}\n"
               "status: {phase: Running, podIP: %s}\n")
        self.write("pod.yaml", pod % "10.3.0.1")
        server = self.serve(options=["--pods", "verified"])
        self.write("pod.yaml", pod % "10.3.0.2")
        server.wait_for("built=0 removed=0 pods=2")
        self.assertEqual(server.addresses("10-3-0-2.prod.pod.cluster.local."),
                         ["10.3.0.2"])

    def test_ready_and_listening_lines_have_their_form(self):
        self.copy()
        server = self.serve()
        self.assertTrue([l for l in server.log if re.search(
            r"^ready: 1 services, 3 endpoints, serial \d+$", l)], server.log)
        self.assertIn(f"listening on udp 127.0.0.1:{server.port}", server.said)
        self.assertIn(f"listening on tcp 127.0.0.1:{server.port}", server.said)

    def test_a_port_below_1024_is_explained(self):
        if os.geteuid() == 0 or free_to_bind_low_ports():
            self.skipTest("this user may bind to any port")
        done = run("serve", "--listen", "127.0.0.1:53", "zones")
        self.assertEqual(done.returncode, 1)
        self.assertIn("CAP_NET_BIND_SERVICE", done.stderr)


@contextlib.contextmanager
def environment(**variables):
    """What a program started meanwhile finds in its environment."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def free_to_bind_low_ports():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.bind(("127.0.0.1", 1))
            return True
        except OSError:
            return False


if __name__ == "__main__":
    main()

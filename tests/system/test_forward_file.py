#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""--forward FILE: a resolv.conf that is read again when it changes, and what is
said of the servers in it. Each of them answers with its own address, so that
one sees who was asked."""

import contextlib
import os
import shutil
import signal
import socket
import sys
import time
import unittest

import dns.edns
import dns.exception
import dns.rcode
import dns.rdatatype

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ordinald  # noqa: E402
from ordinald import Case, free_port, run, until  # noqa: E402
from upstream import Upstream, reply_to  # noqa: E402

# 30 s are the period in which it looks without being told, so this is sooner.
LIVE_S = 5
NO_AUTHORITY = 22  # RFC 8914 4.23

counter = iter(range(1 << 30))


def own_address(host):
    def answer(query, _tcp):
        if query.question[0].rdtype != dns.rdatatype.A:
            return reply_to(query)
        name = query.question[0].name.to_text()
        return reply_to(query, f"{name} 0 A {host}")
    return answer


class ForwardFile(Case):
    def setUp(self):
        super().setUp()
        self.upstreams = []
        self.copy()
        os.mkdir(self.path("etc"))

    def tearDown(self):
        super().tearDown()
        for u in self.upstreams:
            u.close()
        for u in self.upstreams:
            for thread in u.threads:
                thread.join(5)  # the next one wants the port

    @contextlib.contextmanager
    def port_53(self, host):
        try:
            yield
        except PermissionError:
            raise unittest.SkipTest("port 53 is not for this user") from None
        except OSError as e:
            raise unittest.SkipTest(f"port 53 of {host}: {e}") from None

    def at_53(self, *hosts):
        """Servers where a resolv.conf expects them."""
        for host in hosts:
            with self.port_53(host):
                self.upstreams.append(Upstream(own_address(host), host=host,
                                               port=53))

    def silence_at_53(self, host):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(s.close)
        with self.port_53(host):
            s.bind((host, 53))

    def conf(self, *hosts, name="etc/resolv.conf"):
        return self.write(name, "search example.org\n" + "".join(
            f"nameserver {host}\n" for host in hosts))

    def forward(self, *files, options=(), **how):
        words = []
        for file in files:
            words += ["--forward", file]
        return self.serve(self.path("mongo.yaml"),
                          options=[*words, *options], **how)

    def asked(self, server):
        """Who answers a question that nobody has asked before; None: SERVFAIL"""
        reply = server.ask(f"q{next(counter)}.example.org.", timeout=6)
        if reply.rcode() == dns.rcode.SERVFAIL:
            return None
        return reply.answer[0][0].address

    def becomes(self, server, host):
        until(lambda: self.asked(server) == host, LIVE_S)

    def lines(self, server, text):
        return [line for line in server.log if text in line]

    # --- what it says

    def test_the_servers_of_a_file_are_asked_in_order(self):
        self.at_53("127.0.53.1", "127.0.53.2")
        server = self.forward(self.conf("127.0.53.1", "127.0.53.2"))
        for _ in range(5):
            self.assertEqual(self.asked(server), "127.0.53.1")
        self.assertIn("upstreams=127.0.53.1:53,127.0.53.2:53 "
                      "fallthrough=false",
                      self.lines(server, " forwarding ")[0])

    def test_addresses_and_files_may_be_mixed(self):
        self.at_53("127.0.53.1")
        port = free_port()
        self.upstreams.append(Upstream(own_address("192.0.2.7"), port=port))
        config = self.write("config.yaml",
                            f"listen: [127.0.0.1:{free_port()}]\n"
                            f"forward: ['127.0.0.1:{port}', "
                            f"{self.conf('127.0.53.1')}]\n"
                            "fallthrough: true\n")
        server = self.serve(self.path("mongo.yaml"), config=config,
                            options=["--config", config])
        with open(config, encoding="utf-8") as f:
            server.port = int(f.readline().split(":")[2].rstrip("]\n"))
        self.assertEqual(self.asked(server), "192.0.2.7")
        self.assertIn(f"upstreams=127.0.0.1:{port},127.0.53.1:53 "
                      "fallthrough=true",
                      self.lines(server, " forwarding ")[0])

    def test_a_file_without_servers_is_said_and_mended(self):
        self.at_53("127.0.53.1")
        server = self.forward(self.conf())
        self.assertTrue(self.lines(server, "warning there is nobody"))
        reply = server.ask("www.example.org.")
        self.assertEqual(reply.rcode(), dns.rcode.SERVFAIL)
        self.assertEqual([int(o.code) for o in reply.options
                          if isinstance(o, dns.edns.EDEOption)],
                         [NO_AUTHORITY])
        self.conf("127.0.53.1")
        self.becomes(server, "127.0.53.1")

    def test_a_line_that_is_none_is_said(self):
        self.at_53("127.0.53.1")
        server = self.forward(self.conf("dns.example", "127.0.53.1"))
        self.assertEqual(self.asked(server), "127.0.53.1")
        self.assertIn("line 2: 'dns.example' is no IP address",
                      self.lines(server, "is left out")[0])

    # --- how it changes

    def test_a_save_in_place_is_live(self):
        self.at_53("127.0.53.1", "127.0.53.2", "127.0.53.3")
        server = self.forward(self.conf("127.0.53.1"))
        self.assertEqual(self.asked(server), "127.0.53.1")
        for host in ("127.0.53.2", "127.0.53.3", "127.0.53.1"):
            self.conf(host)
            self.becomes(server, host)
        self.assertEqual(len(self.lines(server, " forwarding ")), 4)

    def test_a_rename_over_it_is_live(self):
        self.at_53("127.0.53.1", "127.0.53.2")
        server = self.forward(self.conf("127.0.53.1"))
        for host in ("127.0.53.2", "127.0.53.1", "127.0.53.2"):
            self.conf(host, name="etc/new")
            os.rename(self.path("etc/new"), self.path("etc/resolv.conf"))
            self.becomes(server, host)

    def test_a_swapped_link_is_live(self):
        """A ConfigMap's ..data, and systemd's link to another directory."""
        self.at_53("127.0.53.1", "127.0.53.2", "127.0.53.3")
        os.symlink("..data/resolv.conf", self.path("etc/resolv.conf"))

        def version(host):
            os.mkdir(self.path("etc/" + host))
            self.conf(host, name=f"etc/{host}/resolv.conf")
            os.symlink(host, self.path("etc/..tmp"))
            os.rename(self.path("etc/..tmp"), self.path("etc/..data"))

        version("127.0.53.1")
        server = self.forward(self.path("etc/resolv.conf"))
        self.assertEqual(self.asked(server), "127.0.53.1")
        version("127.0.53.2")
        shutil.rmtree(self.path("etc/127.0.53.1"))
        self.becomes(server, "127.0.53.2")
        os.mkdir(self.path("run"))
        os.symlink(self.path("run/stub"), self.path("run/link"))
        self.conf("127.0.53.3", name="run/stub")
        os.symlink("../run/link", self.path("etc/..tmp"))
        os.rename(self.path("etc/..tmp"), self.path("etc/resolv.conf"))
        self.becomes(server, "127.0.53.3")
        self.conf("127.0.53.2", name="run/stub")
        self.becomes(server, "127.0.53.2")

    def test_a_file_that_is_changed_elsewhere_is_live(self):
        """As one is that is mounted over ours: its directory sees nothing."""
        self.at_53("127.0.53.1", "127.0.53.2")
        os.mkdir(self.path("host"))
        self.conf("127.0.53.1", name="host/file")
        os.link(self.path("host/file"), self.path("etc/resolv.conf"))
        server = self.forward(self.path("etc/resolv.conf"))
        self.assertEqual(self.asked(server), "127.0.53.1")
        for host in ("127.0.53.2", "127.0.53.1"):
            self.conf(host, name="host/file")
            self.becomes(server, host)

    def test_a_file_that_goes_away_keeps_its_servers(self):
        self.at_53("127.0.53.1", "127.0.53.2")
        server = self.forward(self.conf("127.0.53.1"))
        os.unlink(self.path("etc/resolv.conf"))
        server.wait_for("its servers are still asked")
        self.assertEqual(self.asked(server), "127.0.53.1")
        self.conf("127.0.53.2")
        self.becomes(server, "127.0.53.2")
        # the directory, too
        os.rename(self.path("etc"), self.path("gone"))
        until(lambda: len(self.lines(server, "still asked")) == 2, LIVE_S)
        os.mkdir(self.path("etc"))
        self.conf("127.0.53.1")
        self.becomes(server, "127.0.53.1")
        self.assertEqual(len(self.lines(server, "still asked")), 2)

    def test_sighup_finds_what_nobody_tells(self):
        """A link among the directories on the way is not watched."""
        self.at_53("127.0.53.1", "127.0.53.2")
        for host in ("127.0.53.1", "127.0.53.2"):
            os.mkdir(self.path(host))
            self.conf(host, name=f"{host}/resolv.conf")
        os.symlink("127.0.53.1", self.path("current"))
        server = self.forward(self.path("current/resolv.conf"))
        self.assertEqual(self.asked(server), "127.0.53.1")
        time.sleep(0.5)  # it has looked once more after the start
        os.symlink("127.0.53.2", self.path("next"))
        os.rename(self.path("next"), self.path("current"))
        server.process.send_signal(signal.SIGHUP)
        self.becomes(server, "127.0.53.2")

    def test_sighup_reads_it_again(self):
        self.at_53("127.0.53.1")
        server = self.forward(self.conf("127.0.53.1"))
        for n in (1, 2):
            server.process.send_signal(signal.SIGHUP)
            until(lambda: len(self.lines(server, "because=SIGHUP")) == n, 5)
        self.assertEqual(self.asked(server), "127.0.53.1")
        # nothing has changed, so nothing is said or handed on
        self.assertEqual(len(self.lines(server, " forwarding ")), 1)

    def test_many_changes_under_load_lose_no_question(self):
        hosts = ["127.0.53.1", "127.0.53.2", "127.0.53.3"]
        self.at_53(*hosts)
        server = self.forward(self.conf(hosts[0]))
        for n in range(60):
            self.conf(hosts[n % 3], name="etc/new")
            os.rename(self.path("etc/new"), self.path("etc/resolv.conf"))
            for _ in range(5):
                self.assertIn(self.asked(server), hosts)
        self.becomes(server, hosts[59 % 3])

    # --- ourselves

    def test_our_own_address_in_a_file_is_left_out(self):
        self.at_53("127.0.53.1")
        server = self.forward(
            self.conf("127.0.53.9", "127.0.53.1"),
            listen=["127.0.53.9:53", f"127.0.0.1:{free_port()}"])
        server.port = int(server.listen[1].split(":")[1])
        self.assertEqual(self.asked(server), "127.0.53.1")
        self.assertIn("upstreams=127.0.53.1:53 ",
                      self.lines(server, " forwarding ")[0])
        self.assertIn("address=127.0.53.9:53",
                      self.lines(server, "our own address")[0])

    def test_our_own_address_cannot_be_named(self):
        port = free_port()
        for listen, target in ((f"127.0.0.1:{port}", f"127.0.0.1:{port}"),
                               (f"0.0.0.0:{port}", f"127.9.9.9:{port}")):
            done = run("serve", "--listen", listen, "--forward", target,
                       self.path("mongo.yaml"))
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertIn(f"--forward {target} is this server itself",
                          done.stderr)

    def test_a_file_that_is_not_there_ends_the_start(self):
        for path, why in ((self.path("none"), "No such file"),
                          (self.dir, "Is a directory")):
            done = run("serve", "--listen", f"127.0.0.1:{free_port()}",
                       "--forward", path, self.path("mongo.yaml"))
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertIn(f"--forward: cannot read '{path}': {why}",
                          done.stderr)

    # --- what is said of servers

    def test_who_is_silent_is_said_once(self):
        self.silence_at_53("127.0.53.1")
        self.at_53("127.0.53.2")
        server = self.forward(self.conf("127.0.53.1", "127.0.53.2"))
        for _ in range(4):
            self.assertEqual(self.asked(server), "127.0.53.2")
        self.assertEqual(len(self.lines(server, "does not answer")), 1)
        self.assertRegex(self.lines(server, "does not answer")[0],
                         "upstream=127.0.53.1:53 because=\"it is silent\"")

    def test_who_is_not_there_is_said_once(self):
        self.at_53("127.0.53.2")
        server = self.forward(self.conf("127.0.53.1", "127.0.53.2"))
        for _ in range(20):
            self.assertEqual(self.asked(server), "127.0.53.2")
        until(lambda: self.lines(server, "does not answer"), 5)
        self.assertEqual(len(self.lines(server, "does not answer")), 1)
        self.assertRegex(self.lines(server, "does not answer")[0],
                         "upstream=127.0.53.1:53 because=\"it cannot be "
                         "reached\"")

    def test_a_loop_is_said_with_the_way_out(self):
        """Two servers, each of which knows the other only."""
        ports = [free_port(), free_port()]
        servers = [self.serve(self.path("mongo.yaml"),
                              listen=[f"127.0.0.1:{a}"],
                              options=["--forward", f"127.0.0.1:{b}"])
                   for a, b in (ports, ports[::-1])]
        for server, port in zip(servers, ports):
            server.port = port

        def said():
            for server in servers:
                self.asked(server)
            return [line for server in servers
                    for line in self.lines(server, "leads back here")]

        # who sees it asks no more, and so the other one need not
        until(said, 15)
        self.assertRegex(said()[0],
                         "give --forward a server that does not ask this one "
                         f"upstream=127.0.0.1:({ports[0]}|{ports[1]}) ")
        for server in servers:
            self.assertIsNone(self.asked(server))


if __name__ == "__main__":
    ordinald.main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`ordinald health`: what a probe of a container hears from a server that
serves, loads, stays silent, or is not there."""

import socket
import threading
import time

import dns.edns
import dns.flags
import dns.message
import dns.rcode

from ordinald import SLOW, Case, free_port, main, mongo, run, until


class Impostor:
    """A UDP socket that answers queries as it is told: `reply` makes of a query
    the messages that are sent."""

    def __init__(self, reply):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.server = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.asked = []
        self.reply = reply
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            wire, client = self.socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            self.asked.append(query.question[0].to_text())
            for message in self.reply(query):
                self.socket.sendto(message, client)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


def silence(_):
    return []


def refusal(rcode, *options):
    def reply(query):
        message = dns.message.make_response(query)
        message.use_edns(0, options=list(options))
        message.set_rcode(rcode)
        return [message.to_wire()]
    return reply


class Health(Case):
    def impostor(self, reply):
        one = Impostor(reply)
        self.addCleanup(one.close)
        return one

    def says(self, text, *words):
        done = run("health", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        self.assertEqual(done.stdout, text + "\n")

    def denies(self, *words, has, status=1):
        done = run("health", *words)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for text in has:
            self.assertIn(text, done.stderr)
        return done.stderr

    def start(self, **how):
        self.write("mongo.yaml", mongo(1))
        return self.serve(**how)

    def test_a_server_that_serves_is_alive_and_ready(self):
        at = self.start().listen[0]
        self.says(f"{at} is alive", "--server", at)
        self.says(f"{at} is ready", "--server", at, "--ready")
        self.says(f"{at} is ready", "--listen", at, "--ready")

    def test_a_server_on_all_addresses_is_asked_on_loopback(self):
        port = free_port()
        self.start(listen=[f"0.0.0.0:{port}"])
        self.says(f"127.0.0.1:{port} is ready", "--ready", "--listen",
                  f"0.0.0.0:{port},192.0.2.1:{port}")

    def test_so_is_one_on_all_ipv6_addresses(self):
        try:
            port = free_port("::1")
        except OSError:
            self.skipTest("there is no IPv6 here")
        self.start(listen=[f"[::]:{port}"])
        self.says(f"[::1]:{port} is alive", "--listen", f"[::]:{port}")

    def test_it_reads_the_file_of_the_server(self):
        port = free_port()
        config = self.write("c.conf", f"listen: [127.0.0.1:{port}]\n"
                            f"cluster-domain: k8s.example\npaths: [{self.dir}]"
                            "\nself: false\nlame-duck: 100ms\n")
        self.serve("--config", config, config=config)
        self.says(f"127.0.0.1:{port} is ready", "--ready", "--config", config)

    def test_nobody_there_is_a_no(self):
        at = f"127.0.0.1:{free_port()}"
        began = time.monotonic()
        self.denies("--server", at, "--timeout", "4s",
                    has=[at, "cannot be reached"])
        self.assertLess(time.monotonic() - began, 5 * SLOW)

    def test_silence_is_a_no_when_the_time_is_over(self):
        at = self.impostor(silence).server
        began = time.monotonic()
        self.denies("--server", at, "--timeout", "300ms",
                    has=[f"{at} does not answer within 300ms"])
        self.assertGreaterEqual(time.monotonic() - began, 0.3)

    def test_a_server_that_loads_is_alive_and_not_ready(self):
        server = self.serve("-", stdin="", stdin_ends=False, wait=False)
        at = server.listen[0]
        until(lambda: len(server.said) == 2, 10)  # it listens
        self.says(f"{at} is alive", "--server", at)
        self.denies("--server", at, "--ready",
                    has=[f"{at} is not ready: SERVFAIL: ",
                         "the first load of the zone is not complete"])
        server.process.stdin.write(mongo(1))
        server.process.stdin.close()
        server.wait_for("ready")
        self.says(f"{at} is ready", "--server", at, "--ready")

    def test_a_server_for_another_domain_is_alive_and_not_ready(self):
        at = self.start().listen[0]
        there = ("--server", at, "--cluster-domain", "k8s.example")
        self.says(f"{at} is alive", *there)
        self.denies(*there, "--ready", has=["is not ready: REFUSED",
                                             "another --cluster-domain"])

    def test_it_asks_for_the_version_of_the_domain(self):
        one = self.impostor(refusal(dns.rcode.NOERROR))
        self.says(f"{one.server} is ready", "--ready", "--server", one.server,
                  "--cluster-domain", "k8s.example")
        self.assertEqual(one.asked, ["dns-version.k8s.example. IN TXT"])

    def test_a_lost_reply_is_no_no(self):
        def second(query):
            return (refusal(dns.rcode.NOERROR)(query) if len(one.asked) > 1
                    else [])
        one = self.impostor(second)
        self.says(f"{one.server} is ready", "--ready", "--server", one.server,
                  "--timeout", "4s")
        self.assertEqual(len(one.asked), 2)

    def test_replies_to_others_do_not_count(self):
        def strange(query):
            other = dns.message.make_response(query)
            other.id ^= 1
            asked = dns.message.make_query("elsewhere.example.", "TXT")
            asked.id = query.id
            return [other.to_wire(), dns.message.make_response(asked).to_wire(),
                    b"\0\1\2"]
        at = self.impostor(strange).server
        self.denies("--server", at, "--timeout", "300ms",
                    has=["does not answer"])

    def test_what_a_server_says_cannot_steer_a_terminal(self):
        text = "\x1b[31mred\nline"
        at = self.impostor(refusal(dns.rcode.SERVFAIL, dns.edns.EDEOption(
            14, text))).server
        said = self.denies("--server", at, "--ready",
                           has=["SERVFAIL", "red", "line"])
        self.assertNotIn("\x1b", said)

    def test_wrong_usage_is_told(self):
        for words, has in ((["zones"], ["zones"]),
                           (["--server", "nowhere"], ["--server", "nowhere"]),
                           (["--server", "0.0.0.0:53"], ["0.0.0.0:53"]),
                           (["--timeout", "0"], ["--timeout"]),
                           (["--timeout", "61s"], ["--timeout"]),
                           (["--listen", "127.0.0.1:0"], ["--server"]),
                           (["--sever", "127.0.0.1"], ["--server"])):
            self.denies(*words, has=has, status=2)

    def test_a_domain_of_the_longest_kind_is_told(self):
        domain = ".".join(["a" * 61] * 4)
        self.denies("--cluster-domain", domain, has=["--cluster-domain"],
                    status=2)


if __name__ == "__main__":
    main()

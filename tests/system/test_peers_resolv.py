#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`ordinald peers` with nothing but a resolv.conf, in a namespace of its own:
servers in their order, the next one where one fails."""

import dns.rcode

import namespace
from peers_command import Case, web
from upstream import Upstream, reply_to


def resolv_conf(*servers):
    with open("/etc/resolv.conf", "w", encoding="ascii") as f:
        f.write("search test.svc.cluster.local\n")
        f.writelines(f"nameserver {s}\n" for s in servers)


class Resolv(Case):

    def start(self, host, text):
        name = self.write(f"{host}.yaml", text)
        return self.serve(name, listen=[f"{host}:53"])

    def liar(self, host, rcode):
        server = Upstream(lambda query, tcp: reply_to(query, rcode=rcode),
                          host, 53)
        self.addCleanup(server.close)

    def test_the_first_server_is_asked(self):
        self.start("127.0.0.2", web(3))
        self.start("127.0.0.3", web(5))
        resolv_conf("127.0.0.2", "127.0.0.3")
        self.assert_peers(["test/web"], range(3))
        self.assert_peers(["test/web", "--control", "none"], range(3))

    def test_the_next_one_is_asked_where_one_fails(self):
        self.liar("127.0.0.4", dns.rcode.SERVFAIL)
        self.liar("127.0.0.5", dns.rcode.REFUSED)
        self.start("127.0.0.3", web(5))
        # nobody is at the first one
        resolv_conf("127.0.0.9", "127.0.0.4", "127.0.0.5", "127.0.0.3")
        self.assert_peers(["test/web"], range(5))
        resolv_conf("127.0.0.4", "127.0.0.5")
        self.assert_none(["test/web"], "name server 127.0.0.4:53: SERVFAIL")

    def test_what_one_server_is_sure_of_is_not_asked_again(self):
        self.liar("127.0.0.4", dns.rcode.NXDOMAIN)
        self.start("127.0.0.3", web(5))
        resolv_conf("127.0.0.4", "127.0.0.3")
        self.assert_none(["test/web"], "name server 127.0.0.4:53: NXDOMAIN")

    def test_a_server_that_runs_here_is_asked_first(self):
        self.liar("127.0.0.4", dns.rcode.NXDOMAIN)
        resolv_conf("127.0.0.4")
        name = self.write("web.yaml", web(2))
        server = self.serve(name)
        self.assert_peers(["test/web", "--listen",
                           f"127.0.0.1:{server.port}"], range(2))
        self.assert_none(["test/web"], "NXDOMAIN")

    def test_nobody_to_ask_is_said(self):
        resolv_conf()
        self.assert_none(["test/web"], "nobody to ask", "--server")


if __name__ == "__main__":
    namespace.main()

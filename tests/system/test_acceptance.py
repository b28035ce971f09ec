#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The transcripts that Ordinald was made for: zones/ as a stranger meets it,
asked with dig and nslookup."""

import os
import re
import shutil
import subprocess
import time

import dns.rcode
import dns.rdatatype

from ordinald import ADDRESSES, MONGO, POD, ROOT, SLOW, Case, main, until

YOUTUBE = "youtube-service.youtube.svc.cluster.local"


class Acceptance(Case):
    def setUp(self):
        super().setUp()
        shutil.copytree(os.path.join(ROOT, "zones"), self.path("zones"))
        self.server = self.serve(self.path("zones"))

    def found(self, name):
        text, status = self.server.nslookup(name)
        self.assertEqual(status, 0, text)
        answer = text.split("\n\n", 1)[1]
        return sorted(re.findall(r"^Address: (\S+)", answer, re.M))

    def test_dig_finds_the_peers_by_srv(self):
        text = self.server.dig("SRV", MONGO)
        self.assertIn("status: NOERROR", text)
        self.assertRegex(text, r"flags: qr aa rd; QUERY: 1, ANSWER: 3, "
                               r"AUTHORITY: 0, ADDITIONAL: 4")
        self.assertRegex(text, r"; EDNS: version: 0, flags:; udp: 1232")
        for n, address in enumerate(ADDRESSES):
            pod = re.escape(POD % n)
            self.assertRegex(text, re.escape(MONGO) +
                             rf"\s5\sIN\sSRV\s0 33 27017 {pod}")
            self.assertRegex(text, rf"{pod}\s5\sIN\sA\s{address}")

    def test_nslookup_finds_all_peers_of_the_service(self):
        self.assertEqual(self.found(MONGO.rstrip(".")), sorted(ADDRESSES))

    def test_nslookup_finds_one_peer_by_its_ordinal(self):
        for n, address in enumerate(ADDRESSES):
            self.assertEqual(self.found((POD % n).rstrip(".")), [address])

    def test_nslookup_finds_a_cluster_address(self):
        self.assertEqual(self.found(YOUTUBE), ["10.233.25.134"])

    def test_pods_of_a_deployment_have_no_name(self):
        name = "youtube-deployment-ccf6db8bb-cs74x." + YOUTUBE
        text, status = self.server.nslookup(name)
        self.assertEqual(status, 1, text)
        self.assertIn(f"** server can't find {name}: NXDOMAIN", text)

    def test_dig_finds_the_name_of_an_address_over_tcp(self):
        text = self.server.dig("+tcp", "-x", ADDRESSES[0])
        self.assertIn("status: NOERROR", text)
        self.assertRegex(text, r"PTR\s" + re.escape(POD % 0))

    def sed(self, rule):
        subprocess.run(["sed", "-i", rule, self.path("zones/mongo.yaml")],
                       check=True)

    def test_a_changed_number_of_replicas_is_live_within_200_ms(self):
        ask = self.server.addresses
        for _ in range(3):
            self.sed("s/replicas: 3/replicas: 5/")
            took = until(lambda: ask(POD % 3) and ask(POD % 4), 2)
            self.assertLess(took, 0.2 * SLOW)
            self.assertEqual(len(ask(MONGO)), 5)
            self.assertEqual(ask(POD % 0), [ADDRESSES[0]])
            self.sed("s/replicas: 5/replicas: 3/")
            took = until(lambda: ask(POD % 3) is None and
                         ask(POD % 4) is None, 2)
            self.assertLess(took, 0.2 * SLOW)
            self.assertEqual(ask(MONGO), sorted(ADDRESSES))

    def test_no_is_remembered_for_a_second_only(self):
        reply = self.server.ask(POD % 7)
        self.assertEqual(reply.rcode(), dns.rcode.NXDOMAIN)
        soa = reply.authority[0]
        self.assertEqual((soa.rdtype, soa.ttl, soa[0].minimum),
                         (dns.rdatatype.SOA, 1, 1))
        self.assertLess(abs(soa[0].serial - time.time()), 60)

    def test_the_settings_of_the_other_examples_answer(self):
        for name, kind, wanted in (
                ("myweb-sts-1.myweb-svc-headless.default", "A",
                 ["10.233.90.12"]),
                ("nginx-2.nginx.default", "A", ["10.233.80.12"]),
                ("mysql-0.mysql.default", "A", ["10.233.70.5"]),
                ("etcd-1.etcd.dual", "A", ["10.233.60.11"]),
                ("etcd-1.etcd.dual", "AAAA", ["fd00:10:233::11"]),
                ("etcd-client.dual", "AAAA", ["fd00:10:96::40:1"]),
                ("myweb-sts-1.myweb-svc.default", "A", None),
                ("etcd-0.etcd.dual", "A", None)):
            self.assertEqual(self.server.addresses(
                name + ".svc.cluster.local.", kind), wanted, name)
        six = self.server.addresses("myweb-svc-headless.default.svc."
                                    "cluster.local.")
        self.assertEqual(len(six), 6)
        one = self.server.addresses("myweb-svc.default.svc.cluster.local.")
        self.assertEqual(len(one), 1)

    def test_the_examples_give_no_complaint(self):
        self.assertFalse([line for line in self.server.log
                          if ": error: " in line or ": warning: " in line])

    def test_the_number_stands_once_in_the_example(self):
        with open(self.path("zones/mongo.yaml"), encoding="utf-8") as f:
            self.assertEqual(f.read().count("replicas: 3"), 1)


if __name__ == "__main__":
    main()

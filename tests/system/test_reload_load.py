#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Changes while questions come: each answer belongs to one version."""

import os
import threading
import time

import dns.exception
import dns.rcode
import dns.rdatatype

from ordinald import ADDRESSES, MONGO, POD, SAN, Case, main, mongo, until

EDITS = 100
PAUSE_S = 0.02 if not SAN else 0.05


class ReloadUnderLoad(Case):
    def setUp(self):
        super().setUp()
        self.copy()
        self.copy("dual-stack.yaml")
        self.wrong = []
        self.asked = 0
        self.stop = threading.Event()

    def complain(self, what, reply):
        self.wrong.append(f"{what}: {reply.to_text()}")

    def judge_srv(self, reply):
        """Targets, their addresses and the weight come from one version."""
        srv = [r for s in reply.answer for r in s]
        glue = {s.name.to_text(): [r.address for r in s]
                for s in reply.additional
                if s.rdtype == dns.rdatatype.A}
        targets = sorted(r.target.to_text() for r in srv)
        n = len(targets)
        if n not in (3, 5) or targets != sorted(POD % i for i in range(n)):
            self.complain("targets", reply)
        elif {r.weight for r in srv} != {100 // n}:
            self.complain("weight", reply)
        elif sorted(glue) != targets or any(len(a) != 1
                                            for a in glue.values()):
            self.complain("additional", reply)
        elif [glue[POD % i][0] for i in range(3)] != ADDRESSES:
            self.complain("addresses", reply)

    def judge_set(self, reply):
        found = {r.address for s in reply.answer for r in s}
        if len(found) not in (3, 5) or not found.issuperset(ADDRESSES):
            self.complain("set", reply)

    def judge_first(self, reply):
        found = [r.address for s in reply.answer for r in s]
        if found != [ADDRESSES[0]]:
            self.complain("ordinal 0", reply)

    def judge_last(self, reply):
        found = [r.address for s in reply.answer for r in s]
        fine = (reply.rcode() == dns.rcode.NXDOMAIN and not found) or \
               (reply.rcode() == dns.rcode.NOERROR and len(found) == 1 and
                found[0].startswith("10.244."))
        if not fine:
            self.complain("ordinal 4", reply)

    def ask(self, server, tcp):
        questions = ((MONGO, "SRV", self.judge_srv),
                     (MONGO, "A", self.judge_set),
                     (POD % 0, "A", self.judge_first),
                     (POD % 4, "A", self.judge_last))
        while not self.stop.is_set():
            for name, kind, judge in questions:
                try:
                    judge(server.ask(name, kind, tcp=tcp, timeout=3))
                    self.asked += 1
                except (dns.exception.DNSException, OSError) as e:
                    self.wrong.append(f"{name} {kind}: {e!r}")

    def test_a_hundred_edits_under_load_give_no_wrong_answer(self):
        server = self.serve()
        threads = [threading.Thread(target=self.ask, args=(server, tcp))
                   for tcp in (False, False, True)]
        for thread in threads:
            thread.start()
        for n in range(EDITS):
            self.write(".new", mongo(5 if n % 2 == 0 else 3))
            # a rename: a file that is half written is another test's affair
            os.rename(self.path(".new"), self.path("mongo.yaml"))
            time.sleep(PAUSE_S)
        self.stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(self.wrong[:3], [])
        self.assertGreater(self.asked, 100)
        until(lambda: server.addresses(POD % 4) is None, 1)


if __name__ == "__main__":
    main()

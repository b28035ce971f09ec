#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ours beside the real CoreDNS on the same objects: each question is asked of
both, and only the deviations listed here may be seen (README, "Deviations from
CoreDNS", has the same list)."""

import atexit
import re
import signal
import sys

import dns.exception
import dns.flags
import dns.name
import dns.rcode

import coredns
import ordinald
import vectors

FEW = ["A", "AAAA", "SRV", "PTR", "CNAME", "TXT"]
TYPES = [*FEW, "SOA", "NS", "MX", "ANY"]


def without_times(records):
    """A SOA's TTL and minimum are left out: ours are --negative-ttl's."""
    return [(owner, 0, kind, data.rsplit(" ", 1)[0]) if kind == "SOA"
            else (owner, ttl, kind, data) for owner, ttl, kind, data in records]


class Reply:
    """What of a reply is compared."""

    def __init__(self, message):
        self.rcode = dns.rcode.to_text(message.rcode())
        self.aa = bool(message.flags & dns.flags.AA)
        self.sections = [without_times(vectors.records(section))
                         for section in (message.answer, message.authority,
                                         message.additional)]
        self.answer, self.authority, self.additional = self.sections

    def __eq__(self, other):
        return other is not None and vars(self) == vars(other)

    def __str__(self):
        return f"{self.rcode} {self.sections}"

    def data(self, kind):
        return {r[3] for r in self.answer if r[2] == kind}

    def is_as(self, row):
        """What a row of the tables expects."""
        wanted = [row.expected(section, "127.0.0.1")
                  for section in vectors.SECTIONS]
        return self.rcode == row.rcode and all(
            w is None or without_times(w) == s
            for w, s in zip(wanted, self.sections))

    @property
    def is_nodata(self):
        return self.rcode == "NOERROR" and not self.answer


class Way:
    """All that CoreDNS says, called in one way."""

    def __init__(self, port, asked, kinds):
        self.replies = {(name, kind): reply_of(name, kind, port, 1)
                        for name in asked for kind in kinds}
        self.known = known_names(self.replies, False)
        self.sure = known_names(self.replies, True)


class Question:
    def __init__(self, name, kind, way):
        self.name, self.kind, self.way = name, kind, way
        self.key = name.lower()

    def __str__(self):
        return f"{self.name} {self.kind}"

    def other(self, kind, name=None):
        """What CoreDNS says to another question."""
        return self.way.replies.get((name or self.key, kind))


def is_dangling(replies, reply):
    """A PTR whose target CoreDNS itself denies."""
    targets = [replies.get((target, "A")) for target in reply.data("PTR")]
    return bool(targets) and all(t and t.rcode == "NXDOMAIN" for t in targets)


def known_names(replies, sure):
    """The names that exist by CoreDNS's own word: for some type it says so, or
    it does of a name below (RFC 8020 2). It says so of each name for a SOA.

    sure  without those that only a dangling PTR speaks for
    """
    known = set()
    for (name, kind), reply in replies.items():
        if (reply and reply.rcode == "NOERROR" and kind != "SOA" and
                not (sure and is_dangling(replies, reply))):
            labels = dns.name.from_text(name.lower())
            known |= {labels.split(n)[1].to_text()
                      for n in range(1, len(labels) + 1)}
    return known


# --- what may differ -------------------------------------------------------
# Each takes a question, CoreDNS's reply (None: it sent none) and ours, and says
# whether this reason explains all of the difference.

def is_no_reply(q, theirs, ours):
    return theirs is None and ours.rcode == "NXDOMAIN" and q.kind == "PTR"


def is_orphan(q, theirs, ours):
    return (q.kind == "PTR" and ours.rcode == "NXDOMAIN" and
            is_dangling(q.way.replies, theirs))


def is_denied_name(q, theirs, ours):
    return (theirs.rcode == "NXDOMAIN" and ours.is_nodata and
            theirs.authority == ours.authority and q.key in q.way.known)


def is_absent_soa(q, theirs, ours):
    return (q.kind == "SOA" and theirs.is_nodata and
            ours.rcode == "NXDOMAIN" and q.key not in q.way.sure)


def is_one_ptr(q, theirs, ours):
    return (q.kind == "PTR" and len(theirs.data("PTR")) > 1 and
            len(ours.answer) == 1 and ours.data("PTR") <= theirs.data("PTR"))


def is_kept_alias(q, theirs, ours):
    alias = q.other("CNAME")
    return (theirs.is_nodata and alias is not None and
            len(alias.answer) == 1 and
            alias.answer[0] in ours.answer)


def is_fqdn_slice(q, theirs, ours):
    return ".fqdn" in "." + q.key


def is_any(q, theirs, ours):
    return (q.kind == "ANY" and not theirs.answer and len(ours.answer) > 0 and
            q.key in q.way.known)


def is_name_server(q, theirs, ours):
    if q.kind == "NS":
        return theirs.is_nodata and ours.data("NS") == {"ns.dns." + q.key}
    return (q.key.startswith("ns.dns.") and q.kind == "A" and
            ours.data("A") == {"127.0.0.1"})


def is_literal(q, theirs, ours):
    return (q.key == "literal.db.svc.cluster.local." and not theirs.answer and
            ours.data("CNAME") == {"192.0.2.99."})


def is_empty_port(q, theirs, ours):
    return (q.key.endswith("_tcp.unnamed.db.svc.cluster.local.") and
            ours.rcode == "NXDOMAIN" and theirs.rcode == "NOERROR")


def is_pod_below(q, theirs, ours):
    """One or two labels more, left of the address."""
    return (q.key.endswith(".pod.cluster.local.") and q.key.count(".") in (6, 7)
            and theirs.rcode == "NOERROR" and ours.rcode == "NXDOMAIN")


def is_zone_of_none(q, theirs, ours):
    service = q.other("A", q.key.partition("._zone.")[2] or "-")
    return (service is not None and service.rcode == "NXDOMAIN" and
            theirs.is_nodata and ours.rcode == "NXDOMAIN")


def is_pod_srv(q, theirs, ours):
    return (q.key.endswith(".pod.cluster.local.") and q.kind == "SRV" and
            all(data.startswith("0 100 0 ") for data in theirs.data("SRV")) and
            ours.is_nodata)


def is_second_address(q, theirs, ours):
    return (q.key == "fd00-2--8.app.pod.cluster.local." and
            theirs.rcode == "NXDOMAIN" and ours.rcode == "NOERROR")


def is_surplus_label(q, theirs, ours):
    return (q.key.endswith(".ip6.arpa.") and q.key.count(".") > 34 and
            ours.rcode == "NXDOMAIN")


DEVIATIONS = [
    is_orphan, is_denied_name, is_absent_soa, is_one_ptr, is_kept_alias,
    is_fqdn_slice, is_any, is_name_server, is_literal, is_empty_port,
    is_pod_below, is_zone_of_none, is_pod_srv, is_second_address,
    is_surplus_label,
]


def explained(question, theirs, ours):
    if not ours or not theirs:
        return ours and is_no_reply(question, theirs, ours)
    return any(reason(question, theirs, ours) for reason in DEVIATIONS)


# --- asking ----------------------------------------------------------------

def reply_of(name, kind, port, timeout):
    try:
        return Reply(vectors.ask(name, kind, port, timeout=timeout))
    except dns.exception.Timeout:
        return None


def ways():
    """The tables' groups by their options, as far as CoreDNS has them; what is
    asked is the tables' names, under the defaults of all of them."""
    found = {(): []}
    for group in vectors.read_all():
        options = tuple(group.options)
        if not set(coredns.OURS_ONLY[:2]) & set(options):
            found.setdefault(options, []).append(group)
    return found


def names(groups):
    """Each name as it stands, and in lower case: what CoreDNS says to the
    latter shows what it should have said to the former."""
    names = [dns.name.from_text(row.name).to_text()
             for group in groups for row in group.rows]
    return {name: True for given in names for name in (given, given.lower())}


class Comparison(ordinald.Case):
    lab = None  # for all tests
    tried = False
    maxDiff = None

    def get_lab(self):
        if not Comparison.lab:
            if Comparison.tried:
                self.fail("the lab did not start, as told above")
            Comparison.tried = True
            Comparison.lab = coredns.Filled(list(WAYS))
            atexit.register(Comparison.lab.close)
        return Comparison.lab

    def compare(self, way, asked, kinds, derived=False):
        """derived: ours makes slices of pods, CoreDNS has the controller's."""
        lab = self.get_lab()
        self.write("objects.yaml", lab.objects(derived))
        port = self.serve(options=way).port
        theirs = Way(lab.ports[way], asked, kinds)
        wrong = []
        for (name, kind), reply in theirs.replies.items():
            mine = reply_of(name, kind, port, 5 * ordinald.SLOW)
            question = Question(name, kind, theirs)
            if reply != mine and not explained(question, reply, mine):
                wrong.append(f"{question}\n  CoreDNS  {reply}\n"
                             f"  Ordinald {mine}")
        self.assertEqual("", "\n".join(wrong))


def add(way, groups):
    own = set(coredns.ZONES) & set(way)
    asked = names(groups if own else EVERYTHING)
    kinds = TYPES if not way or own else FEW
    words = re.sub(r"\W+", "_", " ".join(("as_coredns", *way)))
    setattr(Comparison, f"test_{words}",
            lambda self: self.compare(way, asked, kinds))


WAYS = ways()
# the annotations in rules.yaml are nothing to CoreDNS
EVERYTHING = [group for way, groups in WAYS.items() for group in groups
              if not set(coredns.ZONES) & set(way)
              and "rules.yaml" not in group.manifest]


def test_derived(self):
    self.compare((), names(EVERYTHING), FEW, derived=True)


def test_sources(self):
    """What the tables call CoreDNS's is CoreDNS's."""
    wrong = []
    for way, groups in WAYS.items():
        for row in (row for group in groups for row in group.rows):
            if not row.source.startswith("CoreDNS"):
                continue
            reply = reply_of(row.name, row.type, self.get_lab().ports[way], 1)
            if not reply or not reply.is_as(row):
                wrong.append(f"{row} ({row.source}): {reply}")
    self.assertEqual("", "\n".join(wrong))


if coredns.is_there():
    for each in WAYS.items():
        add(*each)
    Comparison.test_as_coredns_derived = test_derived
    Comparison.test_sources = test_sources
else:
    def test_nothing(self):
        self.skipTest(coredns.MISSING)
    Comparison.test_nothing = test_nothing

if __name__ == "__main__":
    # so that the lab is ended with the test
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    ordinald.main()

# SPDX-License-Identifier: Apache-2.0
"""The tables of tests/vectors (see README there), and replies in their form."""

import glob
import os
import shlex

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype

from ordinald import ROOT

FOLDER = os.path.join(ROOT, "tests/vectors")
# how many fields of a record's data are names, from which field on
NAMES = {"SRV": (3, 1), "CNAME": (0, 1), "PTR": (0, 1), "NS": (0, 1),
         "SOA": (0, 2)}
TYPES = set(NAMES) | {"A", "AAAA", "TXT"}
SECTIONS = ("answer", "authority", "additional")


class Group:
    """What one server is asked: a manifest, options, rows."""

    def __init__(self, file, line, manifest):
        self.place = f"{os.path.basename(file)}:{line}"
        self.manifest = os.path.join(FOLDER, manifest)
        self.options = []
        self.rows = []

    def option(self, word, otherwise):
        if word not in self.options:
            return otherwise
        return self.options[self.options.index(word) + 1]

    @property
    def domain(self):
        return self.option("--cluster-domain", "cluster.local") + "."

    @property
    def ttl(self):
        return int(self.option("--ttl", 5))

    @property
    def negative_ttl(self):
        return int(self.option("--negative-ttl", 1))

    def full(self, name):
        """A name of the table with its final dot."""
        if name == "@":
            return self.domain
        return name if name.endswith(".") else f"{name}.{self.domain}"


class Row:
    """One question and what is expected."""

    def __init__(self, group, place, fields):
        (name, self.type, self.rcode, *self.sections, self.source) = fields
        self.group = group
        self.place = place
        self.name = group.full(name)

    def __str__(self):
        return f"{self.place}: {self.name} {self.type}"

    def soa(self, text):
        group = self.group
        apex = text[1] if len(text) > 1 else group.domain
        below = "" if apex == "." else apex
        return (apex, group.negative_ttl, "SOA",
                f"ns.dns.{below} hostmaster.{below} serial 7200 1800 86400 "
                f"{group.negative_ttl}")

    def record(self, text, server):
        fields = text.split()
        owner, ttl = self.name, self.group.ttl
        if fields[0] == "soa":
            record = self.soa(fields)
        else:
            if fields[0] not in TYPES and not fields[0].isdigit():
                owner = self.group.full(fields.pop(0))
            if fields[0].isdigit():
                ttl = int(fields.pop(0))
            kind, *data = fields
            first, names = NAMES.get(kind, (0, 0))
            for i in range(first, first + names):
                data[i] = self.group.full(data[i])
            data = [server if word == "server" else word for word in data]
            record = (owner, ttl, kind, " ".join(data))
        return (dns.name.from_text(record[0]).to_text().lower(), record[1],
                record[2], record[3].lower())

    def expected(self, section, server):
        """A sorted list of records, None for whatever it is."""
        text = self.sections[SECTIONS.index(section)]
        if text == "*":
            return None
        if text == "-":
            return []
        return sorted(self.record(part, server) for part in text.split(";"))

    def differs(self, reply, server):
        """What is wrong with a reply, one a line; empty for nothing."""
        wrong = []
        rcode = dns.rcode.to_text(reply.rcode())
        if rcode != self.rcode:
            wrong.append(f"{rcode}, should be {self.rcode}")
        flags = dns.flags.to_text(reply.flags)
        if flags != ("QR RD" if self.rcode == "REFUSED" else "QR AA RD"):
            wrong.append(f"flags {flags}")
        for section in SECTIONS:
            wanted = self.expected(section, server)
            got = records(getattr(reply, section))
            if wanted is not None and got != wanted:
                wrong.append(f"{section} {got}, should be {wanted}")
        for rrset in reply.answer[:1]:
            # the question's own letters come back (RFC 4343 4.1)
            question = dns.name.from_text(self.name)
            if str(rrset.name) != str(question):
                wrong.append(f"owner {rrset.name}")
        return [f"{self}: {line} ({self.source})" for line in wrong]


def records(section):
    """A section of a reply as a sorted list, letters folded."""
    out = []
    for rrset in section:
        kind = dns.rdatatype.to_text(rrset.rdtype)
        for rdata in rrset:
            data = rdata.to_text().lower().split(" ")
            if kind == "SOA":
                data[2] = "serial"
            out.append((rrset.name.to_text().lower(), rrset.ttl, kind,
                        " ".join(data)))
    return sorted(out)


def ask(name, kind, port, tcp=False, timeout=5):
    query = dns.message.make_query(dns.name.from_text(name), kind, use_edns=0,
                                   payload=4096)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, "127.0.0.1", port=port, timeout=timeout)


def read(file):
    """The groups of one table."""
    groups = []
    with open(file, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.strip()
            word, _, rest = line.partition(" ")
            if not line or line.startswith("#"):
                continue
            if word == "manifest":
                groups.append(Group(file, number, rest))
            elif word == "options":
                groups[-1].options = shlex.split(rest)
            else:
                fields = [field.strip() for field in line.split("|")]
                groups[-1].rows.append(
                    Row(groups[-1], f"{os.path.basename(file)}:{number}",
                        fields))
    return groups


def read_all():
    return [group for file in sorted(glob.glob(os.path.join(FOLDER, "*.txt")))
            for group in read(file)]

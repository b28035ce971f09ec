#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One manifest for each reason that a negative answer can have, in
tests/reasons: the very code and text in dig, in `ordinald explain` and in its
JSON, from a server and from the file."""

import json
import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ordinald import BIN, ROOT, SLOW, Case, main, until  # noqa: E402

FIXTURES = os.path.join(ROOT, "tests/reasons")
TABLE = os.path.join(ROOT, "include/model/reasons.def")
# what no manifest brings about: asked for below
ELSEWHERE = {"not-loaded"}
# what upstreams bring about: test_forward.py
UPSTREAMS = ("upstream-", "forward-")


def table():
    """The ids of the rows that answers have, with their numbers."""
    with open(TABLE, encoding="utf-8") as f:
        rows = re.findall(r'^REASON\(\w+, "([a-z0-9-]+)", (\w+),', f.read(),
                          re.MULTILINE)
    return {row: int(ede) for row, ede in rows if ede.isdigit()}


class Fixture:
    """A file, and what its first comments say of it."""

    def __init__(self, name):
        self.id = name.removesuffix(".yaml")
        self.path = os.path.join(FIXTURES, name)
        with open(self.path, encoding="utf-8") as f:
            said = dict(re.findall(r"^# ([a-z]+): (.*)$", f.read(),
                                   re.MULTILINE))
        self.name, self.type = said["ask"].split()
        self.options = said.get("options", "").split()
        self.rcode = said["answer"]
        self.ede = int(said["ede"])
        self.text = said["text"]


def fixtures():
    return [Fixture(name) for name in sorted(os.listdir(FIXTURES))]


def edes(answer):
    """(number, text) of each that dig shows; the text is None without one."""
    found = re.findall(r"^; EDE: (\d+) \([^)]*\)(?:: \((.*)\))?$", answer,
                       re.MULTILINE)
    return [(int(ede), text or None) for ede, text in found]


def status(answer):
    return re.search(r"status: (\w+)", answer)[1]


class Reasons(Case):
    def explain(self, f, *words):
        done = subprocess.run([BIN, "explain", f.name, f.type, *words],
                              capture_output=True, text=True, cwd=ROOT,
                              timeout=20 * SLOW, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stdout

    def check_explained(self, f, *words):
        text = self.explain(f, *words)
        self.assertIn(f"\n{f.id}: {f.text}\n", text)
        reply = json.loads(self.explain(f, *words, "-o", "json"))
        self.assertIs(reply["resolves"], False)
        reason = reply["reason"]
        self.assertEqual((reply["rcode"], reason["id"], reason["ede"],
                          reason["text"]), (f.rcode, f.id, f.ede, f.text))
        self.assertTrue(reason["help"])

    def test_there_is_one_for_each_row(self):
        self.assertEqual({f.id: f.ede for f in fixtures()},
                         {row: ede for row, ede in table().items()
                          if row not in ELSEWHERE
                          and not row.startswith(UPSTREAMS)})

    def test_dig_and_explain_say_it(self):
        for f in fixtures():
            with self.subTest(f.id):
                server = self.serve(f.path, options=f.options)
                answer = server.dig(f.name, f.type)
                self.assertEqual(status(answer), f.rcode)
                self.assertEqual(edes(answer), [(f.ede, f.text)])
                self.check_explained(f, "--listen", server.listen[0])
                self.check_explained(f, *f.options, f.path)
                server.stop()

    def test_the_number_alone_without_reasons(self):
        f = Fixture("ordinal-outside.yaml")
        server = self.serve(f.path, options=["--no-reasons"])
        self.assertEqual(edes(server.dig(f.name, f.type)), [(f.ede, None)])
        # who may steer the server may know
        self.check_explained(f, "--listen", server.listen[0])

    def test_nothing_for_who_does_not_speak_edns(self):
        f = Fixture("ordinal-outside.yaml")
        server = self.serve(f.path)
        answer = server.dig("+noedns", f.name, f.type)
        self.assertEqual(status(answer), f.rcode)
        self.assertEqual(edes(answer), [])

    def test_before_the_first_load(self):
        server = self.serve("-", stdin="", stdin_ends=False, wait=False)
        until(lambda: len(server.said) == 2, 10)
        answer = server.dig("db.shop.svc.cluster.local", "A")
        self.assertEqual(status(answer), "SERVFAIL")
        self.assertEqual(edes(answer),
                         [(14, "the first load of the zone is not complete")])


if __name__ == "__main__":
    main()

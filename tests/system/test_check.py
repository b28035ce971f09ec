#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`ordinald check` over manifests with a planted mistake each, over good ones,
and over those that others wrote: what a reviewer would find, and no more."""

import glob
import json
import os
import re
import sys

from ordinald import ROOT, COMPLAINTS, Case, main, run

HERE = os.path.join(ROOT, "tests/check")
sys.path.insert(0, HERE)
import api  # noqa: E402

BAD = sorted(glob.glob(os.path.join(HERE, "bad/*")))
GOOD = sorted(glob.glob(os.path.join(HERE, "good/*")))
SEEDS = os.path.join(ROOT, "tests/data/seeds")
ZONES = os.path.join(ROOT, "zones")

NO_SERVICE = "which is not there"
NO_BREAK = "no-break spaces"
STRAY = "line up 'targetPort'"
# What is wrong with manifests found on the web: (place, level, id, fragment).
FOUND = {
    "001-headless.yaml": [("24:5", "error", "invalid", STRAY)],
    "001-myweb-svc-headless.yaml": [("12:5", "error", "invalid", STRAY)],
    "001-myweb-sts-vol.yaml": [
        ("7:16", "error", "service-missing", NO_SERVICE),
        ("31:9", "error", "field-misspelled",
         "accessMode is no field of PersistentVolumeClaimSpec; "
         "did you mean accessModes?")],
    "001-myweb-sts.yaml": [
        ("7:16", "error", "service-missing", NO_SERVICE)],
    "003-helloweb.yaml": [("7:1", "warning", "doubtful", NO_BREAK)],
    "003-nginx-parallel.yaml": [
        ("7:1", "warning", "doubtful", NO_BREAK),
        ("9:15", "error", "service-missing", NO_SERVICE)],
    "003-nginx.yaml": [
        ("7:1", "warning", "doubtful", NO_BREAK),
        ("9:15", "error", "service-missing", NO_SERVICE)],
    "004-mysql.yaml": [],
}
# Rules that only a changing cluster, or a setting, makes: tested elsewhere.
ELSEWHERE = {"external-name", "full-name-too-long", "hostname-unknown",
             "no-endpoints", "none-ready", "pod-blocked", "pod-elsewhere",
             "pod-no-address"}
TEXT = re.compile(r"(?P<file>.*?)(?::(?P<line>\d+):(?P<column>\d+))?: "
                  r"(?P<level>error|warning): (?P<text>.*) "
                  r"\[(?P<id>[a-z0-9-]+)\]")


def expected(path):
    """What the comments at a manifest's end say of it."""
    wanted = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.startswith("# expect: "):
                wanted.append((*line.split()[2:5], ""))
            elif line.startswith("# says: "):
                wanted[-1] = (*wanted[-1][:3], line[8:].strip())
    return wanted


def message(finding):
    """A finding of the JSON as the text has it."""
    return "; ".join(part for part in (finding["text"], finding["mend"])
                     if part)


def show(finding):
    """One finding on a line: place, level, id, text."""
    return "%s %s %s: %s" % finding


class Checking(Case):
    def done(self, *paths):
        """Run it for people and for programs. The same is in both; the exit
        status says whether there are errors."""
        text = run("check", *paths)
        data = run("check", "-o", "json", *paths)
        for ran in (text, data):
            self.assertFalse(COMPLAINTS.search(ran.stderr), ran.stderr)
            self.assertIn(ran.returncode, (0, 1), ran.stderr)
        said = json.loads(data.stdout)
        found = [(f["file"], "%d:%d" % (f["line"], f["column"]), f["level"],
                  f["id"], message(f)) for f in said["findings"]]
        lines = [TEXT.fullmatch(line) for line in text.stdout.splitlines()]
        self.assertNotIn(None, lines, text.stdout)
        self.assertEqual(
            [(m["file"], "%s:%s" % (m["line"] or 0, m["column"] or 0),
              m["level"], m["id"], m["text"]) for m in lines], found)
        errors = sum(level == "error" for _, _, level, _, _ in found)
        self.assertEqual(said["errors"], errors)
        self.assertEqual(said["warnings"], len(found) - errors)
        self.assertEqual((text.returncode, data.returncode),
                         (int(errors > 0),) * 2, text.stderr)
        return found

    def differences(self, path, wanted):
        """Lines that say how the findings of one file differ from those."""
        found = self.done(path)
        rest = [f[1:] for f in found]
        lines = [f"  of another file: {f[0]}" for f in found if f[0] != path]
        for want in wanted:
            match = next((f for f in rest if f[:3] == want[:3]
                          and want[3] in f[3]), None)
            if match:
                rest.remove(match)
            else:
                lines.append(f"  missing:  {show(want)}")
        lines += [f"  too many: {show(f)}" for f in rest]
        name = os.path.relpath(path, ROOT)
        return [f"{name}:", *lines] if lines else []

    def compare(self, wanted):
        """wanted: findings by path."""
        lines = [line for path, findings in wanted.items()
                 for line in self.differences(path, findings)]
        if lines:
            self.fail("\n" + "\n".join(lines))

    def test_each_planted_mistake_is_found_and_nothing_else(self):
        self.assertGreaterEqual(len(BAD), 28)
        wanted = {path: expected(path) for path in BAD}
        self.assertNotIn([], wanted.values())
        self.compare(wanted)

    def test_good_manifests_have_no_finding(self):
        self.assertGreaterEqual(len(GOOD), 16)
        self.compare({path: [] for path in GOOD})

    def test_manifests_from_the_web_have_the_findings_of_a_reviewer(self):
        self.assertEqual(sorted(os.listdir(SEEDS)), sorted(FOUND))
        self.compare({os.path.join(SEEDS, name): findings
                      for name, findings in FOUND.items()})

    def test_the_examples_have_no_errors(self):
        # a port without a name is what its comment shows
        self.compare({path: [("34:7", "warning", "port-unnamed", "port 80")]
                      if path.endswith("/myweb.yaml") else []
                      for path in sorted(glob.glob(ZONES + "/*.yaml"))})

    def test_files_together_are_judged_together(self):
        # the service is in another file
        with open(os.path.join(SEEDS, "001-myweb-sts.yaml"),
                  encoding="utf-8") as f:
            self.write("set.yaml", f.read())
        self.write("service.yaml",
                   "apiVersion: v1\nkind: Service\n"
                   "metadata: {name: myweb-svc-headless}\n"
                   "spec:\n  clusterIP: None\n  selector: {app: web}\n"
                   "  ports: [{name: http, port: 80, targetPort: 8080}]\n")
        self.assertEqual(self.done(self.dir), [])

    def test_all_good_ones_together_have_no_errors(self):
        # some name the same namespaces and services
        found = self.done(*GOOD)
        self.assertEqual([f for f in found if f[2] == "error"], [])

    def test_each_rule_has_a_manifest_with_its_mistake(self):
        rules = {words[0] for words in
                 (line.split() for line in
                  run("check", "--rules").stdout.splitlines())
                 if words[1:] and words[1] in ("error", "warning")}
        told = {w[2] for path in BAD for w in expected(path)}
        told |= {w[2] for findings in FOUND.values() for w in findings}
        self.assertEqual(sorted(told - rules), [])
        self.assertEqual(sorted(rules - told - ELSEWHERE), [])
        for rule in sorted(told):
            page = run("check", "--explain", rule)
            self.assertEqual(page.returncode, 0, rule)
            self.assertGreater(len(page.stdout.splitlines()), 5, rule)

    def test_the_table_of_fields_is_that_of_kubernetes(self):
        try:
            found = api.differences()
        except api.Unavailable as e:
            self.skipTest(str(e))
        if found:
            self.fail("\n" + "\n".join(found))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`ordinald check`: its streams and exit status, and that each form of its
report is read by who it is for. SARIF is held against OASIS' own schema, which
a Go module carries: fetched where Go and its proxy are at hand, otherwise that
test says so and is skipped."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

from ordinald import BIN, ROOT, SLOW, Case, main

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA_MODULE = "github.com/owenrumney/go-sarif/v3@v3.3.1"
SCHEMA_FILE = "pkg/report/v210/sarif/schema.go"

GOOD = """\
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{name: p, port: 1}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: %d
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db}]}
"""
# an error on line 4, column 32
BAD = """\
apiVersion: v1
kind: Service
metadata: {name: bad}
spec: {ports: [{name: p, port: 0}]}
"""
# a warning, with what ends a workflow command's property
ODD = """\
apiVersion: v1
kind: Service
metadata: {name: odd, annotations: {ordinald.io/set: '100%, a: b'}}
spec: {clusterIP: None, ports: [{name: p, port: 1}], selector: {a: b}}
"""
BROKEN = "a: [b\n"


def check(*words, **how):
    """`ordinald check` to its end."""
    return subprocess.run([BIN, "check", *words], capture_output=True,
                          timeout=20 * SLOW, check=False, **how)


def fetch_schema(directory):
    """OASIS' schema of SARIF 2.1.0; a text that says why there is none."""
    if not shutil.which("go"):
        return None, "Go is not installed"
    env = dict(os.environ, GOMODCACHE=os.path.join(directory, "modules"),
               GOCACHE=os.path.join(directory, "cache"),
               GOFLAGS="-modcacherw", GOTOOLCHAIN="local", GO111MODULE="on",
               GOPROXY=os.environ.get("GOPROXY",
                                      "https://proxy.golang.org"))
    try:
        done = subprocess.run(["go", "mod", "download", "-json",
                               SCHEMA_MODULE], capture_output=True, text=True,
                              cwd=directory, env=env, timeout=90, check=False)
        path = json.loads(done.stdout)["Dir"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None, "the Go module proxy does not answer"
    with open(os.path.join(path, SCHEMA_FILE), encoding="utf-8") as f:
        return json.loads(re.search(r"`(.*)`", f.read(), re.S).group(1)), ""


class Checking(Case):
    def checked(self, *words, status, **how):
        done = check(*words, cwd=self.dir, **how)
        self.assertEqual(done.returncode, status, done)
        return done

    def mixed(self):
        """Files with findings of all kinds, and their paths."""
        self.write("good.yaml", GOOD % 3)
        self.write("large.yaml", (GOOD % 40).replace("db", "large"))
        self.write("bad.yaml", BAD)
        self.write("odd, 100%.yaml", ODD)
        self.write("broken.yaml", BROKEN)
        os.symlink("nowhere", self.path("link.yaml"))
        name = os.fsencode(self.dir) + b"/a\xff\n\x1b\xc3\xa9.yaml"
        with open(name, "w", encoding="utf-8") as f:
            f.write(BAD)
        return [".", self.path("bad.yaml"),
                os.path.join("..", os.path.basename(self.dir), "bad.yaml")]

    # --- streams and status ------------------------------------------------

    def test_nothing_found_is_status_0(self):
        self.write("a.yaml", GOOD % 3)
        done = self.checked("a.yaml", status=0)
        self.assertEqual(done.stdout, b"")
        self.assertEqual(done.stderr,
                         b"no findings: 2 objects in 1 file\n")

    def test_an_error_is_status_1_and_stands_on_standard_output(self):
        self.write("a.yaml", BAD)
        done = self.checked("a.yaml", status=1)
        self.assertEqual(done.stdout,
                         b"a.yaml:4:32: error: spec.ports[0].port must be 1 "
                         b"to 65535, not 0 [invalid]\n")
        self.assertEqual(done.stderr,
                         b"1 error, 0 warnings: 0 objects in 1 file\n")

    def test_a_warning_is_status_0_unless_it_is_to_count(self):
        self.write("a.yaml", ODD)
        done = self.checked("a.yaml", status=0)
        self.assertIn(b"a.yaml:3:54: warning: ", done.stdout)
        again = self.checked("--warnings-as-errors", "a.yaml", status=1)
        self.assertEqual(again.stdout, done.stdout)
        self.write("a.yaml", GOOD % 3)
        self.checked("--warnings-as-errors", "a.yaml", status=0)

    def test_the_sum_can_be_switched_off(self):
        self.write("a.yaml", GOOD % 3)
        done = self.checked("--log-level", "warning", "a.yaml", status=0)
        self.assertEqual((done.stdout, done.stderr), (b"", b""))

    def test_standard_input_is_a_path(self):
        done = self.checked("-", status=1, input=BAD.encode())
        self.assertIn(b"<stdin>:4:32: error: ", done.stdout)

    def test_a_path_is_needed_and_has_to_be_there(self):
        self.write("zones", GOOD % 3)
        for words, has in (([], b"no PATH"), (["none.yaml"], b"none.yaml"),
                           (["-o", "xml", "zones"], b"sarif")):
            with self.subTest(words=words):
                done = self.checked(*words, status=2)
                self.assertEqual(done.stdout, b"")
                self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                self.assertIn(has, done.stderr)

    def test_what_cannot_be_written_is_an_error(self):
        self.write("a.yaml", BAD)
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BIN, "check", "a.yaml"], cwd=self.dir,
                                  stdout=full, stderr=subprocess.PIPE,
                                  timeout=20 * SLOW, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot write", done.stderr)

    def test_settings_count_as_they_do_for_a_server(self):
        self.write("a.yaml", GOOD % 9)
        self.checked("a.yaml", "--warnings-as-errors", status=0)
        done = self.checked("a.yaml", "--max-udp", "512", status=0)
        self.assertIn(b"[answer-over-udp]", done.stdout)
        self.write("c.yaml", "max-udp: 512\npaths: [a.yaml]\n")
        again = self.checked("--config", "c.yaml", status=0)
        self.assertEqual(again.stdout, done.stdout)

    def test_equal_paths_give_equal_reports(self):
        paths = self.mixed()
        for form in "text", "json", "sarif", "github":
            with self.subTest(form=form):
                reports = {self.checked("-o", form, *paths, status=1).stdout
                           for _ in range(3)}
                self.assertEqual(len(reports), 1)

    # --- forms -------------------------------------------------------------

    def findings(self, paths):
        """Those of the JSON form: it is the one that has each part apart."""
        done = self.checked("-o", "json", *paths, status=1)
        report = json.loads(done.stdout.decode("utf-8"))
        self.assertEqual(report["version"], 1)
        for level in "error", "warning":
            self.assertEqual(report[level + "s"],
                             sum(f["level"] == level
                                 for f in report["findings"]))
        return report["findings"]

    @staticmethod
    def message(finding):
        return finding["text"] + ("; " + finding["mend"] if finding["mend"]
                                  else "")

    def test_text_and_json_say_the_same(self):
        paths = self.mixed()
        lines = self.checked(*paths, status=1).stdout.decode(
            "utf-8", "replace").splitlines()
        findings = self.findings(paths)
        self.assertGreater(len(findings), 8)
        self.assertEqual(len(lines), len(findings))
        for line, f in zip(lines, findings):
            place = f["file"].replace("\n", "?").replace("\x1b", "?")
            if f["line"]:
                place += f":{f['line']}:{f['column']}"
            self.assertEqual(line, f"{place}: {f['level']}: "
                                   f"{self.message(f)} [{f['id']}]")

    def test_github_reads_what_json_says(self):
        """As the runner does: it undoes these escapes, in this order."""
        paths = self.mixed()
        lines = self.checked("-o", "github", *paths, status=1).stdout.decode(
            "utf-8", "replace").splitlines()
        findings = self.findings(paths)
        self.assertEqual(len(lines), len(findings))
        for line, f in zip(lines, findings):
            level, properties, message = re.fullmatch(
                r"::(\w+) ([^:]*)::(.*)", line).groups()
            read = {}
            for part in properties.split(","):
                key, value = part.split("=", 1)
                for escape, octet in (("%0D", "\r"), ("%0A", "\n"),
                                      ("%3A", ":"), ("%2C", ","),
                                      ("%25", "%")):
                    value = value.replace(escape, octet)
                read[key] = value
            for escape, octet in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
                message = message.replace(escape, octet)
            wanted = {"file": re.sub(r"^\./", "", f["file"]),
                      "title": f["id"]}
            if f["line"]:
                wanted.update(line=str(f["line"]), col=str(f["column"]))
            self.assertEqual(read, wanted)
            self.assertEqual((level, message), (f["level"], self.message(f)))

    def sarif(self, paths, status=1):
        done = self.checked("-o", "sarif", *paths, status=status)
        return json.loads(done.stdout.decode("utf-8"))

    def test_sarif_leads_to_the_files(self):
        paths = self.mixed()
        results = self.sarif(paths)["runs"][0]["results"]
        findings = self.findings(paths)
        self.assertEqual(len(results), len(findings))
        for result, f in zip(results, findings):
            self.assertEqual((result["ruleId"], result["level"],
                              result["message"]["text"]),
                             (f["id"], f["level"], self.message(f)))
            place = result["locations"][0]["physicalLocation"]
            at = place["artifactLocation"]
            uri = urllib.parse.urlsplit(at["uri"])
            self.assertEqual((uri.netloc, uri.query, uri.fragment),
                             ("", "", ""))
            path = urllib.parse.unquote_to_bytes(uri.path)
            self.assertEqual(uri.scheme, "file" if path[:1] == b"/" else "")
            self.assertEqual(at.get("uriBaseId"), None
                             if path[:1] == b"/" or path[:2] == b".."
                             else "%SRCROOT%")
            self.assertTrue(os.path.lexists(
                os.path.join(os.fsencode(self.dir), path)), path)
            region = place.get("region", {})
            self.assertEqual((region.get("startLine", 0),
                              region.get("startColumn", 0)),
                             (f["line"], f["column"]))

    @unittest.skipUnless(jsonschema, "python3-jsonschema is not installed")
    def test_sarif_is_valid_by_its_schema(self):
        with tempfile.TemporaryDirectory(prefix="ordinald-sarif.") as directory:
            schema, why = fetch_schema(directory)
        if not schema:
            self.skipTest(why)
        validator = jsonschema.Draft4Validator(schema)
        report = self.sarif(self.mixed())
        self.assertEqual([e.message for e in validator.iter_errors(report)],
                         [])
        self.assertEqual(report["$schema"], schema["id"])
        rules = report["runs"][0]["tool"]["driver"]["rules"]
        self.assertEqual(len({r["id"] for r in rules}), len(rules))
        os.mkdir(self.path("clean"))
        self.write("clean/a.yaml", GOOD % 3)
        clean = self.sarif(["clean"], status=0)
        self.assertEqual(clean["runs"][0]["results"], [])
        validator.validate(clean)
        # and it would tell
        report["runs"][0]["results"][0]["level"] = "fatal"
        self.assertFalse(validator.is_valid(report))

    # --- rules -------------------------------------------------------------

    def test_each_rule_has_a_page(self):
        listed = self.checked("--rules", status=0).stdout.decode("utf-8")
        ids = [line.split()[0] for line in listed.splitlines()]
        self.assertGreater(len(ids), 30)
        self.assertEqual(len(set(ids)), len(ids))
        for line in listed.splitlines():
            rule, level, title = line.split(None, 2)
            with self.subTest(rule=rule):
                self.assertIn(level, ("answer", "warning", "error"))
                self.assertNotRegex(title, r"[{}\[\]]")
                page = self.checked("--explain", rule,
                                    status=0).stdout.decode("utf-8")
                self.assertEqual(page.splitlines()[0], rule)
                self.assertNotRegex(page, r"[{}]")
                if level != "answer":
                    self.assertIn(f"{level}: ", page)
                    self.assertIn(f"[{rule}]", page)

    def test_an_unknown_rule_is_named_with_its_neighbour(self):
        done = self.checked("--explain", "service-mising", status=2)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"'service-mising'", done.stderr)
        self.assertIn(b"'service-missing'", done.stderr)

    def test_sarif_has_the_rules_that_check_tells(self):
        self.write("a.yaml", GOOD % 3)
        listed = self.checked("--rules", status=0).stdout.decode("utf-8")
        told = {line.split()[0]: line.split()[1]
                for line in listed.splitlines()
                if line.split()[1] != "answer"}
        rules = self.sarif(["a.yaml"], status=0)["runs"][0]["tool"]["driver"][
            "rules"]
        self.assertEqual({r["id"]: r["defaultConfiguration"]["level"]
                          for r in rules}, told)

    # --- examples ----------------------------------------------------------

    def test_the_examples_have_no_errors(self):
        check_zones = subprocess.run([BIN, "check", "zones"], cwd=ROOT,
                                     capture_output=True, text=True,
                                     timeout=20 * SLOW, check=False)
        self.assertEqual(check_zones.returncode, 0, check_zones.stdout)


if __name__ == "__main__":
    main()

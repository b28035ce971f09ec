#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`ordinald zone`: what is printed is what is served, and what other servers'
checkers accept."""

import json
import os
import shutil
import signal
import subprocess

import dns.rcode
import dns.rdatatype
import dns.zone

from ordinald import (BIN, MONGO, ROOT, SLOW, Case, control_socket, free_port,
                      main, run)

LONG = "x" * 63
# below a domain of one label of 57 octets a pod's name has 255
LONG_DOMAIN = "y" * 57
EDGES = f"""
apiVersion: v1
kind: Service
metadata: {{name: {LONG}, namespace: {LONG}}}
spec: {{clusterIP: None, ports: [{{name: p, port: 1}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: one
  namespace: {LONG}
  labels: {{kubernetes.io/service-name: {LONG}}}
addressType: IPv6
ports: [{{name: p, port: 1}}]
endpoints:
- {{addresses: ["2001:db8::1"], hostname: {LONG[:62]}}}
- {{addresses: ["2001:db8::2"]}}
- {{addresses: ["2001:db8::3"], hostname: {LONG}}}
---
apiVersion: v1
kind: Service
metadata: {{name: outside, namespace: edge}}
spec: {{type: ExternalName, externalName: www.example.org}}
---
apiVersion: v1
kind: Service
metadata: {{name: inside, namespace: edge}}
spec: {{type: ExternalName, externalName: dual.edge.svc.cluster.local}}
---
apiVersion: v1
kind: Service
metadata: {{name: dual, namespace: edge}}
spec:
  clusterIPs: [10.96.7.7, "fd00::7"]
  ports: [{{name: dns, port: 53, protocol: UDP}}, {{name: dns-tcp, port: 53}}]
"""


def zone(*words, **how):
    """`ordinald zone` to its end."""
    return subprocess.run([BIN, "zone", *words], capture_output=True, text=True,
                          timeout=20 * SLOW, cwd=ROOT, check=False, **how)


def without_serial(text):
    return "".join(line for line in text.splitlines(True)
                   if "\tSOA\t" not in line)


def parts(text):
    """The master files of a text by their origin."""
    found = {}
    for part in text.split("; zone ")[1:]:
        found[part.split("\n", 1)[0]] = "; zone " + part
    return found


class Printing(Case):
    def printed(self, *words, status=0):
        done = zone(*words)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def refused(self, *words, status, has, **how):
        done = zone(*words, **how)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for text in has:
            self.assertIn(text, done.stderr)
        return done

    def test_a_server_prints_what_its_paths_do(self):
        self.write("edges.yaml", EDGES)
        self.copy()
        socket = self.path("s")
        options = ["--ttl", "7", "--reverse", "10.0.0.0/8,2001:db8::/32",
                   "--cluster-domain", "K8s.Example", "--pods", "verified",
                   "--zonal"]
        server = self.serve(options=["--control", socket, *options])
        where = ["--listen", server.listen[0], *options, self.dir]
        for words in ([], ["-o", "json"], ["--origin", "10.in-addr.arpa"]):
            served = self.printed("--control", socket, *words)
            loaded = self.printed(*words, *where)
            if words[:1] == ["-o"]:
                served, loaded = json.loads(served), json.loads(loaded)
                for z in served + loaded:
                    del z["serial"]
                    self.assertEqual(z["records"].pop(0)["type"], "SOA")
            else:
                served, loaded = map(without_serial, (served, loaded))
            self.assertEqual(served, loaded)
        self.assertEqual(list(parts(self.printed("--control", socket))),
                         ["k8s.example.", "10.in-addr.arpa.",
                          "8.b.d.0.1.0.0.2.ip6.arpa."])

    def test_each_record_is_answered_as_printed(self):
        self.write("edges.yaml", EDGES)
        self.copy()
        self.copy("dual-stack.yaml")
        socket = self.path("s")
        server = self.serve(options=["--control", socket])
        seen = 0
        for origin, text in parts(self.printed("--control", socket)).items():
            for name, rdataset in dns.zone.from_text(
                    text, origin, relativize=False).iterate_rdatasets():
                reply = server.ask(name, dns.rdatatype.to_text(rdataset.rdtype),
                                   tcp=True)
                self.assertEqual(reply.rcode(), dns.rcode.NOERROR, name)
                answer = reply.answer[0]
                self.assertEqual(answer.name, name)
                self.assertEqual(answer.to_rdataset(), rdataset, name)
                self.assertEqual(answer.ttl, rdataset.ttl)
                seen += 1
        self.assertGreater(seen, 40)

    def test_json_and_text_say_the_same(self):
        text = self.printed("zones")
        zones = json.loads(self.printed("--output", "json", "zones"))
        self.assertEqual(len(zones), len(parts(text)))
        for z in zones:
            lines = [f"{r['name']}\t{r['ttl']}\tIN\t{r['type']}\t{r['data']}"
                     for r in z["records"]]
            of_text = parts(text)[z["origin"]].splitlines()[3:]
            self.assertEqual(lines[1:], of_text[1:])

    def test_checkers_accept_it(self):
        missing = [tool for tool in
                   ("named-checkzone", "kzonecheck", "nsd-checkzone")
                   if not shutil.which(tool)]
        self.write("edges.yaml", EDGES)
        out = self.path("out")
        edges = self.path("edges.yaml")
        for words in (["zones"], ["tests/data/seeds"], [edges],
                      ["--cluster-domain", LONG_DOMAIN, edges]):
            zone("--directory", out, "--zonal", "--pods", "verified", *words)
            for file in os.listdir(out):
                origin = file[:-len(".zone")]
                file = os.path.join(out, file)
                for command in (["named-checkzone", origin, file],
                                ["kzonecheck", "-o", origin, file],
                                ["nsd-checkzone", origin, file]):
                    if command[0] in missing:
                        continue
                    done = subprocess.run(command, capture_output=True,
                                          text=True, timeout=60, check=False)
                    self.assertEqual(done.returncode, 0,
                                     (command, done.stdout, done.stderr))
        if missing:
            self.skipTest("not here: " + ", ".join(missing))

    def test_names_of_255_octets_are_printed(self):
        edges = self.write("edges.yaml", EDGES)
        for domain, fits in ((LONG_DOMAIN, True), (LONG_DOMAIN + "y", False)):
            text = self.printed("--cluster-domain", domain, edges)
            owners = {line.split("\t")[0] for line in text.splitlines()}
            service = f"{LONG}.{LONG}.svc.{domain}."
            self.assertIn(f"{LONG[:62]}.{service}", owners)
            self.assertEqual(f"{LONG}.{service}" in owners, fits)

    def test_one_origin_is_one_part_of_all(self):
        found = parts(self.printed("zones"))
        for origin, text in found.items():
            self.assertTrue(text.startswith(
                f"; zone {origin}\n$ORIGIN {origin}\n$TTL 5\n{origin}\t1\tIN\t"
                f"SOA\t"), text[:200])
            for spelled in (origin, origin.upper()[:-1]):
                one = self.printed("--origin", spelled, "zones")
                self.assertEqual(without_serial(one), without_serial(text))
        one = json.loads(self.printed("-o", "json", "--origin", "ip6.arpa",
                                      "zones"))
        self.assertEqual(one["origin"], "ip6.arpa.")

    def test_files_are_written_whole_and_anew(self):
        out = self.path("out")
        found = parts(self.printed("zones"))
        for _ in range(2):
            self.assertEqual(self.printed("--directory", out, "zones"), "")
            self.assertEqual(sorted(os.listdir(out)),
                             ["cluster.local.zone", "in-addr.arpa.zone",
                              "ip6.arpa.zone"])
            for origin, text in found.items():
                with open(f"{out}/{origin}zone", encoding="ascii") as f:
                    self.assertEqual(without_serial(f.read()),
                                     without_serial(text))
        subprocess.run(["sh", "-c", 'umask 027; exec "$@"', "sh", BIN, "zone",
                        "-o", "json", "--origin", "ip6.arpa", "--directory",
                        out, os.path.join(ROOT, "zones")], check=True,
                       timeout=20 * SLOW)
        self.assertEqual(os.stat(f"{out}/ip6.arpa.json").st_mode & 0o777, 0o640)
        self.assertEqual(len(os.listdir(out)), 4)

    def test_files_come_from_a_server_too(self):
        socket, out = self.path("s"), self.path("out")
        self.serve("zones", options=["--control", socket])
        self.printed("--control", socket, "--directory", out)
        text = ""
        for origin in ("cluster.local", "in-addr.arpa", "ip6.arpa"):
            with open(f"{out}/{origin}.zone", encoding="ascii") as f:
                text += f.read()
        self.assertEqual(text, self.printed("--control", socket))

    def test_a_slash_in_a_domain_leads_nowhere(self):
        out = self.path("out")
        self.printed("--directory", out, "--cluster-domain",
                     "\\.\\./b.local", "zones")
        self.assertIn("\\.\\.\\047b.local.zone", os.listdir(out))

    def test_what_cannot_be_written_is_one_line(self):
        self.refused("--directory", "/dev/null/x", "zones", status=1,
                     has=["/dev/null/x"])
        self.refused("--directory", "/dev/null", "zones", status=1,
                     has=["/dev/null/", "cannot write"])
        socket = self.path("s")
        self.serve("zones", options=["--control", socket])
        for words in (["zones"], ["--control", socket]):
            for shell, why in (('exec "$@" > /dev/full', "No space left"),
                               ('exec "$@" >&-', "Bad file descriptor")):
                done = subprocess.run(
                    ["sh", "-c", shell, "sh", BIN, "zone", *words],
                    capture_output=True, text=True, timeout=20 * SLOW,
                    cwd=ROOT, check=False)
                self.assertEqual(done.returncode, 1, (words, shell, done))
                self.assertEqual(done.stderr,
                                 f"ordinald zone: cannot write: {why}"
                                 f"{done.stderr.split(why, 1)[-1]}")
                self.assertEqual(len(done.stderr.splitlines()), 1)
            read, write = os.pipe()
            os.close(read)
            with os.fdopen(write, "wb") as gone:
                done = subprocess.run(
                    [BIN, "zone", *words], stdout=gone, stderr=subprocess.PIPE,
                    text=True, timeout=20 * SLOW, cwd=ROOT, check=False)
            # whoever reads has enough: that is no error
            self.assertEqual(done.returncode, -signal.SIGPIPE)
            self.assertEqual(done.stderr, "")

    def test_no_server_is_told_with_the_way_out(self):
        socket = self.path("s")
        self.refused("--control", socket, status=1,
                     has=[f"'{socket}'", "ordinald serve", "--control",
                          "PATHs"])
        self.refused("--control", "none", status=2, has=["PATHs"])

    def test_a_server_is_found_by_its_port(self):
        env = dict(os.environ, XDG_RUNTIME_DIR=self.dir)
        port = free_port()
        process = subprocess.Popen(
            [BIN, "serve", "--listen", f"127.0.0.1:{port}", "zones"], env=env,
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True)
        try:
            while "ready" not in process.stderr.readline():
                self.assertIsNone(process.poll())
            done = zone("--listen", f"127.0.0.1:{port}", env=env)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"{MONGO}\t5\tIN\tA\t", done.stdout)
        finally:
            process.terminate()
            self.assertEqual(process.wait(20), 0)
            process.stderr.close()
        path = control_socket(port, self.dir)
        self.assertFalse(os.path.exists(path))
        self.refused("--listen", f"127.0.0.1:{port}", status=1, has=[path],
                     env=env)

    def test_an_origin_that_is_not_served_is_a_no(self):
        self.refused("--origin", "example.org", "zones", status=1,
                     has=["'example.org.'", "cluster.local."])
        socket = self.path("s")
        self.serve("zones", options=["--control", socket])
        self.refused("--origin", "example.org", "--control", socket, status=1,
                     has=["'example.org.'", socket])
        self.refused("--origin", "a..b", "zones", status=2, has=["--origin"])

    def test_wrong_usage_is_told(self):
        self.refused("/nowhere/x.yaml", status=2, has=["/nowhere/x.yaml"])
        self.refused("--output", "xml", "zones", status=2,
                     has=["--output", "xml", "text|json"])
        self.refused("--origen", "x", status=2, has=["--origen", "--origin",
                                                     "ordinald zone --help"])

    def test_a_refused_file_still_prints_the_rest(self):
        self.copy()
        bad = self.write("bad.yaml", "kind: [\n")
        done = zone(self.dir)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{bad}:", done.stderr)
        self.assertIn(": error: ", done.stderr)
        self.assertIn(f"{MONGO}\t5\tIN\tA\t", done.stdout)

    def test_standard_input_is_a_path(self):
        with open(os.path.join(ROOT, "zones/mongo.yaml"),
                  encoding="utf-8") as f:
            done = run("zone", "-", stdin=f.read())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{MONGO}\t5\tIN\tA\t", done.stdout)

    def test_equal_paths_give_equal_texts(self):
        first, second = (without_serial(self.printed(
            "--endpoint-pod-names", "zones")) for _ in range(2))
        self.assertEqual(first, second)

    def test_help_has_the_options(self):
        for words in (["zone", "--help"], ["help", "zone"]):
            done = run(*words)
            self.assertEqual(done.returncode, 0)
            for option in ("--origin", "-o, --output", "--directory",
                           "--cluster-domain", "--control", "Example:"):
                self.assertIn(option, done.stdout)
            # a screen of what matters
            self.assertNotIn("--tcp-idle", done.stdout)
            self.assertLess(len(done.stdout.splitlines()), 50)


if __name__ == "__main__":
    main()

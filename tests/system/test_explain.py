#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`ordinald explain`: what a server tells is what its PATHs do, as text and as
JSON, and the exit status says whether the name resolves."""

import json
import os
import re
import signal
import subprocess
import threading
from socket import AF_UNIX, socket as Socket

from ordinald import BIN, MONGO, POD, ROOT, SLOW, Case, main, run

TIME = re.compile(r"\d\d:\d\d:\d\dZ, \d{4}-\d\d-\d\d")
NAMES = [
    [MONGO], [MONGO, "SRV"], [POD % 0], [POD % 0, "aaaa"], [POD % 9],
    ["nope." + MONGO], ["mongo-servic.mongo.svc.cluster.local"],
    ["mongo.svc.cluster.local", "TXT"], ["nope.svc.cluster.local"],
    ["mongo-service.mongo"], ["www.example.org."], ["10.233.75.13"],
    ["192.0.2.1"], ["_mongo._tcp." + MONGO], ["_mong._tcp." + MONGO],
    ["etcd-1.etcd.dual.svc.cluster.local"], ["fd00:10:233::11"],
    [MONGO, "TYPE65"], [MONGO, "any"], ["cluster.local", "SOA"],
]


def explain(*words, **how):
    """`ordinald explain` to its end."""
    return subprocess.run([BIN, "explain", *words], capture_output=True,
                          text=True, timeout=20 * SLOW, cwd=ROOT, check=False,
                          **how)


class Explaining(Case):
    def refused(self, *words, status, has, **how):
        done = explain(*words, **how)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for text in has:
            self.assertIn(text, done.stderr)

    def test_a_server_tells_what_its_paths_do(self):
        self.copy()
        self.copy("dual-stack.yaml")
        socket = self.path("s")
        self.serve(options=["--control", socket])
        for words in NAMES:
            for form in ("text", "json"):
                served = explain("--control", socket, "-o", form, *words)
                loaded = explain("-o", form, *words, self.dir)
                self.assertEqual(served.stderr, "")
                self.assertEqual(loaded.stderr, "")
                self.assertEqual(served.returncode, loaded.returncode, words)
                # each says since when, and a set is answered from any of its
                # members on
                said, told = (sorted(TIME.sub("", d.stdout).splitlines())
                              if form == "text" else
                              json.loads(TIME.sub("", d.stdout))
                              for d in (served, loaded))
                if form == "json":
                    for each in (said, told):
                        each["answers"].sort(key=str)
                        for a in each["answers"]:
                            if a["type"] == "SOA":
                                a["data"] = re.sub(r" \d+", "", a["data"])
                elif "SOA" in words:
                    said, told = ([re.sub(r"SOA .*", "", l) for l in each]
                                  for each in (said, told))
                self.assertEqual(said, told, words)

    def test_the_status_says_whether_it_resolves(self):
        self.copy()
        socket = self.path("s")
        self.serve(options=["--control", socket])
        for words, status in (([POD % 0], 0), ([POD % 0, "AAAA"], 1),
                              ([POD % 9], 1), ([MONGO, "SRV"], 0),
                              (["www.example.org"], 1), (["10.233.75.13"], 0),
                              (["10.233.75.14"], 1)):
            for form in ("text", "json"):
                for where in ([self.dir], ["--control", socket]):
                    done = explain("-o", form, *words, *where)
                    self.assertEqual(done.returncode, status,
                                     (words, where, done.stdout, done.stderr))
                    if form == "json":
                        self.assertEqual(json.loads(done.stdout)["resolves"],
                                         status == 0)

    def test_what_is_asked_upstream_is_not_answered_with_no(self):
        self.copy()
        socket = self.path("s")
        forward = ["--forward", "127.0.0.1:1", "--fallthrough"]
        self.serve(options=["--control", socket, *forward])
        for name, verdict in (("www.example.org.", "forwarded"),
                              ("db.nope.svc.cluster.local.", "forwarded"),
                              ("2.0.192.in-addr.arpa.", "forwarded"),
                              (POD % 0, "resolves"), (POD % 9, "NXDOMAIN")):
            for where in ([self.dir, *forward], ["--control", socket]):
                done = explain(name, *where)
                self.assertEqual(done.returncode, int(verdict == "NXDOMAIN"),
                                 (name, where, done.stdout, done.stderr))
                self.assertEqual(done.stdout.splitlines()[0].split(": ")[1],
                                 verdict)
                done = explain("-o", "json", name, *where)
                self.assertEqual(done.returncode, int(verdict == "NXDOMAIN"))
                self.assertEqual(json.loads(done.stdout)["forwarded"],
                                 verdict == "forwarded")

    def test_it_is_what_dig_is_told(self):
        self.copy()
        server = self.serve()
        for words in ([POD % 9], ["nope." + MONGO, "SRV"],
                      ["nope.svc.cluster.local"], ["www.example.org"],
                      ["_x._tcp." + MONGO, "SRV"], [MONGO, "AAAA"]):
            told = json.loads(explain("-o", "json", *words, self.dir).stdout)
            reply = server.ask(words[0], (words + ["A"])[1], tcp=True)
            errors = [o for o in reply.options if o.otype == 15]
            self.assertEqual(len(errors), 1, words)
            data = errors[0].to_wire()
            self.assertEqual(int.from_bytes(data[:2], "big"),
                             told["reason"]["ede"])
            self.assertEqual(data[2:].decode(), told["reason"]["text"])
            self.assertTrue(told["reason"]["id"])

    def test_the_chain_has_files_and_lines(self):
        done = explain(POD % 9, "zones")
        self.assertEqual(done.returncode, 1)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], (POD % 9) + " A, AAAA: NXDOMAIN")
        self.assertEqual(lines[1], "ordinal-outside: StatefulSet "
                         "mongo-statefulset has the ordinals 0..2")
        chain = lines[lines.index("because:") + 1:]
        with open(os.path.join(ROOT, "zones/mongo.yaml"),
                  encoding="utf-8") as f:
            starts = [n for n, line in enumerate(f, 1)
                      if line.startswith("apiVersion:")]
        for line, start, kind in zip(chain, starts,
                                     ("Service", "StatefulSet")):
            self.assertTrue(line.startswith(f"  {kind} mongo/mongo-"), line)
            self.assertTrue(line.endswith(f"  zones/mongo.yaml:{start}"), line)
        self.assertTrue(lines[-1].startswith("mend: "), lines)

    def test_json_has_all_its_keys(self):
        told = json.loads(explain("-o", "json", POD % 1, "zones").stdout)
        self.assertEqual(list(told), ["name", "type", "rcode", "resolves",
                                      "forwarded", "answers", "reason",
                                      "questions", "near", "hint", "chain"])
        self.assertEqual(told["answers"], [{
            "name": POD % 1, "ttl": 5, "type": "A", "data": "10.233.75.13"}])
        self.assertEqual([q["type"] for q in told["questions"]], ["A", "AAAA"])
        self.assertEqual([l["kind"] for l in told["chain"]],
                         ["Service", "StatefulSet", "Pod"])
        for link in told["chain"]:
            self.assertEqual(list(link), ["kind", "namespace", "name", "state",
                                          "file", "line", "column", "more"])

    def test_a_word_is_a_type_or_a_path(self):
        with open(os.path.join(ROOT, "zones/mongo.yaml"),
                  encoding="utf-8") as f:
            text = f.read()
        self.write("a", text)
        for words, kind in ((["a", "a"], "A"), (["./a"], "A, AAAA"),
                            (["srv", "a"], "SRV"), (["type33", "a"], "SRV"),
                            (["TYPE65534", "a"], "TYPE65534")):
            done = subprocess.run([BIN, "explain", MONGO, *words],
                                  capture_output=True, text=True,
                                  timeout=20 * SLOW, cwd=self.dir, check=False)
            self.assertTrue(done.stdout.startswith(f"{MONGO} {kind}: "),
                            (words, done))
        done = run("explain", MONGO, "-", stdin=text)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_wrong_usage_is_told(self):
        self.refused(status=2, has=["NAME [TYPE] [PATH...]"])
        self.refused("a..b", status=2, has=["NAME", "a..b"])
        self.refused("x" * 64 + ".local", "zones", status=2, has=["NAME"])
        self.refused(MONGO, "MX", status=2, has=["'MX'", "TYPE", "PATH"])
        self.refused(MONGO, "TYPE65536", status=2, has=["'TYPE65536'"])
        self.refused(MONGO, "TYPE0", status=2, has=["'TYPE0'"])
        self.refused(MONGO, "A", "/nowhere/x.yaml", status=2,
                     has=["/nowhere/x.yaml", "existing"])
        self.refused(MONGO, "zones", "/nowhere", status=2, has=["/nowhere"])
        self.refused("--output", "xml", MONGO, "zones", status=2,
                     has=["--output", "text|json"])
        self.refused("--outptu", "json", MONGO, status=2, has=["--output"])

    def test_no_server_is_told_with_the_way_out(self):
        socket = self.path("s")
        self.refused("--control", socket, MONGO, status=1,
                     has=[f"'{socket}'", "ordinald serve", "--control",
                          "PATHs"])
        self.refused("--control", "none", MONGO, status=2, has=["PATHs"])

    def test_a_server_of_another_version_is_told_as_such(self):
        for head, body, status, has in (
                ("404 Not Found", b"there is no '/explain'\n", 1,
                 ["older", "PATHs"]),
                ("400 Bad Request", b"'name' is no word of this page\n", 1,
                 ["'name' is no word"]),
                ("200 OK", b"[1, 2", 1, ["the server's reply"])):
            path = self.path(head.replace(" ", "-"))
            with Socket(AF_UNIX) as listening:
                listening.bind(path)
                listening.listen(1)
                listening.settimeout(20 * SLOW)
                server = threading.Thread(target=self.reply,
                                          args=(listening, head, body))
                server.start()
                self.refused("--control", path, "-o", "json", MONGO,
                             status=status, has=has)
                server.join()

    @staticmethod
    def reply(listening, head, body):
        connection = listening.accept()[0]
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s"
                               % (head.encode(), len(body), body))

    def test_a_server_that_has_not_loaded_says_so(self):
        socket = self.path("s")
        server = self.serve("-", options=["--control", socket], stdin="",
                            stdin_ends=False, wait=False)
        while not os.path.exists(socket):
            self.assertIsNone(server.process.poll())
        self.refused("--control", socket, MONGO, status=1,
                     has=["not-loaded: ", "ask again"])
        server.process.stdin.close()
        server.wait_for("ready", 10)

    def test_what_cannot_be_written_is_one_line(self):
        socket = self.path("s")
        self.serve("zones", options=["--control", socket])
        for words in (["zones"], ["--control", socket]):
            done = subprocess.run(
                ["sh", "-c", 'exec "$@" > /dev/full', "sh", BIN, "explain",
                 MONGO, *words], capture_output=True, text=True,
                timeout=20 * SLOW, cwd=ROOT, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr, "ordinald explain: cannot write: "
                             "No space left on device\n")
            read, write = os.pipe()
            os.close(read)
            with os.fdopen(write, "wb") as gone:
                done = subprocess.run(
                    [BIN, "explain", MONGO, *words], stdout=gone,
                    stderr=subprocess.PIPE, text=True, timeout=20 * SLOW,
                    cwd=ROOT, check=False)
            self.assertEqual(done.returncode, -signal.SIGPIPE)
            self.assertEqual(done.stderr, "")

    def test_paths_of_a_configuration_file_are_taken(self):
        config = self.write("config", f"paths: [{ROOT}/zones]\n")
        done = explain("--config", config, POD % 0)
        self.assertEqual(done.returncode, 0, done.stderr)
        missing = self.write("missing", "paths: [/nowhere/x]\n")
        self.refused("--config", missing, MONGO, status=2, has=["/nowhere/x"])

    def test_a_refused_file_still_explains_the_rest(self):
        self.copy()
        bad = self.write("bad.yaml", "kind: [\n")
        done = explain(POD % 0, self.dir)
        self.assertEqual(done.returncode, 0)
        self.assertIn(f"{bad}:", done.stderr)
        self.assertIn(": resolves\n", done.stdout)

    def test_help_has_the_options(self):
        for words in (["explain", "--help"], ["help", "explain"]):
            done = run(*words)
            self.assertEqual(done.returncode, 0)
            for text in ("NAME [TYPE] [PATH...]", "-o, --output", "--control",
                         "--cluster-domain", "Example:", "Exit status:"):
                self.assertIn(text, done.stdout)
            lines = done.stdout.splitlines()
            self.assertLess(len(lines), 56)
            self.assertLessEqual(max(map(len, lines)), 80)


if __name__ == "__main__":
    main()

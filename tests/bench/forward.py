#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What forwarding costs: how long an answer takes that a server on this machine
gives at once, asked directly and through ordinald, dnsmasq and CoreDNS, each of
them without a cache, in turns; and what 10,000 questions take in memory that
wait for an upstream which says nothing.

    forward.py [ORDINALD [COREDNS]]"""

import contextlib
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROUNDS, QUERIES = 5, 2000
OUTSTANDING = 10000
MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: up}
spec: {type: ClusterIP, clusterIP: 192.0.2.7, ports: [{port: 80}]}
"""
NAME = "web.up.svc.upstream.test"


def query(name, number):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    return struct.pack("!6H", number & 0xffff, 0x100, 1, 0, 0, 0) + \
        labels + b"\0" + struct.pack("!2H", 1, 1)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def running(*command, port=None):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        if port:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.connect(("127.0.0.1", port))
                s.settimeout(0.2)
                for _ in range(100):
                    try:
                        s.send(query(NAME, 1))
                        if s.recv(512)[3] & 15 == 0:
                            break
                    except OSError:
                        time.sleep(0.05)
                else:
                    raise SystemExit(f"{command[0]} does not answer")
        yield process
    finally:
        process.terminate()
        process.wait()


def latencies(port):
    """Microseconds from question to answer, one after the other."""
    took = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", port))
        s.settimeout(5)
        for i in range(QUERIES):
            wire = query(NAME, i)
            began = time.perf_counter_ns()
            s.send(wire)
            reply = s.recv(512)
            took.append((time.perf_counter_ns() - began) / 1000)
            if reply[3] & 15 or not reply.endswith(bytes([192, 0, 2, 7])):
                raise SystemExit("a wrong answer")
    return took


def compare(ordinald, coredns, folder):
    upstream, mine, masq, core = (free_port() for _ in range(4))
    manifest = os.path.join(folder, "web.yaml")
    with open(manifest, "w", encoding="ascii") as f:
        f.write(MANIFEST)
    empty = os.path.join(folder, "empty")
    os.mkdir(empty)
    corefile = os.path.join(folder, "Corefile")
    with open(corefile, "w", encoding="ascii") as f:
        f.write(f".:{core} {{\n bind 127.0.0.1\n"
                f" forward . 127.0.0.1:{upstream}\n}}\n")
    ways = {"asked directly": (upstream, None),
            "through ordinald": (mine, [
                ordinald, "serve", "--control", "none", "--threads", "1",
                "--listen", f"127.0.0.1:{mine}", "--forward",
                f"127.0.0.1:{upstream}", empty])}
    dnsmasq = shutil.which("dnsmasq", path=os.environ["PATH"] + ":/usr/sbin")
    if dnsmasq:
        ways["through dnsmasq"] = (masq, [
            dnsmasq, "-d", "-C", "/dev/null", "-p", str(masq),
            "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv",
            "--no-hosts", "--cache-size=0", f"--pid-file={folder}/pid",
            f"--server=127.0.0.1#{upstream}"])
    if coredns and os.access(coredns, os.X_OK):
        ways["through CoreDNS"] = (core, [coredns, "-conf", corefile])
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(
            ordinald, "serve", "--control", "none", "--threads", "1",
            "--listen", f"127.0.0.1:{upstream}", "--cluster-domain",
            "upstream.test", manifest, port=upstream))
        for port, command in ways.values():
            if command:
                stack.enter_context(running(*command, port=port))
        took = {way: [] for way in ways}
        for _ in range(ROUNDS):
            for way, (port, _) in ways.items():
                took[way] += latencies(port)
    direct = statistics.median(took["asked directly"])
    print(f"an answer over UDP, {ROUNDS * QUERIES} questions each, "
          "microseconds (median, 99 of 100 below, added to the direct one):")
    for way, all_of_it in took.items():
        middle = statistics.median(all_of_it)
        most = statistics.quantiles(all_of_it, n=100)[98]
        print(f"  {way:18} {middle:7.1f} {most:8.1f} {middle - direct:7.1f}")


def resident(process):
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def memory(ordinald, folder):
    port = free_port()
    empty = os.path.join(folder, "empty")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, \
            running(ordinald, "serve", "--control", "none", "--threads", "1",
                    "--listen", f"127.0.0.1:{port}", "--forward",
                    f"127.0.0.1:{silent_port(silent)}", "--forward-queries",
                    str(OUTSTANDING), "--forward-per-client",
                    str(OUTSTANDING), empty) as process, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        time.sleep(0.3)
        before = resident(process)
        s.connect(("127.0.0.1", port))
        most = before
        for i in range(OUTSTANDING):
            s.send(query(f"n{i}.example.org", i))
            if i % 500 == 499:
                time.sleep(0.02)
                most = max(most, resident(process))
        time.sleep(0.3)
        most = max(most, resident(process))
        print(f"{OUTSTANDING} questions that wait for a silent upstream: "
              f"{(most - before) / 2**20:.1f} MiB of memory above the "
              f"{before / 2**20:.1f} MiB before")


def silent_port(s):
    s.bind(("127.0.0.1", 0))
    return s.getsockname()[1]


def main():
    words = sys.argv[1:]
    ordinald = words[0] if words else "build/release/ordinald"
    coredns = words[1] if len(words) > 1 else "build/lab/bin/coredns"
    folder = tempfile.mkdtemp(prefix="ordinald-forward.")
    try:
        compare(ordinald, coredns, folder)
        memory(ordinald, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

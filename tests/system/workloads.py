# SPDX-License-Identifier: Apache-2.0
"""One StatefulSet or Deployment of which two make pods: Kubernetes' own
controllers, seen through CoreDNS, and ordinald without a cluster. Both are
steered by the same verbs, and what happens is written down alike: what becomes
of pods, and which names are in DNS."""

import http.client
import json
import os
import re
import select
import shutil
import socket
import ssl
import struct
import tempfile
import threading
import time

import dns.message
import dns.rcode

import ordinald

# A part of a pod's life, on both sides (tests/coredns/kubelet.yaml): long
# enough to be seen by who looks all the time, on a busy machine too.
STAGE_MS = 400
TIMES = {f"ordinald.io/{part}-after": f"{STAGE_MS}ms"
         for part in ("address", "ready", "gone")}
# Nothing happens for so long: nothing more will. Longer than a stage and what
# the controllers need to see its end.
QUIET_S = 1.0
LIMIT_S = 20
# the names that are looked at
ORDINALS = 8


def manifest(kind, namespace, spec, service=None):
    """The objects, as both sides take them."""
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels},
                "spec": {"nodeName": "n1",
                         "containers": [{"name": "web", "image": "web"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template, **spec}
    if kind == "StatefulSet":
        spec["serviceName"] = "web"
    objects = [
        {"apiVersion": "v1", "kind": "Service",
         "metadata": {"name": "web", "namespace": namespace},
         "spec": {"clusterIP": "None", "selector": labels,
                  "ports": [{"name": "http", "port": 80}], **(service or {})}},
        {"apiVersion": "apps/v1", "kind": kind,
         "metadata": {"name": "web", "namespace": namespace,
                      "annotations": TIMES},
         "spec": spec}]
    return json.loads(json.dumps(objects))  # nothing shared


def merge(into, change):
    """RFC 7396."""
    for key, value in change.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict):
            merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


# What both sides say of a pod.
LIFE = ("created", "addressed", "ready", "unready", "failed", "terminating",
        "gone")


class Diary:
    """What happened to pods, and which names came to DNS or left it."""

    def __init__(self):
        self.pods = []   # (time, pod, what)
        self.names = []  # (time, pod, "+" or "-")
        self.last = time.monotonic()
        self.failed = None

    def note(self, to, pod, what, age_s=0):
        self.last = time.monotonic()
        to.append((self.last - age_s, pod, what))

    def quiet_s(self):
        return time.monotonic() - self.last


class Watcher(threading.Thread):
    """Looks at names all the time, and writes down which come and go."""

    def __init__(self, diary, port, namespace):
        super().__init__(daemon=True)
        self.diary, self.over = diary, threading.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        domain = f"web.{namespace}.svc.cluster.local."
        self.queries = [(f"web-{i}", self.query(f"web-{i}.{domain}", "A"))
                        for i in range(ORDINALS)]
        self.service = self.query(domain, "SRV")
        self.there = set()
        self.reply = b""

    @staticmethod
    def query(name, kind):
        return dns.message.make_query(name, kind, use_edns=0,
                                      payload=4096).to_wire()

    def ask(self, query):
        """The reply to a query; late ones to former queries have other IDs."""
        for _ in range(5):
            self.socket.send(query)
            until = time.monotonic() + 1
            while select.select([self.socket], [], [],
                                max(0, until - time.monotonic()))[0]:
                reply = self.socket.recv(65535)
                if reply[:2] == query[:2]:
                    return reply
        raise RuntimeError("no reply from DNS")

    def has_answers(self, query):
        _, flags, _, answers = struct.unpack("!4H", self.ask(query)[:8])
        if flags & 15 not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise RuntimeError(f"rcode {flags & 15} from DNS")
        return answers > 0

    def run(self):
        try:
            while not self.over.wait(0.01):
                for pod, query in self.queries:
                    if self.has_answers(query) != (pod in self.there):
                        self.there ^= {pod}
                        self.diary.note(self.diary.names, pod,
                                        "+" if pod in self.there else "-")
                self.reply = self.ask(self.service)
        except Exception as error:  # told to who waits
            self.diary.failed = error

    def listed(self):
        """The names that the service had when it was last asked."""
        return {rr.target.labels[0].decode() for rrset in
                dns.message.from_wire(self.reply).answer for rr in rrset}

    def close(self):
        self.over.set()
        self.join(6)
        self.socket.close()


class Side:
    """What both have in common. Pods are named by their ordinals."""

    def __init__(self, kind, namespace, spec, service=None):
        self.kind, self.namespace = kind, namespace
        self.objects = manifest(kind, namespace, spec, service)
        self.diary = Diary()
        self.revision = 0

    @property
    def spec(self):
        return self.objects[1]["spec"]

    def look_at(self, port):
        self.watcher = Watcher(self.diary, port, self.namespace)
        self.watcher.start()

    def update(self, **more):
        """Another template."""
        self.revision += 1
        self.change({"template": {"metadata": {"labels": {
            "revision": str(self.revision)}}}, **more})

    def update_and_scale(self, n):
        self.update(replicas=n)

    def update_badly(self, ordinal):
        """The first pod of another template does not get ready."""
        seen = len(self.diary.pods)
        self.update()
        self.wait_for(seen, ordinal, "created")
        self.hold(ordinal)

    def scale_and_delete(self, n, ordinal):
        """A pod is deleted while the last one is leaving."""
        seen = len(self.diary.pods)
        last = self.spec["replicas"] - 1
        self.scale(n)
        self.wait_for(seen, last, "terminating")
        self.delete(ordinal)

    def wait_for(self, seen, ordinal, what):
        ordinald.until(lambda: (f"web-{ordinal}", what) in
                       [event[1:] for event in self.diary.pods[seen:]], 10)

    def settle(self, is_over):
        """Wait until it is so and nothing happens, or for too long."""
        began = time.monotonic()
        while time.monotonic() - began < LIMIT_S * ordinald.SLOW:
            if self.diary.failed:
                raise self.diary.failed
            if (min(self.diary.quiet_s(), time.monotonic() - began) > QUIET_S
                    and is_over()):
                return
            time.sleep(0.02)

    def scale(self, n):
        self.change({"replicas": n})


# --- Kubernetes ------------------------------------------------------------

class Api:
    """The API server, spoken to directly: kubectl takes longer to start than
    a pod lives here."""

    def __init__(self, lab):
        with open(f"{lab.dir}/run/kubeconfig", encoding="utf-8") as f:
            self.port = int(re.search(r"server: .*:(\d+)", f.read())[1])
        self.tls = ssl.create_default_context(
            cafile=f"{lab.dir}/run/certs/apiserver.crt")

    def open(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, context=self.tls, timeout=30)
        connection.request(method, path, body and json.dumps(body),
                           {"Authorization": "Bearer lab-admin",
                            "Content-Type": kind})
        reply = connection.getresponse()
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {reply.read()}")
        return connection, reply

    def call(self, *words):
        connection, reply = self.open(*words)
        try:
            return json.loads(reply.read())
        finally:
            connection.close()

    def patch(self, path, body):
        return self.call("PATCH", path, body, "application/merge-patch+json")


class Kubernetes(Side):
    """Pods made by the real controllers, names given by the real CoreDNS."""

    def __init__(self, lab, *words):
        super().__init__(*words)
        self.api = Api(lab)
        self.core = f"/api/v1/namespaces/{self.namespace}"
        self.apps = (f"/apis/apps/v1/namespaces/{self.namespace}/"
                     f"{self.kind.lower()}s")
        self.api.call("POST", "/api/v1/namespaces",
                      {"metadata": {"name": self.namespace}})
        self.known = {}
        self.connection, events = self.api.open(
            "GET", f"{self.core}/pods?watch=1")
        self.connection.sock.settimeout(None)
        self.reader = threading.Thread(target=self.read, args=(events,),
                                       daemon=True)
        self.reader.start()
        self.look_at(lab.ports[()])
        self.api.call("POST", f"{self.core}/services", self.objects[0])
        self.api.call("POST", self.apps, self.objects[1])

    def read(self, events):
        try:
            for line in events:
                event = json.loads(line)
                self.noted(event["type"], event["object"])
        except (OSError, ValueError, http.client.HTTPException):
            pass  # closed

    @staticmethod
    def facts(pod):
        status = pod.get("status", {})
        ready = [c["status"] == "True" for c in status.get("conditions", ())
                 if c["type"] == "Ready"]
        return {"addressed": "podIP" in status,
                "ready": ready == [True],
                "failed": status.get("phase") == "Failed",
                "terminating": "deletionTimestamp" in pod["metadata"]}

    def leaving(self):
        return any(facts["terminating"] for facts in self.known.values())

    def noted(self, kind, pod):
        name = pod["metadata"]["name"]
        note = lambda what: self.diary.note(self.diary.pods, name, what)
        was = self.known.get(name, {})
        if kind == "DELETED":
            del self.known[name]
            return note("gone")
        if not was:
            note("created")
        now = self.known[name] = self.facts(pod)
        for what in LIFE:
            if now.get(what) and not was.get(what):
                note(what)
        if was.get("ready") and not now["ready"]:
            note("unready")

    def change(self, spec):
        merge(self.spec, spec)
        self.api.patch(f"{self.apps}/web", {"spec": spec})

    def restart(self):
        self.change({"template": {"metadata": {"annotations": {
            "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}}}})

    def delete(self, ordinal):
        self.api.call("DELETE", f"{self.core}/pods/web-{ordinal}")

    def hold(self, ordinal, value=""):
        self.api.patch(f"{self.core}/pods/web-{ordinal}",
                       {"metadata": {"annotations": {"held": value}}})

    def release(self, ordinal):
        self.hold(ordinal, None)

    def fail(self, ordinal):
        self.api.patch(f"{self.core}/pods/web-{ordinal}/status",
                       {"status": {"phase": "Failed"}})

    def remove(self):
        """The whole workload."""
        self.api.call("DELETE", f"{self.apps}/web",
                      {"propagationPolicy": "Background"})

    def claims(self):
        return {claim["metadata"]["name"] for claim in self.api.call(
            "GET", f"{self.core}/persistentvolumeclaims")["items"]}

    def updated(self):
        """The pods of the newest template."""
        label = str(self.revision)
        return {pod["metadata"]["name"] for pod in self.api.call(
            "GET", f"{self.core}/pods")["items"]
            if pod["metadata"]["labels"].get("revision", "0") == label}

    def close(self):
        self.watcher.close()
        self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.reader.join(5)
        self.connection.close()


# --- ordinald --------------------------------------------------------------

class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=40 * ordinald.SLOW)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Ordinald(Side):
    """Pods and names as ordinald has them, without a cluster."""

    def __init__(self, *words):
        super().__init__(*words)
        self.dir = tempfile.mkdtemp(prefix="ordinald-controller.")
        self.held, self.over = set(), False
        self.write()
        control = f"{self.dir}/control"
        os.mkdir(control)
        self.control = f"{control}/socket"
        self.server = ordinald.Server(
            f"{self.dir}/web.json", options=(
                "--control", self.control, "--enable-faults",
                "--pod-cidr", "10.244.0.0/16"))
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.look_at(self.server.port)

    def call(self, method, path, body=None):
        connection = UnixConnection(self.control)
        connection.request(method, path, body and json.dumps(body),
                           {"Content-Type": "application/json"})
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {text}")
        return json.loads(text)

    def read(self):
        after = 0
        try:
            while not self.over:
                reply = self.call("GET", f"/events?after={after}&wait=1000")
                after = reply["last"]
                for event in reply["events"]:
                    self.noted(event)
        except Exception as error:  # told to who waits
            if not self.over:
                self.diary.failed = error

    def noted(self, event):
        pod, what = event.get("pod"), event["what"]
        if not pod or what not in LIFE:
            return
        self.diary.note(self.diary.pods, pod, what, event["since_ms"] / 1000)
        # there it is the pod that is held, not its name
        if what in ("terminating", "gone") and pod in self.held:
            self.release(pod[len("web-"):])

    def write(self):
        """All at once: a file that is half written is read as such."""
        with open(f"{self.dir}/new", "w", encoding="utf-8") as f:
            f.write("\n---\n".join(map(json.dumps, self.objects)))
        os.rename(f"{self.dir}/new", f"{self.dir}/web.json")

    def change(self, spec):
        merge(self.spec, spec)
        self.write()

    def steer(self, word, **body):
        self.call("POST", f"/{word}", body)

    def scale(self, n):
        self.spec["replicas"] = n  # for the next time that it is written
        self.steer("scale", workload=f"{self.namespace}/web", replicas=n)

    def restart(self):
        self.steer("restart", workload=f"{self.namespace}/web")

    def delete(self, ordinal):
        self.steer("delete-pod", pod=f"{self.namespace}/web-{ordinal}")

    def hold(self, ordinal, kind="not-ready"):
        self.held.add(f"web-{ordinal}")
        self.steer("faults", target=f"{self.namespace}/web-{ordinal}",
                   kind=kind)

    def fail(self, ordinal):
        self.hold(ordinal, "gone")

    def release(self, ordinal):
        self.held.discard(f"web-{ordinal}")
        self.call("DELETE", f"/faults?target={self.namespace}/web-{ordinal}")

    def remove(self):
        del self.objects[1]
        self.write()

    def claims(self):
        return {claim["name"]
                for claim in self.call("GET", "/claims")["claims"]}

    def leaving(self):
        return any(pod["terminating"] for pod in self.pods())

    def pods(self):
        return [pod for workload in self.call("GET", "/workloads")["workloads"]
                for pod in workload["pods"]]

    def updated(self):
        return {pod["name"] for pod in self.pods() if pod["updated"]}

    def close(self):
        self.watcher.close()
        self.over = True
        self.reader.join(5)
        self.server.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

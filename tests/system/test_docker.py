#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The image: what stands in it, that it runs without any right, and as the only
name server of a pod; and what `make docker` says where it cannot be made.
Skipped without Docker, or without the image that it is built on."""

import io
import os
import shutil
import subprocess
import tarfile

import dns.message
import dns.query

from containers import BASE, IMAGE, Docker, built, said
from ordinald import ADDRESSES, MONGO, POD, ROOT, Case, main

SIZE_MAX = 25_000_000


class WithoutDocker(Case):
    """What `make docker` says where something is missing."""

    def refused(self, docker):
        """docker: what stands for it, lines of a shell; None for nothing."""
        os.mkdir(self.path("bin"))
        for name in ("sh", "dirname"):
            os.symlink(shutil.which(name), self.path(f"bin/{name}"))
        if docker is not None:
            os.chmod(self.write("bin/docker", "#!/bin/sh\n" + docker), 0o755)
        done = subprocess.run([f"{ROOT}/docker/build", IMAGE, "0"], text=True,
                              env={"PATH": self.path("bin")}, check=False,
                              capture_output=True)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def test_docker_is_missing(self):
        self.assertIn("docker.io", self.refused(None))

    def test_no_engine_runs(self):
        self.assertIn("no engine at home", self.refused(
            "echo no engine at home >&2; exit 1\n"))

    def test_no_registry_has_the_base(self):
        self.assertIn("make docker-base", self.refused(
            '[ "$1" = version ] || exit 1\n'))


class Image(Docker):
    def serve_in_container(self, *options):
        self.copy()
        container = self.docker(
            "run", "-d", "--read-only", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges", "--health-interval", "1s",
            "-v", f"{self.dir}:/zones:ro", *options, IMAGE)
        self.addCleanup(self.docker, "rm", "-f", container)
        self.becomes("healthy", self.health, container)
        return container

    def address(self, container):
        return self.docker("inspect", "-f", "{{range .NetworkSettings.Networks}"
                           "}{{.IPAddress}}{{end}}", container)

    def test_it_is_small(self):
        size = int(self.docker("image", "inspect", "-f", "{{.Size}}", IMAGE))
        print(f"# {built[0]}")
        self.assertLessEqual(size, SIZE_MAX)

    def test_it_has_one_program_and_no_user_with_rights(self):
        container = self.docker("create", IMAGE)
        self.addCleanup(self.docker, "rm", container)
        done = subprocess.run(["docker", "export", container],
                              capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
            # what is empty is a place where Docker mounts something
            files = [f for f in tar if f.isfile() and f.size]
            programs = [f.name for f in files
                        if f.mode & 0o111 and ".so" not in f.name]
            passwd = tar.extractfile("etc/passwd").read().decode()
        self.assertEqual(programs, ["ordinald"])
        self.assertFalse([f.name for f in files if f.mode & 0o6000])
        self.assertEqual([line.split(":")[2] for line in passwd.split()],
                         ["65532"])
        self.assertIn("etc/ssl/certs/ca-certificates.crt",
                      [f.name for f in files])
        self.assertEqual(self.docker("image", "inspect", "-f",
                                     "{{.Config.User}}", IMAGE), "65532:65532")

    def test_it_runs_without_any_right(self):
        container = self.serve_in_container("--tmpfs",
                                            "/run/ordinald:mode=1777")
        at = self.address(container)
        for send in (dns.query.udp, dns.query.tcp):
            reply = send(dns.message.make_query(MONGO, "A"), at, timeout=5)
            self.assertEqual(sorted(r.to_text() for r in reply.answer[0]),
                             sorted(ADDRESSES))
        asked = ("exec", container, "/ordinald", "explain", "--config",
                 "/etc/ordinald.yaml", POD % 1)
        self.assertIn(ADDRESSES[1], self.docker(*asked))
        self.docker("stop", container)
        self.assertEqual(self.docker("inspect", "-f", "{{.State.ExitCode}}",
                                     container), "0")

    def test_it_runs_as_anybody_with_no_place_to_write(self):
        container = self.serve_in_container("--user", "4711:4711")
        log = subprocess.run(["docker", "logs", container], check=True,
                             capture_output=True, text=True).stderr
        told = [line for line in log.splitlines() if "warning" in line]
        self.assertEqual(len(told), 1, log)
        self.assertIn("/run/ordinald", told[0])

    def test_it_is_the_only_name_server_of_a_pod(self):
        """The arguments are those of docker/kubernetes/sidecar.yaml; what
        stands for the cluster's DNS is the server of another container."""
        cluster = self.address(self.serve_in_container())
        sidecar = self.docker(
            "run", "-d", "--read-only", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges",
            "--sysctl", "net.ipv4.ip_unprivileged_port_start=53",
            "-e", "POD_NAME=app-1", "-e", "POD_NAMESPACE=default",
            "-e", "POD_IPS=10.1.2.3", "-e", "POD_SERVICE=app", IMAGE, "serve",
            "--listen=127.0.0.1:53", "--self", f"--forward={cluster}",
            "--fallthrough")
        self.addCleanup(self.docker, "rm", "-f", sidecar)
        self.becomes(True, lambda: said(
            "docker", "exec", sidecar, "/ordinald", "health", "--ready",
            "--server=127.0.0.1:53") is not None)
        self.write("resolv.conf", "nameserver 127.0.0.1\nsearch default.svc."
                   "cluster.local svc.cluster.local cluster.local\n"
                   "options ndots:5\n")

        def getent(name):
            told = self.docker(
                "run", "--rm", "--network", f"container:{sidecar}", "-v",
                f"{self.dir}/resolv.conf:/etc/resolv.conf:ro", BASE,
                "getent", "ahostsv4", name)
            return sorted({line.split()[0] for line in told.splitlines()})
        self.assertEqual(getent("app-1.app"), ["10.1.2.3"])
        self.assertEqual(getent("mongo-service.mongo"), sorted(ADDRESSES))

    def test_it_tells_that_nothing_is_mounted(self):
        done = subprocess.run(["docker", "run", "--rm", IMAGE], text=True,
                              capture_output=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/zones", done.stderr)


if __name__ == "__main__":
    main()

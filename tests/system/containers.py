# SPDX-License-Identifier: Apache-2.0
"""What the tests with a real Docker share: whether there is one, the image, and
what `docker` says."""

import atexit
import os
import shutil
import subprocess
import time
import unittest

from ordinald import BIN, ROOT, SHIPPED, Case

BASE = "debian:bookworm-slim"
IMAGE = "ordinald-test"
# containers of others run on this machine, too
PATIENCE_S = 60


def said(*words, **how):
    """What a program prints, or None where it fails or is not there."""
    try:
        done = subprocess.run(words, capture_output=True, text=True,
                              check=False, timeout=200, **how)
    except FileNotFoundError:
        return None
    return None if done.returncode else done.stdout


def lacking():
    if not SHIPPED:
        return "the image has a build of its own"
    if not shutil.which("docker"):
        return "docker is not installed"
    if said("docker", "version") is None:
        return "no Docker engine runs here"
    if said("docker", "image", "inspect", BASE) is None:
        return f"the image {BASE} is missing ('make docker-base' makes it)"
    return None


LACKING = lacking()
built = []


def build():
    """As a user does, once."""
    if built:
        return
    done = subprocess.run(["make", "docker", f"IMAGE={IMAGE}"], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stdout[-2000:] + done.stderr)
    built.append(done.stdout.strip().splitlines()[-1])
    tags = [f"{IMAGE}:{tag}" for tag in ("latest", built[0].split(":")[1])]
    atexit.register(said, "docker", "rmi", *tags)


@unittest.skipIf(LACKING, LACKING)
class Docker(Case):
    def setUp(self):
        super().setUp()
        build()
        # the server in a container is somebody else
        os.chmod(self.dir, 0o755)

    def becomes(self, wanted, ask, *what):
        ends = time.monotonic() + PATIENCE_S
        while (got := ask(*what)) != wanted:
            if time.monotonic() > ends:
                self.fail(f"{got}, not {wanted}")
            time.sleep(0.1)

    def docker(self, *words):
        done = subprocess.run(["docker", *words], capture_output=True,
                              text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout.strip()

    def health(self, container):
        return self.docker("inspect", "-f", "{{.State.Health.Status}}",
                           container)

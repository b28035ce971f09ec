# SPDX-License-Identifier: Apache-2.0
"""A network and a mount namespace for a whole test program: all ports are free
there, 53 among them, and /etc/resolv.conf may say what it likes."""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile

import ordinald

INSIDE = "ORDINALD_TEST_NAMESPACE"


def loopback_up():
    get_flags, set_flags, up = 0x8913, 0x8914, 1  # netdevice(7)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        asked = fcntl.ioctl(s, get_flags, struct.pack("16sh22x", b"lo", 0))
        flags, = struct.unpack_from("h", asked, 16)
        fcntl.ioctl(s, set_flags, struct.pack("16sh22x", b"lo", flags | up))


def cover(path, text):
    """Another content for a file, for this mount namespace only."""
    bind = 0x1000  # MS_BIND
    libc = ctypes.CDLL(None, use_errno=True)
    with tempfile.NamedTemporaryFile("w") as f:
        f.write(text)
        f.flush()
        if libc.mount(f.name.encode(), path.encode(), None, bind, None):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)


def resolv_conf(text):
    # in place: the file's inode is what is mounted
    with open("/etc/resolv.conf", "w", encoding="ascii") as f:
        f.write("nameserver 127.0.0.1\n" + text + "\n")


def skip(why):
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    print(f"1..1\nok 1 # SKIP {name}: {why}")
    sys.exit(0)


def main():
    """Run the tests of the calling program inside, if that may be."""
    unshare = ["unshare", "--map-root-user", "--net", "--mount"]
    if INSIDE not in os.environ:
        try:
            done = subprocess.run([*unshare, "true"], capture_output=True,
                                  check=False)
        except FileNotFoundError:
            skip("unshare is not installed")
        if done.returncode:
            skip("this user may not have namespaces")
        os.environ[INSIDE] = "1"
        os.execvp(unshare[0], [*unshare, "/usr/bin/python3", *sys.argv])
    try:
        loopback_up()
        cover("/etc/resolv.conf", "")
        # nothing that answers before the name server
        cover("/etc/nsswitch.conf", "hosts: files dns\n")
    except OSError as e:
        skip(f"cannot prepare a namespace: {e}")
    ordinald.main()

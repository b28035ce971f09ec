#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compare the table of fields (src/check/fields*.def, and the kinds in
fields.c) with the types of k8s.io/api: nothing missing, nothing extra.

    api.py [VERSION]      of k8s.io/api: "v0.37.2", "latest"

Exit status: 0 equal, 1 not, 77 without Go or without its module proxy."""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

VERSION = "v0.37.2"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
TABLE = os.path.join(ROOT, "src/check")
META = "k8s.io/apimachinery/pkg/apis/meta/v1"
PACKAGES = {"v1": "k8s.io/api/core/v1", "apps/v1": "k8s.io/api/apps/v1",
            "batch/v1": "k8s.io/api/batch/v1",
            "discovery.k8s.io/v1": "k8s.io/api/discovery/v1"}
# Structs in Go that are scalars in JSON.
SCALARS = {(META, "Time"), (META, "MicroTime")}
# What the table leaves open: only the API server writes it, or it is alpha.
FREE = {("ObjectMeta", "managedFields"), ("List", "items"),
        ("JobSchedulingConfiguration", "disruptionMode"),
        ("JobSchedulingConfiguration", "schedulingConstraints"),
        ("JobSchedulingConfiguration", "schedulingPolicy")}
# Registered with the kinds, but nothing that a manifest says.
NO_KINDS = re.compile(r"(List|Options|^PodStatusResult|^RangeAllocation|"
                      r"^SerializedReference)$")
SHAPES = {"V": "scalar", "VS": "scalars", "M": "map", "S": "struct",
          "L": "structs", "ANY": "any"}


class Unavailable(Exception):
    """The types cannot be had here."""


# --- the types in Go --------------------------------------------------------

def download(module, version):
    """The directory of a module, and its version."""
    try:
        with tempfile.TemporaryDirectory() as empty:
            done = subprocess.run(
                ["go", "mod", "download", "-json", f"{module}@{version}"],
                capture_output=True, text=True, timeout=120, cwd=empty,
                check=False)
    except FileNotFoundError as e:
        raise Unavailable("Go is not installed") from e
    except subprocess.TimeoutExpired as e:
        raise Unavailable("the Go module proxy does not answer") from e
    if done.returncode != 0:
        raise Unavailable(f"{module}@{version} cannot be had from the Go "
                          "module proxy")
    said = json.loads(done.stdout)
    return said["Dir"], said["Version"]


def read_file(path, package, types):
    """Take the types of one file: a struct's fields, or another type's text."""
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    text = re.sub(r"^\s*//.*\n", "", text, flags=re.M)
    imports = {}
    for alias, name in re.findall(r'^(?:import)?\s+(\w*)\s*"([\w./-]+)"', text,
                                  flags=re.M):
        imports[alias or name.rsplit("/", 1)[-1]] = name
    for name, body in re.findall(r"^type (\w+) struct \{\n(.*?)^\}", text,
                                 flags=re.M | re.S):
        types[package, name] = (imports, re.findall(
            r'^\s+(?:\w+\s+)?([^\s`]+)\s+`[^`\n]*\bjson:"([^"]*)"', body,
            flags=re.M))
    for name, what in re.findall(r"^type (\w+) ([^\s{]+)\s*$", text,
                                 flags=re.M):
        types[package, name] = (imports, what)


def read_types(version):
    """All types by package and name, and the registered kinds by version."""
    api, version = download("k8s.io/api", version)
    machinery, _ = download("k8s.io/apimachinery", version)
    types, kinds = {}, {}
    for package in [*PACKAGES.values(), META]:
        module = api if package.startswith("k8s.io/api/") else machinery
        folder = os.path.join(module, package.split("/", 2)[2])
        for path in glob.glob(os.path.join(folder, "*.go")):
            if not path.endswith("_test.go"):
                read_file(path, package, types)
        with open(os.path.join(folder, "register.go"), encoding="utf-8") as f:
            kinds[package] = set(re.findall(r"^\s+&(\w+)\{\},", f.read(),
                                            flags=re.M))
    return types, kinds


def shape_of(types, package, imports, text):
    """What a Go type is in JSON: a shape, and the struct in it or None."""
    text = text.lstrip("*")
    if text.startswith("[]"):
        if text == "[]byte":
            return "scalar", None
        _, struct = shape_of(types, package, imports, text[2:])
        return ("structs" if struct else "scalars"), struct
    if text.startswith("map["):
        _, struct = shape_of(types, package, imports, text.split("]", 1)[1])
        return "map", struct
    alias, _, name = text.rpartition(".")
    key = (imports.get(alias) if alias else package, name)
    if key in SCALARS or key not in types:
        return "scalar", None
    other_imports, what = types[key]
    if isinstance(what, str):
        return shape_of(types, key[0], other_imports, what)
    return "struct", key


def fields_of(types, key):
    """The fields of a struct in JSON, inline ones included."""
    imports, members = types[key]
    found = {}
    for text, tag in members:
        name = tag.split(",")[0]
        shape, struct = shape_of(types, key[0], imports, text)
        if name == "":
            found.update(fields_of(types, struct))
        elif name != "-":
            found[name] = (shape, struct)
    return found


# --- the table --------------------------------------------------------------

def read_table():
    """The table's structs, each a map of fields, and its kinds."""
    structs = {}
    for path in sorted(glob.glob(os.path.join(TABLE, "fields*.def"))):
        with open(path, encoding="utf-8") as f:
            text = re.sub(r"//.*", "", f.read())
        for row in text.split("STRUCT(")[1:]:
            name, rest = row.split(",", 1)
            structs[name] = {
                field: (SHAPES[macro], of or None) for macro, field, of in
                re.findall(r"(\w+)\((\w+)(?:,\s*(\w+))?\)", rest)}
    with open(os.path.join(TABLE, "fields.c"), encoding="utf-8") as f:
        kinds = re.findall(r'\{"([\w./]+)", "(\w+)", (\w+)\}', f.read())
    return structs, kinds


def compare_struct(name, ours, theirs):
    """What differs in one struct."""
    for field in sorted(theirs.keys() - ours.keys()):
        yield f"{name}.{field} is missing"
    for field in sorted(ours.keys() - theirs.keys()):
        yield f"{name}.{field} is no field"
    for field in sorted(ours.keys() & theirs.keys()):
        shape, of = ours[field]
        real_shape, real = theirs[field]
        if ((name, field) in FREE) != (shape == "any"):
            yield f"{name}.{field} must {'not ' * (shape == 'any')}be ANY"
        elif shape != "any" and (shape, of) != (real_shape,
                                                real and real[1]):
            yield (f"{name}.{field} is {shape} {of or ''}, not {real_shape} "
                   f"{real[1] if real else ''}")
    if list(ours) != sorted(ours):
        yield f"the fields of {name} are not in order"


def compare_kinds(kinds, registered):
    """What differs in the list of kinds."""
    for version, package in PACKAGES.items():
        ours = {kind for v, kind, _ in kinds if v == version}
        theirs = {k for k in registered[package] if not NO_KINDS.search(k)}
        if version == "v1":
            theirs.add("List")  # of no group, but written so
        for kind in sorted(ours ^ theirs):
            what = "no kind" if kind in ours else "missing"
            yield f"{version} {kind} is {what}"


def differences(version=VERSION):
    """All of them, one line each."""
    types, registered = read_types(version)
    structs, kinds = read_table()
    found = list(compare_kinds(kinds, registered))
    wanted = [(META if kind == "List" else PACKAGES[v], kind)
              for v, kind, of in kinds if of != "TYPES"]
    seen = set()
    while wanted:
        key = wanted.pop()
        if key in seen:
            continue
        seen.add(key)
        if key[1] not in structs:
            found.append(f"{key[1]} is missing")
            continue
        theirs = fields_of(types, key)
        found += compare_struct(key[1], structs[key[1]], theirs)
        wanted += [struct for field, (_, struct) in theirs.items()
                   if struct and (key[1], field) not in FREE]
    for name in sorted(structs.keys() - {name for _, name in seen}):
        found.append(f"{name} is no struct of these kinds")
    return found


def main():
    try:
        found = differences(*sys.argv[1:2])
    except Unavailable as e:
        print(f"skipped: {e}")
        sys.exit(77)
    for line in found:
        print(line)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()

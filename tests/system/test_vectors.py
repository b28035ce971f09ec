#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The name vectors of tests/vectors, asked of the real binary over UDP and
TCP: one server for each group of rows."""

import re

import ordinald
import vectors


class Vectors(ordinald.Case):
    def check(self, group):
        server = self.serve(group.manifest, options=group.options)
        wrong = []
        for row in group.rows:
            for tcp in (False, True):
                reply = vectors.ask(row.name, row.type, server.port, tcp,
                                    5 * ordinald.SLOW)
                wrong += row.differs(reply, "127.0.0.1")
        self.assertEqual([], wrong, "\n" + "\n".join(wrong))


def add(group):
    words = re.sub(r"\W+", "_", " ".join([group.place, *group.options]))
    setattr(Vectors, f"test_{words}", lambda self: self.check(group))


for each in vectors.read_all():
    add(each)

if __name__ == "__main__":
    ordinald.main()

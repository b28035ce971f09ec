#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Manifests on disk: everything that editors and Kubernetes do to files is
live at once, and nothing that is broken takes away what was good."""

import json
import os
import shutil
import signal

import dns.rcode

from ordinald import ADDRESSES, MONGO, POD, Case, main, mongo, until

LIVE_S = 0.5  # the promise is 0.1 s; this leaves room for a busy machine


class Sources(Case):
    def replicas(self, server):
        return len(server.addresses(MONGO) or [])

    def becomes(self, server, n):
        until(lambda: self.replicas(server) == n, LIVE_S)

    # --- ways to save a file

    def test_a_save_in_place_is_live(self):
        self.copy()
        server = self.serve()
        self.write("mongo.yaml", mongo(4))
        self.becomes(server, 4)

    def test_a_rename_over_the_file_is_live(self):
        self.copy()
        server = self.serve()
        self.write(".mongo.yaml.new", mongo(4))
        os.rename(self.path(".mongo.yaml.new"), self.path("mongo.yaml"))
        self.becomes(server, 4)

    def test_a_save_with_backup_is_live(self):
        """vim: the old file becomes a backup, a new one is made."""
        self.copy()
        server = self.serve()
        self.write("4913", "")
        os.unlink(self.path("4913"))
        self.write(".mongo.yaml.swp", "b0VIM 9.0")
        os.rename(self.path("mongo.yaml"), self.path("mongo.yaml~"))
        self.write("mongo.yaml", mongo(4))
        os.unlink(self.path("mongo.yaml~"))
        self.becomes(server, 4)

    def test_a_save_with_lock_and_autosave_is_live(self):
        """Emacs: a dangling link and an autosave file beside the file."""
        self.copy()
        server = self.serve()
        os.symlink("someone@host.1:2", self.path(".#mongo.yaml"))
        self.write("#mongo.yaml#", mongo(9))
        self.write("mongo.yaml", mongo(4))
        os.unlink(self.path(".#mongo.yaml"))
        self.becomes(server, 4)
        self.assertEqual(server.stop(), 0)
        self.assertFalse([l for l in server.log if ": error: " in l])

    def test_a_burst_of_saves_ends_with_the_last(self):
        self.copy()
        server = self.serve()
        for n in range(50):
            self.write("mongo.yaml", mongo(1 + n % 7))
        self.write("mongo.yaml", mongo(6))
        self.becomes(server, 6)

    def test_a_new_file_and_a_deleted_one_are_live(self):
        self.copy("mysql.yaml")
        server = self.serve()
        self.assertIsNone(server.addresses(POD % 0))
        self.copy()
        until(lambda: server.addresses(POD % 0) == [ADDRESSES[0]], LIVE_S)
        os.unlink(self.path("mongo.yaml"))
        until(lambda: server.addresses(POD % 0) is None, LIVE_S)
        mysql = "mysql-0.mysql.default.svc.cluster.local."
        self.assertEqual(server.addresses(mysql), ["10.233.70.5"])

    def test_a_file_given_by_itself_is_watched(self):
        path = self.copy()
        server = self.serve(path)
        self.write("other", mongo(4))
        os.rename(self.path("other"), path)
        self.becomes(server, 4)
        self.write("mongo.yaml", mongo(5))
        self.becomes(server, 5)

    def test_a_file_that_is_changed_elsewhere_is_live(self):
        """As one is that is mounted over ours: its directory sees nothing."""
        for name in ("here", "there"):
            os.mkdir(self.path(name))
        self.write("there/file", mongo(3))
        os.link(self.path("there/file"), self.path("here/mongo.yaml"))
        server = self.serve(self.path("here/mongo.yaml"))
        self.write("there/file", mongo(4))
        self.becomes(server, 4)
        self.write("there/file", mongo(5))
        self.becomes(server, 5)

    def test_a_configmap_swap_is_live(self):
        """kubelet: FILE -> ..data/FILE, and ..data is replaced as a whole."""
        def version(name, replicas):
            os.mkdir(self.path(name))
            self.write(os.path.join(name, "mongo.yaml"), mongo(replicas))
            os.symlink(name, self.path("..data_tmp"))
            os.rename(self.path("..data_tmp"), self.path("..data"))

        version("..2026_11_21_10_00_00.1", 3)
        os.symlink("..data/mongo.yaml", self.path("mongo.yaml"))
        server = self.serve()
        self.assertEqual(self.replicas(server), 3)
        for n, replicas in enumerate((5, 2, 4), 2):
            version(f"..2026_11_21_10_00_00.{n}", replicas)
            shutil.rmtree(self.path(f"..2026_11_21_10_00_00.{n - 1}"))
            self.becomes(server, replicas)

    # --- what is broken

    def test_a_broken_file_keeps_its_last_good_version(self):
        self.copy()
        server = self.serve()
        self.write("mongo.yaml", mongo(5).replace("  clusterIP", " clusterIP"))
        server.wait_for("mongo.yaml:")
        errors = [l for l in server.log if ": error: " in l]
        self.assertTrue(errors)
        self.assertRegex(errors[0], r"mongo\.yaml:\d+:\d+: error: \S")
        for _ in range(20):
            self.assertEqual(server.addresses(POD % 0), [ADDRESSES[0]])
        self.write("mongo.yaml", mongo(5))
        self.becomes(server, 5)

    def test_a_broken_document_does_not_hurt_its_neighbours(self):
        self.write("all.yaml", mongo(3) + "---\nkind: [\n---\n" +
                   "apiVersion: v1\nkind: Service\n"
                   "metadata: {name: other, namespace: x}\n"
                   "spec: {clusterIP: 10.96.7.7, ports: [{port: '80'}]}\n"
                   "---\napiVersion: v1\nkind: Service\n"
                   "metadata: {name: last, namespace: x}\n"
                   "spec: {clusterIP: 10.96.7.8, ports: [{port: 80}]}\n")
        server = self.serve()
        self.assertEqual(server.addresses("last.x.svc.cluster.local."),
                         ["10.96.7.8"])
        self.assertIsNone(server.addresses("other.x.svc.cluster.local."))
        self.assertEqual(self.replicas(server), 3)
        errors = [l for l in server.log if ": error: " in l]
        self.assertEqual(len(errors), 2, errors)

    def test_a_directory_goes_and_comes_back(self):
        os.mkdir(self.path("d"))
        self.write("d/mongo.yaml", mongo(3))
        server = self.serve(self.path("d"))
        os.rename(self.path("d"), self.path("gone"))
        until(lambda: server.addresses(POD % 0) is None, LIVE_S)
        os.mkdir(self.path("d"))
        self.write("d/mongo.yaml", mongo(4))
        until(lambda: self.replicas(server) == 4, 3)

    # --- other ways in

    def test_standard_input_is_read(self):
        server = self.serve("-", stdin=mongo(4))
        self.assertEqual(self.replicas(server), 4)

    def test_while_standard_input_is_open_nothing_is_known(self):
        server = self.serve("-", stdin=mongo(4), stdin_ends=False, wait=False)
        until(lambda: len(server.said) == 2, 10)
        self.assertEqual(server.ask(MONGO).rcode(), dns.rcode.SERVFAIL)
        server.process.stdin.close()
        server.wait_for("ready", 10)
        self.assertEqual(self.replicas(server), 4)

    def test_standard_input_that_is_open_does_not_keep_it(self):
        server = self.serve("-", stdin=mongo(4), stdin_ends=False, wait=False)
        until(lambda: len(server.said) == 2, 10)
        self.assertEqual(server.stop(), 0)

    def test_json_as_kubectl_writes_it_is_read(self):
        items = [
            {"apiVersion": "v1", "kind": "Service",
             "metadata": {"name": "db", "namespace": "j"},
             "spec": {"clusterIP": "None", "selector": {"app": "db"},
                      "ports": [{"name": "sql", "port": 5432}]}},
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
             "metadata": {"name": "db-x", "namespace": "j", "labels": {
                 "kubernetes.io/service-name": "db"}},
             "addressType": "IPv4",
             "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}],
             "endpoints": [{"addresses": ["10.0.0.9"], "hostname": "db-0",
                            "conditions": {"ready": True}}]}]
        self.write("list.json", json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": items}, indent=4))
        server = self.serve()
        self.assertEqual(server.addresses("db-0.db.j.svc.cluster.local."),
                         ["10.0.0.9"])

    def test_sighup_reads_everything_again(self):
        self.copy()
        server = self.serve()
        before = server.addresses(MONGO)
        for _ in range(5):
            server.process.send_signal(signal.SIGHUP)
            self.assertEqual(server.addresses(MONGO), before)
        server.wait_for("reading everything again")
        self.write("mongo.yaml", mongo(2))
        server.process.send_signal(signal.SIGHUP)
        self.becomes(server, 2)
        self.assertIsNone(server.process.poll())


if __name__ == "__main__":
    main()

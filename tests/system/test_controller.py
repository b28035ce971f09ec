#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Pods over time beside Kubernetes' own controllers: each story is told to a
real API server with its controller manager, kwok and CoreDNS, and to ordinald
without a cluster. Pods must live through the same, and names come to DNS and
leave it in the same order."""

import concurrent.futures
import contextlib
import re
import signal
import sys
import typing

import coredns
import ordinald
import workloads

FIVE = {"replicas": 5}
DATA = {"metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"],
                 "resources": {"requests": {"storage": "1Gi"}}}}
CLAIMS = {"replicas": 2, "volumeClaimTemplates": [DATA]}

ROLLING_TWO = {"replicas": 5,
               "updateStrategy": {"rollingUpdate": {"maxUnavailable": 2}}}
UNAVAILABLE = "MaxUnavailableStatefulSet=true"
PARALLEL = {"podManagementPolicy": "Parallel"}


class Story(typing.NamedTuple):
    """Each step: what is done; which names then come (+) and go (-), one after
    another, those in braces in any order; and which claims are there then."""
    spec: dict
    steps: list
    service: dict = {}
    gates: str = ""


STORIES = {
    "ordered_up_and_reverse_down": Story({"replicas": 3}, [
        ("begin", "+0 +1 +2"),
        ("scale 5", "+3 +4"),
        ("scale 2", "-4 -3 -2"),
        ("scale 0", "-1 -0"),
    ]),
    "a_deleted_pod_comes_back": Story({"replicas": 3}, [
        ("begin", "+0 +1 +2"),
        ("delete 1", "-1 +1"),
    ]),
    "updates_stop_at_the_partition": Story(
        {"replicas": 3,
         "updateStrategy": {"rollingUpdate": {"partition": 1}}}, [
            ("begin", "+0 +1 +2"),
            ("update", "-2 +2 -1 +1"),
            ("delete 0", "-0 +0"),
            ("partition 0", "-0 +0"),
            ("restart", "-2 +2 -1 +1 -0 +0"),
        ]),
    "parallel_waits_for_nobody": Story(
        {"replicas": 0, "podManagementPolicy": "Parallel"}, [
            ("begin", ""),
            ("scale 3", "{+0 +1 +2}"),
            ("hold 0", "-0"),
            ("scale 5", "{+3 +4}"),
            ("update", "-4 +4 -3 +3 -2 +2 -1 +1 +0"),
            ("hold 2", "-2"),
            ("scale 0", "{-0 -1 -3 -4}"),
        ]),
    "nothing_is_removed_below_an_unready_pod": Story(FIVE, [
        ("begin", "+0 +1 +2 +3 +4"),
        ("hold 1", "-1"),
        ("scale 3", ""),
        ("release 1", "+1 -4 -3"),
    ]),
    "an_unready_pod_is_replaced_first": Story(FIVE, [
        ("begin", "+0 +1 +2 +3 +4"),
        ("hold 1", "-1"),
        ("scale 3", ""),
        ("delete 1", "+1 -4 -3"),
    ]),
    "the_only_unready_pod_may_go": Story(FIVE, [
        ("begin", "+0 +1 +2 +3 +4"),
        ("hold 4", "-4"),
        ("scale 3", "-3"),
    ]),
    "two_unready_pods_block_each_other": Story(FIVE, [
        ("begin", "+0 +1 +2 +3 +4"),
        ("hold 3", "-3"),
        ("hold 4", "-4"),
        ("scale 3", ""),
        ("release 3", "+3 -3"),
    ]),
    "the_lower_of_two_unready_pods_is_deleted": Story(FIVE, [
        ("begin", "+0 +1 +2 +3 +4"),
        ("hold 3", "-3"),
        ("hold 4", "-4"),
        ("scale 3", ""),
        ("delete 3", ""),
    ]),
    "an_unready_pod_holds_up_those_above": Story({"replicas": 2}, [
        ("begin", "+0 +1"),
        ("hold 0", "-0"),
        ("scale 4", ""),
        ("release 0", "+0 +2 +3"),
    ]),
    "an_update_waits_for_a_broken_pod": Story({"replicas": 3}, [
        ("begin", "+0 +1 +2"),
        ("update_badly 2", "-2"),
        ("update", ""),
        ("delete 2", "+2 -1 +1 -0 +0"),
    ]),
    "a_pod_is_replaced_before_more_are_removed": Story(FIVE, [
        ("begin", "+0 +1 +2 +3 +4"),
        ("scale_and_delete 2 0", "{-4 -0} +0 -3 -2"),
    ]),
    "a_failed_pod_is_replaced": Story({"replicas": 3}, [
        ("begin", "+0 +1 +2"),
        ("fail 1", "-1 +1"),
    ]),
    "ordinals_move": Story({"replicas": 3}, [
        ("begin", "+0 +1 +2"),
        ("start 5", "+5 +6 +7 -2 -1 -0"),
        ("start 0", "+0 +1 +2 -7 -6 -5"),
    ]),
    "available_is_later_than_ready": Story(
        {"replicas": 2, "minReadySeconds": 2}, [
            ("begin", "+0 +1"),
            ("scale 3", "+2"),
            ("update", "-2 +2 -1 +1 -0 +0"),
            ("scale 1", "-2 -1"),
        ]),
    "a_partition_counts_from_the_start": Story(
        {"replicas": 3, "ordinals": {"start": 5},
         "updateStrategy": {"rollingUpdate": {"partition": 1}}}, [
            ("begin", "+5 +6 +7"),
            ("update", "-7 +7 -6 +6"),
            ("delete 5", "-5 +5"),
        ]),
    "an_update_comes_after_scaling": Story({"replicas": 2}, [
        ("begin", "+0 +1"),
        ("update_and_scale 4", "+2 +3 -1 +1 -0 +0"),
        ("update_and_scale 1", "-3 -2 -1 -0 +0"),
    ]),
    "on_delete": Story(
        {"replicas": 3, "updateStrategy": {"type": "OnDelete"}}, [
            ("begin", "+0 +1 +2"),
            ("update", ""),
            ("delete 1", "-1 +1"),
            ("scale 4", "+3"),
        ]),
    "an_unready_pod_holds_up_an_update": Story({"replicas": 3}, [
        ("begin", "+0 +1 +2"),
        ("hold 1", "-1"),
        ("update", ""),
        ("release 1", "+1 -2 +2 -1 +1 -0 +0"),
    ]),
    "claims_stay": Story(CLAIMS, [
        ("begin", "+0 +1", "0 1"),
        ("scale 1", "-1", "0 1"),
        ("scale 2", "+1", "0 1"),
        ("remove", "{-0 -1}", "0 1"),
    ]),
    "claims_go_with_their_ordinal": Story(
        {**CLAIMS, "persistentVolumeClaimRetentionPolicy": {
            "whenScaled": "Delete", "whenDeleted": "Retain"}}, [
            ("begin", "+0 +1", "0 1"),
            ("delete 1", "-1 +1", "0 1"),
            ("scale 1", "-1", "0"),
            ("remove", "-0", "0"),
        ]),
    "claims_go_with_their_workload": Story(
        {**CLAIMS, "persistentVolumeClaimRetentionPolicy": {
            "whenScaled": "Retain", "whenDeleted": "Delete"}}, [
            ("begin", "+0 +1", "0 1"),
            ("scale 1", "-1", "0 1"),
            ("remove", "-0", ""),
        ]),
    "names_before_ready": Story({"replicas": 2}, [
        ("begin", "+0 +1"),
        ("hold 0", ""),
        ("scale 3", ""),
        ("release 0", "+2"),
        ("delete 1", "-1 +1"),
        ("scale 1", "-2 -1"),
    ], service={"publishNotReadyAddresses": True}),
    # at Kubernetes' default, without this gate, it is ignored
    "updates_of_two_at_a_time": Story(ROLLING_TWO, [
        ("begin", "+0 +1 +2 +3 +4"),
        ("update", "{-4 -3} +3 +4 {-2 -1} +1 +2 -0 +0"),
    ], gates=UNAVAILABLE),
    "parallel_updates_of_two_at_a_time": Story(
        {**ROLLING_TWO, **PARALLEL, "replicas": 4}, [
            ("begin", "{+0 +1 +2 +3}"),
            ("update", "{-3 -2} {+3 +2 -1 -0} {+1 +0}"),
            ("hold 0", "-0"),
            ("update", "-3 +3 -2 +2 -1 +1 +0"),
        ], gates=UNAVAILABLE),
    "a_workload_that_is_deleted": Story({"replicas": 3}, [
        ("begin", "+0 +1 +2"),
        ("remove", "{-0 -1 -2}"),
    ]),
}


# What of a pod's life is not compared after a verb, and why.
DIFFERENCES = {
    # Kubernetes' garbage collector tells pods to leave; from ordinald those of
    # a StatefulSet that is named no more are gone at once.
    "remove": ("terminating",),
    # A failed pod is deleted without grace; the fault that ends one here, too,
    # but it does not say how.
    "fail": ("failed", "terminating"),
}
# At once, for what is compared: less than a stage of a pod's life.
AT_ONCE_S = 0.2
# how many plays there are at a time
PLAYS = 8


# --- telling a story -------------------------------------------------------

def do(side, action):
    verb, *numbers = action.split()
    if verb == "partition":
        side.change({"updateStrategy": {"rollingUpdate": {
            "partition": int(numbers[0])}}})
    elif verb == "start":
        side.change({"ordinals": {"start": int(numbers[0])}})
    else:
        getattr(side, verb)(*map(int, numbers))


def told_names(told):
    """[["+web-0"], ...]: groups that follow one another."""
    return [["%sweb-%s" % name for name in re.findall(r"([+-])(\d)", group)]
            for group in re.findall(r"{.*?}|\S+", told)]


def causes(side):
    """What in a pod's life brings its name, and what takes it."""
    if side.objects[0]["spec"].get("publishNotReadyAddresses"):
        return {"+": ("addressed",), "-": ("gone",)}
    return {"+": ("ready",), "-": ("unready", "failed", "terminating")}


def names_since(side, first):
    """Which names came and went, and how long after what brought and took them.

    Kubernetes makes slices anew when it gets round to it, a second later where
    it was busy with them: names that are seen to come and go at once did so in
    the order of their causes."""
    seen = []
    for when, pod, sign in side.diary.names[first:]:
        before = [at for at, other, what in side.diary.pods
                  if other == pod and what in causes(side)[sign] and
                  at < when + AT_ONCE_S]
        seen.append((when, before[-1] if before else 0, sign + pod))
    group = 0
    for i in range(1, len(seen) + 1):
        if i == len(seen) or seen[i][0] - seen[i - 1][0] > AT_ONCE_S:
            seen[group:i] = sorted(seen[group:i], key=lambda name: name[1])
            group = i
    return [name for _, _, name in seen], [when - why for when, why, _ in seen]


class Step:
    """A step of a story as one side tells it."""

    def __init__(self, side, action, told, claims=""):
        self.action, self.verb = action, action.split()[0]
        self.told = told_names(told)
        there = set(side.watcher.there)
        names = sum(self.told, [])
        for name in names:
            (there.add if name[0] == "+" else there.discard)(name[1:])
        claims = {f"data-web-{ordinal}" for ordinal in claims.split()}
        first = 0, 0
        if action != "begin":
            first = len(side.diary.names), len(side.diary.pods)
            do(side, action)
        side.settle(lambda: (
            side.watcher.there == there and not side.leaving() and
            len(side.diary.names) >= first[0] + len(names) and
            side.claims() == claims))
        self.names, self.late_s = names_since(side, first[0])
        self.pods = side.diary.pods[first[1]:]
        self.facts = {"in DNS": set(side.watcher.there),
                      "listed": side.watcher.listed(),
                      "updated": side.updated(), "claims": side.claims()}

    def expected(self):
        return sum(map(sorted, self.told), [])

    def got(self):
        """What has no order in the story is in alphabetical order here."""
        names, out = list(self.names), []
        for group in self.told:
            out += sorted(names[:len(group)])
            del names[:len(group)]
        return out + names

    def lives(self):
        """What happened to pods; to one after another where they came or went
        together."""
        together = any(len(group) > 1 for group in self.told)
        return [f"{pod} {what}" for _, pod, what in sorted(
            self.pods, key=lambda event: together and event[1])
                if what not in DIFFERENCES.get(self.verb, ())]

    def pauses_s(self):
        """How long after a pod is ready its controller turns to another."""
        return [now - was for (was, pod, what), (now, other, then)
                in zip(self.pods, self.pods[1:]) if what == "ready" and
                pod != other and then in ("created", "terminating")]

    def text(self):
        return [f"--- {self.action}", *self.got(), *self.lives(),
                *(f"{fact}: {' '.join(sorted(pods))}"
                  for fact, pods in self.facts.items())]


# --- replacing the pods of a Deployment ------------------------------------

class Rollout(typing.NamedTuple):
    """What of this many pods there may be, and has to be, while another
    template takes over."""
    replicas: int
    rolling: dict
    most: int
    fewest_ready: int


ROLLOUTS = {
    "deployment_of_one_more": Rollout(
        3, {"maxSurge": 1, "maxUnavailable": 0}, 4, 3),
    "deployment_of_one_less": Rollout(
        3, {"maxSurge": 0, "maxUnavailable": 1}, 3, 2),
    "deployment_of_a_quarter": Rollout(
        8, {"maxSurge": "25%", "maxUnavailable": "25%"}, 10, 6),
}


def count(diary, first):
    """How many pods there were at most from an event on, and how many ready at
    least; those that are leaving do not count."""
    there, ready, most, fewest = set(), set(), [], []
    for _, pod, what in diary.pods:
        {"created": there, "ready": ready}.get(what, set()).add(pod)
        if what in ("unready", "terminating", "gone"):
            ready.discard(pod)
        if what in ("terminating", "gone"):
            there.discard(pod)
        most.append(len(there))
        fewest.append(len(ready))
    return max(most[first:], default=0), min(fewest[first:], default=0)


def replace(side, n):
    """Another template takes over."""
    def is_over():
        life = [what for _, _, what in side.diary.pods]
        return (len(side.updated()) == n and not side.leaving() and
                life.count("ready") - life.count("terminating") == n)

    side.settle(is_over)
    first = len(side.diary.pods)
    side.update()
    side.settle(is_over)
    return count(side.diary, first)


# --- both sides ------------------------------------------------------------

class Stage:
    """Several plays at a time, each with a namespace and a server of its own:
    most of the time pods just live."""

    def __init__(self, wanted):
        self.labs, self.sides = {}, []
        self.pool = concurrent.futures.ThreadPoolExecutor(PLAYS)
        self.plays = {}
        names = [name for name in (*STORIES, *ROLLOUTS)
                 if f"test_{name}" in wanted]
        try:
            for gates in {STORIES[name].gates if name in STORIES else ""
                          for name in names}:
                self.labs[gates] = coredns.Lab([()], "workloads", gates=gates)
        except BaseException:
            self.close()
            raise
        for name in names:
            self.plays[name] = [
                self.pool.submit(self.replace if name in ROLLOUTS
                                 else self.tell, make, name)
                for make in (self.kubernetes, self.ordinald)]

    def kubernetes(self, gates, *words):
        return workloads.Kubernetes(self.labs[gates], *words)

    def ordinald(self, _, *words):
        return workloads.Ordinald(*words)

    def tell(self, make, name):
        story = STORIES[name]
        side = make(story.gates, "StatefulSet", name.replace("_", "-"),
                    story.spec, story.service)
        self.sides.append(side)
        with contextlib.closing(side):
            return [Step(side, *step) for step in story.steps]

    def replace(self, make, name):
        rollout = ROLLOUTS[name]
        side = make("", "Deployment", name.replace("_", "-"), {
            "replicas": rollout.replicas,
            "strategy": {"type": "RollingUpdate",
                         "rollingUpdate": rollout.rolling}})
        self.sides.append(side)
        with contextlib.closing(side):
            return replace(side, rollout.replicas)

    def close(self):
        self.pool.shutdown(wait=False, cancel_futures=True)
        for side in self.sides:
            side.diary.failed = RuntimeError("the test is over")
        self.pool.shutdown()
        # a lab takes some seconds to end
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for lab in self.labs.values():
                pool.submit(lab.close)


class Controller(ordinald.Case):
    stage = None  # for all tests
    tried = False
    maxDiff = None

    def sides(self):
        """What Kubernetes did, and what ordinald did."""
        if not Controller.stage:
            if Controller.tried:
                self.fail("the lab did not start, as told above")
            Controller.tried = True
            Controller.stage = Stage(sys.argv[1:] or dir(self))
        return [play.result() for play in Controller.stage.plays[self.name()]]

    def name(self):
        return self._testMethodName[len("test_"):]

    def story(self):
        theirs, ours = self.sides()
        self.assertEqual([(step.action, step.expected()) for step in theirs],
                         [(step.action, step.got()) for step in theirs],
                         "Kubernetes does not do what the story says")
        self.assertEqual(*("\n".join(line for step in side
                                     for line in step.text())
                           for side in (theirs, ours)),
                         "-: Kubernetes, +: ordinald")
        late_s = [s for step in ours if step.verb not in DIFFERENCES
                  for s in step.late_s]
        self.assertLess(max(late_s, default=0), AT_ONCE_S * ordinald.SLOW)
        wait_s = STORIES[self.name()].spec.get("minReadySeconds")
        if wait_s:
            # Kubernetes counts from a condition's time, in whole seconds
            for side, least_s in ((theirs, wait_s - 1), (ours, wait_s)):
                pauses_s = [s for step in side for s in step.pauses_s()]
                self.assertGreater(min(pauses_s), least_s - AT_ONCE_S)

    def rollout(self):
        """Kubernetes counts what its ReplicaSets want: new pods may be there
        before old ones have been told to leave."""
        (their_most, their_fewest), ours = self.sides()
        wanted = ROLLOUTS[self.name()]
        self.assertEqual((wanted.most, wanted.fewest_ready), ours)
        self.assertEqual(wanted.fewest_ready, their_fewest)
        self.assertGreaterEqual(their_most, wanted.most)


if coredns.is_there("kwok"):
    for each in STORIES:
        setattr(Controller, f"test_{each}", Controller.story)
    for each in ROLLOUTS:
        setattr(Controller, f"test_{each}", Controller.rollout)
else:
    def test_nothing(self):
        self.skipTest(coredns.MISSING)
    Controller.test_nothing = test_nothing


if __name__ == "__main__":
    # so that the labs and servers are ended with the test
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        ordinald.main()
    finally:
        if Controller.stage:
            Controller.stage.close()

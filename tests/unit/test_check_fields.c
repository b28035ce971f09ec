// SPDX-License-Identifier: Apache-2.0
// Names of fields: what `check` says of those that Kubernetes does not know.
#include "check/check.h"

#include "lib/clock.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FOUND_SIZE = 4096 };

struct fixture {
    struct settings s;
    struct fake_clock now;
    struct clock clock;
    struct error err;
    char file[64];
    char found[FOUND_SIZE];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->clock = fake_clock_view(&f->now);
    strcpy(f->file, "/tmp/ordinald-fields-XXXXXX.yaml");
    const int fd = mkstemps(f->file, 5);
    if (fd < 0)
        return -1;
    close(fd);
    const struct settings_command command = {.name = "test"};
    const char *const words[] = {f->file};
    *state = f;
    return settings_parse(&f->s, &command, 1, words, NULL, &f->err);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    settings_release(&f->s);
    unlink(f->file);
    free(f);
    return 0;
}

static void put(const struct fixture *f, const char *text)
{
    FILE *file = fopen(f->file, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

// Keep the lines about names, without the file's.
static void keep(struct fixture *f, char *text)
{
    char *rest = text;
    size_t n = 0;
    for (char *line; (line = strtok_r(rest, "\n", &rest));) {
        if (!strstr(line, "[field-") && !strstr(line, "[kind-"))
            continue;
        assert_memory_equal(line, f->file, strlen(f->file));
        n += (size_t)snprintf(f->found + n, sizeof f->found - n, "%s\n",
                              line + strlen(f->file) + 1);
        assert_true(n < sizeof f->found);
    }
}

static int run(struct fixture *f, const char *text)
{
    struct check_result result = {0};
    f->found[0] = '\0';
    put(f, text);
    const int rc = check_run(&f->s, &f->clock, CHECK_TEXT, &result, &f->err);
    if (rc == 0) {
        char *copy = strndup(result.p, result.n);
        assert_non_null(copy);
        keep(f, copy);
        free(copy);
        free(result.p);
    }
    return rc;
}

static void finds(void **state, const char *text, const char *wanted)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, text), 0);
    assert_string_equal(f->found, wanted);
}

#define SERVICE                                                                \
    "apiVersion: v1\n"                                                         \
    "kind: Service\n"                                                          \
    "metadata: {name: db}\n"
#define SET                                                                    \
    "apiVersion: apps/v1\n"                                                    \
    "kind: StatefulSet\n"                                                      \
    "metadata: {name: db}\n"
#define POD                                                                    \
    "apiVersion: v1\n"                                                         \
    "kind: Pod\n"                                                              \
    "metadata: {name: db}\n"

// --- misspelled -------------------------------------------------------------

static void a_misspelled_field_is_an_error_at_its_key(void **state)
{
    finds(state,
          SET "spec:\n"
              "  volumeClaimTemplates:\n"
              "    - metadata: {name: data}\n"
              "      spec:\n"
              "        accessMode: [ReadWriteOnce]\n",
          "8:9: error: accessMode is no field of PersistentVolumeClaimSpec; "
          "did you mean accessModes? [field-misspelled]\n");
}

static void letters_of_the_wrong_case_are_misspelled(void **state)
{
    finds(state, SERVICE "spec: {CLUSTERIP: None}\n",
          "4:8: error: CLUSTERIP is no field of ServiceSpec; did you mean "
          "clusterIP? [field-misspelled]\n");
    finds(state, POD "spec: {hostName: a, subDomain: b}\n",
          "4:8: error: hostName is no field of PodSpec; did you mean hostname? "
          "[field-misspelled]\n"
          "4:21: error: subDomain is no field of PodSpec; did you mean "
          "subdomain? [field-misspelled]\n");
}

static void the_object_itself_and_its_metadata_are_looked_at(void **state)
{
    finds(state,
          "apiVersion: v1\n"
          "kind: Service\n"
          "metadata: {name: db, lables: {a: b}}\n"
          "specs: {}\n",
          "3:22: error: lables is no field of ObjectMeta; did you mean labels? "
          "[field-misspelled]\n"
          "4:1: error: specs is no field of Service; did you mean spec? "
          "[field-misspelled]\n");
}

static void each_item_of_a_list_is_looked_at(void **state)
{
    finds(state,
          SERVICE "spec:\n"
                  "  ports:\n"
                  "    - {name: a, port: 1, targetport: 2}\n"
                  "    - {name: b, port: 3, protcol: TCP}\n",
          "6:26: error: targetport is no field of ServicePort; did you mean "
          "targetPort? [field-misspelled]\n"
          "7:26: error: protcol is no field of ServicePort; did you mean "
          "protocol? [field-misspelled]\n");
}

static void a_field_without_a_value_counts(void **state)
{
    finds(state, SERVICE "spec: {clusterIp: }\n",
          "4:8: error: clusterIp is no field of ServiceSpec; did you mean "
          "clusterIP? [field-misspelled]\n");
    finds(state, SET "spec: {template: {containers: }}\n",
          "4:19: error: containers is no field of PodTemplateSpec; move it to "
          "spec.template.spec.containers [field-misplaced]\n");
}

static void what_is_below_a_misspelled_field_is_not_looked_at(void **state)
{
    finds(state, SERVICE "spec: {port: [{nmae: a}]}\n",
          "4:8: error: port is no field of ServiceSpec; did you mean ports? "
          "[field-misspelled]\n");
}

static void a_field_from_a_merge_key_is_told_where_it_stands(void **state)
{
    finds(state,
          SERVICE "spec:\n"
                  "  ports:\n"
                  "    - &one\n"
                  "      name: a\n"
                  "      port: 1\n"
                  "      tragetPort: 1\n"
                  "    - <<: *one\n"
                  "      name: b\n",
          "9:7: error: tragetPort is no field of ServicePort; did you mean "
          "targetPort? [field-misspelled]\n");
}

// --- misplaced --------------------------------------------------------------

static void a_field_of_a_struct_below_is_misplaced(void **state)
{
    finds(state, SERVICE "spec: {port: 80}\n",
          "4:8: error: port is no field of ServiceSpec; move it to "
          "spec.ports[].port [field-misplaced]\n");
    finds(state,
          SET "serviceName: db\n"
              "spec: {partition: 1}\n",
          "4:1: error: serviceName is no field of StatefulSet; move it to "
          "spec.serviceName [field-misplaced]\n"
          // nothing in spec itself has a partition: it is two levels away
          "5:8: warning: partition is no field of StatefulSetSpec; remove it "
          "[field-unknown]\n");
}

static void a_struct_that_is_there_is_rather_meant_than_one_that_is_not(
    void **state)
{
    // each kind of volume may be read-only; which one is meant stands beside
    finds(state,
          POD "spec:\n"
              "  volumes:\n"
              "    - name: v\n"
              "      nfs: {server: a, path: /}\n"
              "      readOnly: true\n",
          "8:7: error: readOnly is no field of Volume; move it to "
          "spec.volumes[0].nfs.readOnly [field-misplaced]\n");
    // where none is there, the only one there is
    finds(state,
          POD "spec:\n"
              "  volumes:\n"
              "    - {name: v, claimName: data}\n"
              "    - {name: w, readOnly: true}\n",
          "6:17: error: claimName is no field of Volume; move it to "
          "spec.volumes[0].persistentVolumeClaim.claimName "
          "[field-misplaced]\n"
          "7:17: warning: readOnly is no field of Volume; remove it "
          "[field-unknown]\n");
    // what is beside has to be there
    finds(state,
          POD "spec:\n"
              "  containers:\n"
              "    - {name: a, searches: [example.org]}\n",
          "6:17: warning: searches is no field of Container; remove it "
          "[field-unknown]\n");
    finds(state,
          POD "spec:\n"
              "  dnsConfig: {}\n"
              "  containers:\n"
              "    - {name: a, searches: [example.org]}\n",
          "7:17: error: searches is no field of Container; move it to "
          "spec.dnsConfig.searches [field-misplaced]\n");
}

static void a_field_of_a_struct_above_is_misplaced(void **state)
{
    finds(state,
          SET "spec:\n"
              "  template:\n"
              "    replicas: 3\n"
              "    spec:\n"
              "      serviceName: db\n"
              "      containers:\n"
              "        - {name: a}\n"
              "        - name: b\n"
              "          hostNetwork: true\n"
              "          readinessProbe: {imagePullPolicy: Always}\n",
          "6:5: error: replicas is no field of PodTemplateSpec; move it to "
          "spec.replicas [field-misplaced]\n"
          "8:7: error: serviceName is no field of PodSpec; move it to "
          "spec.serviceName [field-misplaced]\n"
          "12:11: error: hostNetwork is no field of Container; move it to "
          "spec.template.spec.hostNetwork [field-misplaced]\n"
          "13:28: error: imagePullPolicy is no field of Probe; move it to "
          "spec.template.spec.containers[1].imagePullPolicy "
          "[field-misplaced]\n");
}

static void a_field_of_a_struct_beside_is_misplaced(void **state)
{
    finds(state, SERVICE "spec: {labels: {a: b}}\n",
          "4:8: error: labels is no field of ServiceSpec; move it to "
          "metadata.labels [field-misplaced]\n");
}

static void a_field_of_the_object_is_misplaced_below_it(void **state)
{
    finds(state,
          "apiVersion: discovery.k8s.io/v1\n"
          "kind: EndpointSlice\n"
          "metadata: {name: a, labels: {kubernetes.io/service-name: db}}\n"
          "endpoints: [{addresses: [10.0.0.1], addressType: IPv4}]\n",
          "4:37: error: addressType is no field of Endpoint; move it to "
          "addressType, at the top level [field-misplaced]\n");
}

static void the_value_says_which_one_is_meant(void **state)
{
    // a list is no port's number, and a number no list of ports
    finds(state, SERVICE "spec: {port: [{name: a, port: 1}]}\n",
          "4:8: error: port is no field of ServiceSpec; did you mean ports? "
          "[field-misspelled]\n");
    finds(state, SERVICE "spec: {port: 1}\n",
          "4:8: error: port is no field of ServiceSpec; move it to "
          "spec.ports[].port [field-misplaced]\n");
    // volumeMode resembles it, but another one has this very name
    finds(state,
          "apiVersion: v1\n"
          "kind: PersistentVolume\n"
          "metadata: {name: a}\n"
          "spec: {csi: {driver: d}, volumeHandle: h}\n",
          "4:26: error: volumeHandle is no field of PersistentVolumeSpec; move "
          "it to spec.csi.volumeHandle [field-misplaced]\n");
    // where nothing takes the value, the name decides
    finds(state, SERVICE "spec: {port: {}}\n",
          "4:8: error: port is no field of ServiceSpec; did you mean ports? "
          "[field-misspelled]\n");
}

static void nothing_belongs_into_status(void **state)
{
    finds(state, SET "readyReplicas: 3\n",
          "4:1: warning: readyReplicas is no field of StatefulSet; remove it "
          "[field-unknown]\n");
    finds(state, SET "status: {readyReplica: 3, replicas: 3}\n",
          "4:10: error: readyReplica is no field of StatefulSetStatus; did you "
          "mean readyReplicas? [field-misspelled]\n");
}

// --- unknown ----------------------------------------------------------------

static void a_field_that_nothing_resembles_is_a_warning(void **state)
{
    finds(state, SET "spec: {maxItemMemory: 64}\n",
          "4:8: warning: maxItemMemory is no field of StatefulSetSpec; remove "
          "it [field-unknown]\n");
}

static void a_long_name_is_cut(void **state)
{
    struct fixture *f = *state;
    enum { LONG = 9000 };
    char *text = calloc(1, sizeof SERVICE + LONG + 64);
    assert_non_null(text);
    int n = sprintf(text, SERVICE "spec: {? ");
    memset(text + n, 'x', LONG);
    strcpy(text + n + LONG, " : 1}\n");
    assert_int_equal(run(f, text), 0);
    free(text);
    static const char start[] = "4:10: warning: xxxx";
    static const char end[] = "[field-unknown]\n";
    assert_memory_equal(f->found, start, sizeof start - 1);
    assert_string_equal(f->found + strlen(f->found) - (sizeof end - 1), end);
}

// --- what is free, and whose fields are not known ---------------------------

static void keys_that_people_choose_are_free(void **state)
{
    finds(state,
          "apiVersion: v1\n"
          "kind: Pod\n"
          "metadata:\n"
          "  name: db\n"
          "  labels: {nmae: a}\n"
          "  annotations: {nmae: a}\n"
          "  managedFields: [{fieldsV1: {'f:spec': {}}, nmae: a}]\n"
          "spec:\n"
          "  nodeSelector: {nmae: a}\n"
          "  containers:\n"
          "    - name: a\n"
          "      resources: {limits: {cpus: 1}, requests: {gpu: 1}}\n"
          "  volumes:\n"
          "    - {name: v, csi: {driver: d, volumeAttributes: {nmae: a}}}\n"
          "---\n" SERVICE "spec: {selector: {clusterIp: None}}\n",
          "");
}

static void a_value_of_another_shape_is_not_looked_at(void **state)
{
    finds(state,
          SERVICE "spec: {ports: {nmae: a}}\n"
                  "---\n" SET "spec: [{replica: 3}]\n"
                  "---\n" POD "spec: {containers: [a, [{nmae: b}]]}\n",
          "");
}

static void other_kinds_may_have_any_fields(void **state)
{
    finds(state,
          // somebody's own, one of a version that is gone, one that is skipped
          "apiVersion: serving.knative.dev/v1\n"
          "kind: Service\n"
          "metadata: {name: a}\n"
          "spec: {clusterIp: None}\n"
          "---\n"
          "apiVersion: extensions/v1beta1\n"
          "kind: Deployment\n"
          "metadata: {name: b}\n"
          "spec: {rollbackTo: {revision: 1}}\n"
          "---\n"
          "apiVersion: v1\n"
          "kind: ConfigMap\n"
          "metadata: {nmae: c}\n"
          "date: {}\n",
          "");
}

static void items_of_lists_are_looked_at(void **state)
{
    finds(state,
          "apiVersion: v1\n"
          "kind: List\n"
          "items:\n"
          "  - apiVersion: v1\n"
          "    kind: Service\n"
          "    metadata: {name: a}\n"
          "    spec: {clusterIp: None}\n"
          "---\n"
          "apiVersion: v1\n"
          "kind: ServiceList\n"
          "items:\n"
          "  - metadata: {name: b}\n"
          "    spec: {clusterIp: None}\n",
          "7:12: error: clusterIp is no field of ServiceSpec; did you mean "
          "clusterIP? [field-misspelled]\n"
          "13:12: error: clusterIp is no field of ServiceSpec; did you mean "
          "clusterIP? [field-misspelled]\n");
}

static void a_list_without_items_is_looked_at(void **state)
{
    finds(state,
          "apiVersion: v1\n"
          "kind: List\n"
          "itmes: []\n",
          "3:1: error: itmes is no field of List; did you mean items? "
          "[field-misspelled]\n");
}

static void claims_and_jobs_are_looked_at(void **state)
{
    finds(state,
          "apiVersion: v1\n"
          "kind: PersistentVolumeClaim\n"
          "metadata: {name: a}\n"
          "spec: {accessMode: [ReadWriteOnce]}\n"
          "---\n"
          "apiVersion: v1\n"
          "kind: PersistentVolume\n"
          "metadata: {name: b}\n"
          "spec: {nfs: {sever: a, path: /}}\n"
          "---\n"
          "apiVersion: batch/v1\n"
          "kind: Job\n"
          "metadata: {name: c}\n"
          "spec: {template: {spec: {restartPolice: Never}}}\n",
          "4:8: error: accessMode is no field of PersistentVolumeClaimSpec; "
          "did you mean accessModes? [field-misspelled]\n"
          "9:14: error: sever is no field of NFSVolumeSource; did you mean "
          "server? [field-misspelled]\n"
          "14:26: error: restartPolice is no field of PodSpec; did you mean "
          "restartPolicy? [field-misspelled]\n");
}

// --- kinds ------------------------------------------------------------------

static void a_misspelled_kind_is_an_error_at_its_value(void **state)
{
    finds(state,
          "apiVersion: apps/v1\n"
          "kind: Statefulset\n"
          "metadata: {name: a}\n",
          "2:7: error: Statefulset is no kind of apps/v1; did you mean "
          "StatefulSet? [kind-misspelled]\n");
    finds(state, "{\"kind\": \"service\", \"apiVersion\": \"v1\"}\n",
          "1:10: error: service is no kind of v1; did you mean Service? "
          "[kind-misspelled]\n");
}

static void kinds_that_there_are_are_no_misspellings(void **state)
{
    finds(state,
          "apiVersion: v1\n"
          "kind: Node\n"
          "metadata: {name: a}\n"
          "---\n"
          "apiVersion: apps/v1\n"
          "kind: DaemonSetList\n"
          "items: []\n"
          "---\n"
          "apiVersion: apps/v1\n"
          "kind: ControllerRevision\n"
          "metadata: {name: b}\n"
          "---\n"
          "apiVersion: example.org/v1\n"
          "kind: Statefulset\n"
          "metadata: {name: c}\n",
          "");
}

// --- memory -----------------------------------------------------------------

static void memory_that_runs_out_is_an_error(void **state)
{
    struct fixture *f = *state;
    static const char text[] = SET "specs: {}\n"
                                   "spec:\n"
                                   "  replica: 1\n"
                                   "  template: {replicas: 3, other: {}}\n";
    bool hit = true;
    for (long n = 1; hit; n++) {
        fault_alloc_after(n);
        const int rc = run(f, text);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        // without memory for a file that is read later, it is read again
        if (rc != 0)
            assert_int_equal(rc, -ENOMEM);
        assert_true(hit || rc == 0);
    }
    assert_string_equal(f->found,
                        "4:1: error: specs is no field of StatefulSet; did you "
                        "mean spec? [field-misspelled]\n"
                        "6:3: error: replica is no field of StatefulSetSpec; "
                        "did you mean replicas? [field-misspelled]\n"
                        "7:14: error: replicas is no field of PodTemplateSpec; "
                        "move it to spec.replicas [field-misplaced]\n"
                        "7:27: warning: other is no field of PodTemplateSpec; "
                        "remove it [field-unknown]\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_misspelled_field_is_an_error_at_its_key),
        TEST(letters_of_the_wrong_case_are_misspelled),
        TEST(the_object_itself_and_its_metadata_are_looked_at),
        TEST(each_item_of_a_list_is_looked_at),
        TEST(a_field_without_a_value_counts),
        TEST(what_is_below_a_misspelled_field_is_not_looked_at),
        TEST(a_field_from_a_merge_key_is_told_where_it_stands),
        TEST(a_field_of_a_struct_below_is_misplaced),
        TEST(a_struct_that_is_there_is_rather_meant_than_one_that_is_not),
        TEST(a_field_of_a_struct_above_is_misplaced),
        TEST(a_field_of_a_struct_beside_is_misplaced),
        TEST(a_field_of_the_object_is_misplaced_below_it),
        TEST(the_value_says_which_one_is_meant),
        TEST(nothing_belongs_into_status),
        TEST(a_field_that_nothing_resembles_is_a_warning),
        TEST(a_long_name_is_cut),
        TEST(keys_that_people_choose_are_free),
        TEST(a_value_of_another_shape_is_not_looked_at),
        TEST(other_kinds_may_have_any_fields),
        TEST(items_of_lists_are_looked_at),
        TEST(a_list_without_items_is_looked_at),
        TEST(claims_and_jobs_are_looked_at),
        TEST(a_misspelled_kind_is_an_error_at_its_value),
        TEST(kinds_that_there_are_are_no_misspellings),
        TEST(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

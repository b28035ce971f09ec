// SPDX-License-Identifier: Apache-2.0
// The name vectors (tests/vectors) against the functions that make a zone of
// manifests and a reply of a query: each row is a test of its own.
#include "lib/vectors.h"
#include "lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// cmocka wants the headers above
#include <cmocka.h>

static const char folder[] = "tests/vectors";

// All rows, and the server of the row before.
struct suite {
    struct vectors vectors;
    const struct vector_group *served;
    struct world *world;
    uint8_t reply[DNS_TCP_MAX];
};

// A test's state.
struct question {
    struct suite *suite;
    const struct vector_row *row;
};

static void serve(struct suite *s, const struct vector_group *group)
{
    size_t n;

    if (s->served == group)
        return;
    world_free(s->world);
    s->world = NULL;
    s->served = NULL;
    char *text = vectors_file(folder, group->manifest, &n);
    assert_non_null(text);
    s->world = world_new(group->options);
    assert_non_null(s->world);
    const bool written = world_write(s->world, group->manifest, text, n);
    free(text);
    assert_true(written);
    assert_int_equal(world_load(s->world), 0);
    s->served = group;
}

static void ask(const struct question *q, enum answer_transport transport)
{
    uint8_t *message = q->suite->reply;
    const struct vectors *v = &q->suite->vectors;
    uint8_t query[VECTOR_QUERY_SIZE];
    struct reply reply;
    char error[200];

    const size_t query_n = vectors_query(v, q->row, query);
    assert_true(query_n > 0);
    const size_t n =
        world_answer(q->suite->world, query, query_n, transport, message);
    assert_true(n > 12);
    // letter by letter: behind it come the type, the class and our OPT record
    assert_memory_equal(message + 12, query + 12, query_n - 12 - 11);
    const bool read = reply_read(message, n, &reply, error);
    if (!read)
        print_message("# %s\n", error);
    const bool good = read && vectors_match(v, q->row, &reply, "192.0.2.53");
    reply_release(&reply);
    if (!good)
        fail_msg("%s: %s", q->row->title, q->row->fields[VECTOR_SOURCE]);
}

static void a_row_is_answered_as_it_says(void **state)
{
    const struct question *q = *state;

    serve(q->suite, &q->suite->vectors.groups[q->row->group]);
    ask(q, ANSWER_UDP);
    ask(q, ANSWER_TCP);
}

int main(void)
{
    struct suite s = {.served = NULL};

    if (!vectors_read(folder, &s.vectors))
        return 1;
    const size_t n = s.vectors.rows_n;
    struct question *questions = calloc(n + 1, sizeof *questions);
    struct CMUnitTest *tests = calloc(n + 1, sizeof *tests);
    if (!questions || !tests)
        return 1;
    for (size_t i = 0; i < n; i++) {
        questions[i] =
            (struct question){.suite = &s, .row = &s.vectors.rows[i]};
        tests[i] = (struct CMUnitTest){
            .name = s.vectors.rows[i].title,
            .test_func = a_row_is_answered_as_it_says,
            .initial_state = &questions[i],
        };
    }
    const int failed = _cmocka_run_group_tests("vectors", tests, n, NULL, NULL);
    world_free(s.world);
    vectors_release(&s.vectors);
    free(questions);
    free(tests);
    return failed;
}

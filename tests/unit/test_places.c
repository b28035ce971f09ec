// SPDX-License-Identifier: Apache-2.0
// Where something happens when what a PATH stands for becomes another.
#include "source/places.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT_SIZE = 1024 };

struct fixture {
    char directory[64]; // the working directory: paths below are relative
    struct places places;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->directory, "/tmp/ordinald-places-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    assert_int_equal(chdir(f->directory), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"d/one.yaml", "d/far.yaml", "far.yaml",
                                        "v/far.yaml", "v/link"};
    places_release(&f->places);
    for (size_t i = 0; i < ORD_COUNT(files); i++)
        (void)unlink(files[i]);
    (void)rmdir("d");
    (void)rmdir("v");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(f->directory), 0);
    free(f);
    return 0;
}

static void make_file(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void make_directories(void)
{
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(mkdir("v", 0700), 0);
}

// want  directories, with "/" and what alone counts there in brackets
static void assert_places(struct fixture *f, const char *path,
                          int (*find)(const char *, struct places *),
                          const char *want)
{
    char text[TEXT_SIZE] = "";
    assert_int_equal(find(path, &f->places), 0);
    places_settle(&f->places);
    for (size_t i = 0; i < f->places.n; i++) {
        const struct watched *w = &f->places.items[i];
        char *end = text + strlen(text);
        snprintf(end, (size_t)(text + TEXT_SIZE - end),
                 w->only ? "%s%s(%s)" : "%s%s", i ? " " : "", w->directory,
                 w->only ? w->only : "");
    }
    places_release(&f->places);
    assert_string_equal(text, want);
}

static void of_a_directory_it_and_its_own_name_count(void **state)
{
    make_directories();
    assert_places(*state, "d", places_of, ".(d) d");
    assert_places(*state, "d/", places_of, ".(d) d/");
    assert_places(*state, ".", places_of, ".");
}

static void of_a_file_it_and_its_directory_count(void **state)
{
    make_directories();
    make_file("d/one.yaml");
    assert_places(*state, "d/one.yaml", places_of, "d d/one.yaml");
}

static void of_a_link_each_directory_on_the_way_counts(void **state)
{
    make_directories();
    make_file("far.yaml");
    assert_int_equal(symlink("../far.yaml", "v/link"), 0);
    assert_int_equal(symlink("../v/link", "d/far.yaml"), 0);
    assert_places(*state, "d/far.yaml", places_of,
                  "d d/../v d/../v/.. d/far.yaml");
}

// A directory may have more of them than the system has watches.
static void of_a_link_in_a_directory_the_file_does_not(void **state)
{
    make_directories();
    make_file("v/far.yaml");
    assert_int_equal(symlink("../v/far.yaml", "d/far.yaml"), 0);
    assert_places(*state, "d/far.yaml", places_of_links, "d d/../v");
}

static void of_what_is_not_there_the_nearest_above_counts(void **state)
{
    assert_places(*state, "d/e/one.yaml", places_of, ".");
    assert_places(*state, "/none-0/none-1", places_of, "/");
    make_directories();
    assert_places(*state, "d/e/one.yaml", places_of, "d");
}

static void a_path_that_no_call_takes_has_none(void **state)
{
    char path[2 * 4096 + 1];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_places(*state, path, places_of, "");
}

static void each_place_is_there_once(void **state)
{
    struct fixture *f = *state;
    make_directories();
    make_file("d/one.yaml");
    assert_int_equal(places_of("d/one.yaml", &f->places), 0);
    assert_places(f, "d/one.yaml", places_of, "d d/one.yaml");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(of_a_directory_it_and_its_own_name_count),
        TEST(of_a_file_it_and_its_directory_count),
        TEST(of_a_link_each_directory_on_the_way_counts),
        TEST(of_a_link_in_a_directory_the_file_does_not),
        TEST(of_what_is_not_there_the_nearest_above_counts),
        TEST(a_path_that_no_call_takes_has_none),
        TEST(each_place_is_there_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

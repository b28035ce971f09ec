// SPDX-License-Identifier: Apache-2.0
// Small files are read whole, or not at all.
#include "base/file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int file_of(const char *text)
{
    const int fd = memfd_create("text", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void all_of_it_is_read_up_to_the_limit(void **state)
{
    (void)state;
    char text[8] = "........";
    const int fd = file_of("abcdef");
    assert_int_equal(file_read(fd, text, 6), 6);
    assert_memory_equal(text, "abcdef..", 8);
    assert_int_equal(file_read(fd, text, 6), 0); // nothing is left
    close(fd);
}

static void one_octet_more_is_too_much(void **state)
{
    (void)state;
    char text[8] = "........";
    const int fd = file_of("abcdef");
    assert_int_equal(file_read(fd, text, 5), -EFBIG);
    assert_memory_equal(text + 6, "..", 2); // within its room
    close(fd);
}

static void what_comes_in_parts_is_one(void **state)
{
    (void)state;
    int ends[2];
    char text[8] = "........";
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "ab", 2), 2);
    assert_int_equal(write(ends[1], "cd", 2), 2);
    close(ends[1]);
    assert_int_equal(file_read(ends[0], text, 7), 4);
    assert_memory_equal(text, "abcd....", 8);
    close(ends[0]);
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    char text[8];
    assert_int_equal(file_read(-1, text, 7), -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_is_read_up_to_the_limit),
        cmocka_unit_test(one_octet_more_is_too_much),
        cmocka_unit_test(what_comes_in_parts_is_one),
        cmocka_unit_test(what_cannot_be_read_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

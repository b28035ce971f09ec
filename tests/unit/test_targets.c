// SPDX-License-Identifier: Apache-2.0
#include "../../src/daemon/targets.h"

#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

enum { ARGUMENTS = 16 };

struct fixture {
    char file[64];   // a resolv.conf
    char second[64]; // another
    FILE *out;       // where the log goes
    struct log log;
    struct settings settings;
    struct targets *targets;
    struct error err;
    char text[2048];
};

static int make_file(char *name)
{
    strcpy(name, "/tmp/ordinald-targets-XXXXXX");
    const int fd = mkstemp(name);
    return fd < 0 ? -1 : close(fd);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f || !(f->out = tmpfile()) || make_file(f->file) < 0 ||
        make_file(f->second) < 0)
        return -1;
    f->log = (struct log){.fd = fileno(f->out), .level = LOG_INFO};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    targets_free(f->targets);
    settings_release(&f->settings);
    fclose(f->out);
    unlink(f->file);
    unlink(f->second);
    free(f);
    return 0;
}

static const char *logged(struct fixture *f)
{
    char line[512];
    f->text[0] = '\0';
    rewind(f->out);
    while (fgets(line, sizeof line, f->out))
        strcat(f->text, strchr(line, ' ') + 1);
    assert_int_equal(ftruncate(f->log.fd, 0), 0);
    rewind(f->out);
    return f->text;
}

static void write_file(const char *file, const char *text)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

// Settings of a line in which $1 and $2 stand for the two files.
static void settings(struct fixture *f, const char *line)
{
    static const struct settings_command serve = {.name = "serve"};
    const struct report report = {0};
    char copy[512] = "", *rest = copy;
    const char *argv[ARGUMENTS];
    int argc = 0;
    for (; *line; line++) {
        const size_t n = strlen(copy);
        if (*line == '$')
            strcat(copy, *++line == '1' ? f->file : f->second);
        else
            copy[n] = *line;
    }
    for (char *word; (word = strtok_r(rest, " ", &rest));)
        argv[argc++] = word;
    settings_release(&f->settings);
    if (settings_parse(&f->settings, &serve, argc, argv, &report, &f->err))
        fail_msg("%s", f->err.text);
}

static int begin(struct fixture *f, const char *line)
{
    targets_free(f->targets);
    f->targets = NULL;
    settings(f, line);
    return targets_new(&f->settings, &f->log, &f->targets, &f->err);
}

static void names(struct fixture *f, const char *servers)
{
    const struct target_list *now = targets_now(f->targets);
    char all[1024] = "", one[SOCKADDR_TEXT_SIZE];
    for (size_t i = 0; i < now->n; i++) {
        strcat(all, i ? " " : "");
        strcat(all, sockaddr_format(&now->items[i], one));
    }
    assert_string_equal(all, servers);
}

static void good(struct fixture *f, const char *line, const char *servers)
{
    if (begin(f, line))
        fail_msg("%s", f->err.text);
    names(f, servers);
}

static void bad(struct fixture *f, const char *line, int code, const char *text)
{
    assert_int_equal(begin(f, line), code);
    assert_string_equal(f->err.text, text);
    assert_null(f->targets);
}

static void addresses_and_files_come_in_order_each_once(void **state)
{
    struct fixture *f = *state;
    write_file(f->file, "nameserver 10.0.0.1\nnameserver 10.0.0.2\n");
    write_file(f->second, "nameserver 10.0.0.3\nnameserver 10.0.0.1\n");
    good(f, "--forward 10.0.0.9:54,$1,10.0.0.2,$2,fd00::1,10.0.0.9",
         "10.0.0.9:54 10.0.0.1:53 10.0.0.2:53 10.0.0.3:53 [fd00::1]:53 "
         "10.0.0.9:53");
    assert_string_equal(logged(f), "");
}

static void a_file_without_servers_is_fine(void **state)
{
    struct fixture *f = *state;
    good(f, "--forward $1", "");
    assert_string_equal(logged(f), "");
}

static void a_file_that_cannot_be_read_ends_the_start(void **state)
{
    struct fixture *f = *state;
    bad(f, "--forward 10.0.0.1,/nowhere/x", -ENOENT,
        "--forward: cannot read '/nowhere/x': No such file or directory; name "
        "a resolv.conf");
    bad(f, "--forward /tmp", -EISDIR,
        "--forward: cannot read '/tmp': Is a directory; name a resolv.conf");
}

static void a_line_without_address_is_said_once(void **state)
{
    struct fixture *f = *state;
    char line[256];
    write_file(f->file, "nameserver dns\nnameserver 10.0.0.1\n");
    good(f, "--forward $1", "10.0.0.1:53");
    snprintf(line, sizeof line,
             "warning a server of --forward is left out because=\"'%s': line "
             "1: 'dns' is no IP address\"\n",
             f->file);
    assert_string_equal(logged(f), line);
    assert_false(targets_read(f->targets));
    assert_string_equal(logged(f), "");
    write_file(f->file, "nameserver 10.0.0.1\n");
    assert_false(targets_read(f->targets));
    write_file(f->file, "nameserver dns\nnameserver 10.0.0.1\n");
    assert_false(targets_read(f->targets));
    assert_string_equal(logged(f), line); // it came back
}

static void a_file_is_read_again(void **state)
{
    struct fixture *f = *state;
    write_file(f->file, "nameserver 10.0.0.1\n");
    good(f, "--forward 10.0.0.9,$1", "10.0.0.9:53 10.0.0.1:53");
    assert_false(targets_read(f->targets));
    write_file(f->file, "# the same\nnameserver 10.0.0.1\nsearch x\n");
    assert_false(targets_read(f->targets));
    write_file(f->file, "nameserver 10.0.0.2\nnameserver 10.0.0.1\n");
    assert_true(targets_read(f->targets));
    names(f, "10.0.0.9:53 10.0.0.2:53 10.0.0.1:53");
    write_file(f->file, "nameserver 10.0.0.1\nnameserver 10.0.0.2\n");
    assert_true(targets_read(f->targets)); // another order is another list
    names(f, "10.0.0.9:53 10.0.0.1:53 10.0.0.2:53");
    write_file(f->file, "");
    assert_true(targets_read(f->targets));
    names(f, "10.0.0.9:53");
    assert_string_equal(logged(f), "");
}

static void a_file_that_went_away_keeps_its_servers(void **state)
{
    struct fixture *f = *state;
    char line[256];
    write_file(f->file, "nameserver 10.0.0.1\n");
    write_file(f->second, "nameserver 10.0.0.2\n");
    good(f, "--forward $1,$2", "10.0.0.1:53 10.0.0.2:53");
    unlink(f->file);
    assert_false(targets_read(f->targets));
    snprintf(line, sizeof line,
             "warning its servers are still asked, as it named them before "
             "because=\"cannot read '%s': No such file or directory; name a "
             "resolv.conf\"\n",
             f->file);
    assert_string_equal(logged(f), line);
    write_file(f->second, "nameserver 10.0.0.3\n"); // others go on
    assert_true(targets_read(f->targets));
    names(f, "10.0.0.1:53 10.0.0.3:53");
    assert_string_equal(logged(f), "");
    write_file(f->file, "nameserver 10.0.0.4\n");
    assert_true(targets_read(f->targets));
    names(f, "10.0.0.4:53 10.0.0.3:53");
    snprintf(line, sizeof line,
             "info a file of --forward can be read again file=%s\n", f->file);
    assert_string_equal(logged(f), line);
}

static void in_a_file_our_own_address_is_left_out(void **state)
{
    struct fixture *f = *state;
    write_file(f->file, "nameserver 127.0.0.1\nnameserver 10.0.0.1\n");
    good(f, "--listen 127.0.0.1:53 --forward $1", "10.0.0.1:53");
    assert_string_equal(logged(f), "info our own address is left out of "
                                   "--forward address=127.0.0.1:53\n");
    assert_false(targets_read(f->targets));
    assert_string_equal(logged(f), "");
    // another port, address or family is another server
    good(f, "--listen 127.0.0.1:5300 --forward $1", "127.0.0.1:53 10.0.0.1:53");
    good(f, "--listen 127.0.0.2:53 --forward $1", "127.0.0.1:53 10.0.0.1:53");
    good(f, "--listen [::1]:53 --forward $1", "127.0.0.1:53 10.0.0.1:53");
    assert_string_equal(logged(f), "");
}

static void behind_a_wildcard_all_of_this_machine_is_our_own(void **state)
{
    struct fixture *f = *state;
    write_file(f->file, "nameserver 127.0.0.53\nnameserver ::1\n"
                        "nameserver 192.0.2.1\n");
    good(f, "--listen 0.0.0.0:53 --forward $1", "[::1]:53 192.0.2.1:53");
    good(f, "--listen [::]:53 --forward $1", "127.0.0.53:53 192.0.2.1:53");
    good(f, "--listen 10.0.0.1:53,[::]:53,0.0.0.0:53 --forward $1",
         "192.0.2.1:53");
    good(f, "--listen 0.0.0.0:5300,[::]:5300 --forward $1",
         "127.0.0.53:53 [::1]:53 192.0.2.1:53");
    write_file(f->file, "nameserver ::ffff:127.0.0.1\n"
                        "nameserver ::ffff:192.0.2.1\n");
    good(f, "--listen 0.0.0.0:53 --forward $1", "192.0.2.1:53");
}

static void behind_a_wildcard_an_interface_is_our_own(void **state)
{
    struct fixture *f = *state;
    uv_interface_address_t *all;
    int n, i;
    assert_int_equal(uv_interface_addresses(&all, &n), 0);
    for (i = 0; i < n; i++)
        if (!all[i].is_internal &&
            all[i].address.address4.sin_family == AF_INET)
            break;
    if (i == n) {
        uv_free_interface_addresses(all, n);
        skip(); // this machine has loopback only
    }
    char own[ADDRESS_TEXT_SIZE], text[128], left[SOCKADDR_TEXT_SIZE];
    uv_ip4_name(&all[i].address.address4, own, sizeof own);
    uv_free_interface_addresses(all, n);
    snprintf(text, sizeof text, "nameserver %s\nnameserver 192.0.2.1\n", own);
    write_file(f->file, text);
    good(f, "--listen 0.0.0.0:53 --forward $1", "192.0.2.1:53");
    snprintf(left, sizeof left, "%s:53", own);
    assert_non_null(strstr(logged(f), left));
    strcat(left, " 192.0.2.1:53");
    good(f, "--listen 127.0.0.1:53 --forward $1", left);
}

static void our_own_address_cannot_be_asked_for(void **state)
{
    struct fixture *f = *state;
    bad(f, "--listen 127.0.0.1:5300 --forward 10.0.0.1,127.0.0.1:5300", -EINVAL,
        "--forward 127.0.0.1:5300 is this server itself, which listens at "
        "127.0.0.1:5300: each question would come back to it; name another "
        "server");
    bad(f, "--listen 0.0.0.0:53 --forward 127.1.2.3", -EINVAL,
        "--forward 127.1.2.3 is this server itself, which listens at "
        "0.0.0.0:53: each question would come back to it; name another "
        "server");
    bad(f, "--listen [::]:54 --forward [::1]:54", -EINVAL,
        "--forward [::1]:54 is this server itself, which listens at [::]:54: "
        "each question would come back to it; name another server");
    bad(f, "--listen 127.0.0.1:54 --forward [::ffff:127.0.0.1]:54", -EINVAL,
        "--forward [::ffff:127.0.0.1]:54 is this server itself, which listens "
        "at 127.0.0.1:54: each question would come back to it; name another "
        "server");
    good(f, "--listen 127.0.0.1:5300 --forward 127.0.0.1:53", "127.0.0.1:53");
}

static void more_servers_than_places_are_left_out(void **state)
{
    struct fixture *f = *state;
    char text[1024] = "";
    for (int i = 1; i <= 10; i++)
        sprintf(text + strlen(text), "nameserver 10.0.0.%d\n", i);
    write_file(f->file, text);
    for (char *at = text; (at = strstr(at, "10.0.0")); at++)
        at[3] = '1';
    write_file(f->second, text);
    assert_int_equal(begin(f, "--forward $1,$2,10.9.9.9"), 0);
    const struct target_list *now = targets_now(f->targets);
    char last[SOCKADDR_TEXT_SIZE];
    assert_int_equal(now->n, 15);
    assert_string_equal(sockaddr_format(&now->items[14], last), "10.1.0.5:53");
    assert_string_equal(logged(f),
                        "warning --forward names more servers than are asked; "
                        "the last ones are left out asked=15\n");
    assert_false(targets_read(f->targets));
    assert_string_equal(logged(f), "");
}

static void without_memory_the_start_fails(void **state)
{
    struct fixture *f = *state;
    write_file(f->file, "nameserver 10.0.0.1\n");
    settings(f, "--forward $1");
    for (long n = 1;; n++) {
        fault_alloc_after(n);
        const int r = targets_new(&f->settings, &f->log, &f->targets, &f->err);
        const bool hit = fault_alloc_hit();
        fault_alloc_after(-1);
        if (!hit) {
            assert_int_equal(r, 0);
            break;
        }
        assert_int_equal(r, -ENOMEM);
        assert_null(f->targets);
    }
    // later it goes on as before
    fault_alloc_after(1);
    assert_false(targets_read(f->targets));
    fault_alloc_after(-1);
    names(f, "10.0.0.1:53");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_and_files_come_in_order_each_once),
        TEST(a_file_without_servers_is_fine),
        TEST(a_file_that_cannot_be_read_ends_the_start),
        TEST(a_line_without_address_is_said_once),
        TEST(a_file_is_read_again),
        TEST(a_file_that_went_away_keeps_its_servers),
        TEST(in_a_file_our_own_address_is_left_out),
        TEST(behind_a_wildcard_all_of_this_machine_is_our_own),
        TEST(behind_a_wildcard_an_interface_is_our_own),
        TEST(our_own_address_cannot_be_asked_for),
        TEST(more_servers_than_places_are_left_out),
        TEST(without_memory_the_start_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

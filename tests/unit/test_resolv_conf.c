// SPDX-License-Identifier: Apache-2.0
#include "base/resolv_conf.h"

#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char file[64];
    struct resolv_conf conf;
    struct error err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    strcpy(f->file, "/tmp/ordinald-resolv-XXXXXX");
    const int fd = mkstemp(f->file);
    if (fd < 0)
        return -1;
    close(fd);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    unlink(f->file);
    free(f);
    return 0;
}

static void write_file(const struct fixture *f, const void *text, size_t n)
{
    FILE *out = fopen(f->file, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

static void read_text(struct fixture *f, const void *text, size_t n)
{
    write_file(f, text, n);
    memset(&f->conf, 0x5a, sizeof f->conf);
    assert_int_equal(resolv_conf_read(f->file, &f->conf, &f->err), 0);
}

// The servers that a text names, with blanks between, and no fault.
static void names(struct fixture *f, const char *text, const char *servers)
{
    char all[1024] = "", one[SOCKADDR_TEXT_SIZE];
    read_text(f, text, strlen(text));
    for (size_t i = 0; i < f->conf.n; i++) {
        strcat(all, i ? " " : "");
        strcat(all, sockaddr_format(&f->conf.servers[i], one));
    }
    assert_string_equal(all, servers);
    assert_string_equal(f->conf.fault.text, "");
}

// A text of which the line has a fault, beside one good server.
static void faulty(struct fixture *f, const char *text, const char *fault)
{
    char whole[256];
    read_text(f, text, strlen(text));
    snprintf(whole, sizeof whole, "'%s': %s", f->file, fault);
    assert_string_equal(f->conf.fault.text, whole);
    assert_int_equal(f->conf.n, 1);
}

static void servers_come_in_order_at_port_53(void **state)
{
    struct fixture *f = *state;
    names(f, "nameserver 10.96.0.10\nnameserver fd00::a\nnameserver 8.8.8.8\n",
          "10.96.0.10:53 [fd00::a]:53 8.8.8.8:53");
    names(f, "nameserver fe80::1%lo\n", "[fe80::1%lo]:53");
}

static void other_lines_are_skipped(void **state)
{
    struct fixture *f = *state;
    names(f,
          "# nameserver 1.1.1.1\n; nameserver 1.1.1.2\n\n"
          "domain 1.1.1.3\nsearch nameserver 1.1.1.4\noptions ndots:5\n"
          "nameservers 1.1.1.5\nnameserve 1.1.1.6\nnameserver1.1.1.7\n"
          "NAMESERVER 1.1.1.8\nnameserver 9.9.9.9\nsortlist 1.1.1.9\n",
          "9.9.9.9:53");
}

static void blanks_and_comments_stand_around_an_address(void **state)
{
    struct fixture *f = *state;
    names(f,
          "nameserver\t1.1.1.1\t\n  nameserver   1.1.1.2  # mine\n"
          "nameserver 1.1.1.3;old\nnameserver 1.1.1.4#old\n"
          "nameserver 1.1.1.5 1.1.1.6\n",
          "1.1.1.1:53 1.1.1.2:53 1.1.1.3:53 1.1.1.4:53 1.1.1.5:53");
}

static void lines_of_other_systems_are_read(void **state)
{
    struct fixture *f = *state;
    names(f, "search a\r\nnameserver 1.1.1.1\r\nnameserver ::1\r\n",
          "1.1.1.1:53 [::1]:53");
    names(f, "nameserver 1.1.1.1", "1.1.1.1:53"); // no line feed at the end
}

static void nothing_is_no_server(void **state)
{
    struct fixture *f = *state;
    names(f, "", "");
    names(f, "\n\n\n", "");
    names(f, "search a b\n", "");
}

static void a_server_counts_once(void **state)
{
    struct fixture *f = *state;
    names(f,
          "nameserver 1.1.1.1\nnameserver ::1\nnameserver 1.1.1.1\n"
          "nameserver 0:0::1\n",
          "1.1.1.1:53 [::1]:53");
}

static void what_is_no_address_is_left_out_and_told(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *line, *fault;
    } rows[] = {
        {"nameserver", "line 3: nameserver has no address"},
        {"nameserver \t", "line 3: nameserver has no address"},
        {"nameserver # 1.1.1.1", "line 3: nameserver has no address"},
        {"nameserver dns.example", "line 3: 'dns.example' is no IP address"},
        {"nameserver 1.1.1", "line 3: '1.1.1' is no IP address"},
        {"nameserver 1.1.1.256", "line 3: '1.1.1.256' is no IP address"},
        {"nameserver 01.1.1.1", "line 3: '01.1.1.1' is no IP address"},
        {"nameserver 1.1.1.1:53", "line 3: '1.1.1.1:53' is no IP address"},
        {"nameserver [::1]", "line 3: '[::1]' is no IP address"},
        {"nameserver [::1]:53", "line 3: '[::1]:53' is no IP address"},
        {"nameserver ::g", "line 3: '::g' is no IP address"},
        {"nameserver %lo", "line 3: '%lo' is no IP address"},
        {"nameserver \x1b[2J",
         "line 3: nameserver has something else than an IP address"},
        {"nameserver 1.1.1.\xc3\xa9",
         "line 3: nameserver has something else than an IP address"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        snprintf(text, sizeof text, "# one\nnameserver 9.9.9.9\n%s\nsearch x\n",
                 rows[i].line);
        faulty(f, text, rows[i].fault);
    }
    // of several the first
    faulty(f, "nameserver x\nnameserver 9.9.9.9\nnameserver y\n",
           "line 1: 'x' is no IP address");
}

static void an_address_without_its_interface_is_left_out(void **state)
{
    struct fixture *f = *state;
    faulty(f, "nameserver fe80::1\nnameserver 9.9.9.9\n",
           "line 1: 'fe80::1' is a link-local address; name its interface, as "
           "in [fe80::1%eth0]:53");
    faulty(f, "nameserver 9.9.9.9\nnameserver fe80::1%none0\n",
           "line 2: 'fe80::1%none0' names interface 'none0', which does not "
           "exist; `ip link` lists them");
    faulty(f, "nameserver 9.9.9.9\nnameserver 0.0.0.0\n",
           "line 2: '0.0.0.0' stands for all addresses of a machine; name one "
           "of them");
}

static void a_nul_is_no_end(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "nameserver 1.1.1.1\0\n"
                               "\0nameserver 1.1.1.2\n"
                               "nameserver 9.9.9.9\n";
    char fault[128];
    read_text(f, text, sizeof text - 1);
    snprintf(fault, sizeof fault,
             "'%s': line 1: nameserver has something else than an IP address",
             f->file);
    assert_string_equal(f->conf.fault.text, fault);
    assert_int_equal(f->conf.n, 1);
    assert_int_equal(ntohl(f->conf.servers[0].v4.sin_addr.s_addr), 0x09090909);
}

static void a_long_line_is_a_line(void **state)
{
    struct fixture *f = *state;
    enum { LONG = 60000 };
    static char text[RESOLV_CONF_SIZE_MAX];
    memset(text, 'x', LONG);
    strcpy(text + LONG, "\nnameserver 1.1.1.1\n");
    names(f, text, "1.1.1.1:53");
    memset(text, ' ', LONG);
    strcpy(text + LONG, "nameserver 1.1.1.1\n");
    names(f, text, "1.1.1.1:53");
    memset(text, '1', LONG);
    memcpy(text, "nameserver ", 11);
    strcpy(text + LONG, "\nnameserver 9.9.9.9\n");
    faulty(f, text, "line 1: nameserver has something else than an IP address");
    memset(text + 11, '1', 63);
    strcpy(text + 11 + 63, "\nnameserver 9.9.9.9\n");
    faulty(f, text,
           "line 1: '"
           "111111111111111111111111111111111111111111111111111111111111111"
           "' is no IP address");
    memset(text + 11, '1', 64);
    strcpy(text + 11 + 64, "\nnameserver 9.9.9.9\n");
    faulty(f, text, "line 1: nameserver has something else than an IP address");
}

static void more_servers_than_places_are_left_out(void **state)
{
    struct fixture *f = *state;
    char text[2048] = "", last[SOCKADDR_TEXT_SIZE];
    for (int i = 1; i <= 20; i++)
        sprintf(text + strlen(text), "nameserver 10.0.0.%d\n", i);
    read_text(f, text, strlen(text));
    assert_int_equal(f->conf.n, 15);
    assert_string_equal(sockaddr_format(&f->conf.servers[14], last),
                        "10.0.0.15:53");
}

// Reading fails with this code and sentence, and fills nothing.
static void refused(struct fixture *f, const char *path, int code,
                    const char *because)
{
    char text[256];
    f->conf.n = 7;
    assert_int_equal(resolv_conf_read(path, &f->conf, &f->err), code);
    snprintf(text, sizeof text, "cannot read '%s': %s; name a resolv.conf",
             path, because);
    assert_string_equal(f->err.text, text);
    assert_int_equal(f->conf.n, 7);
}

static void what_cannot_be_read_is_named(void **state)
{
    struct fixture *f = *state;
    refused(f, "/nowhere/resolv.conf", -ENOENT, "No such file or directory");
    refused(f, "/tmp", -EISDIR, "Is a directory");
    refused(f, "/dev/zero", -EINVAL, "it is no regular file");
    // nobody writes to it: it would be waited for without end
    unlink(f->file);
    assert_int_equal(mkfifo(f->file, 0600), 0);
    refused(f, f->file, -EINVAL, "it is no regular file");
}

static void a_large_file_is_none(void **state)
{
    struct fixture *f = *state;
    static char text[RESOLV_CONF_SIZE_MAX + 1];
    static const char end[] = "\nnameserver 1.1.1.1";
    memset(text, '#', sizeof text);
    memcpy(text + RESOLV_CONF_SIZE_MAX - (sizeof end - 1), end, sizeof end);
    names(f, text, "1.1.1.1:53"); // exactly the largest
    memset(text, '#', sizeof text);
    write_file(f, text, sizeof text);
    refused(f, f->file, -EFBIG, "it has more than 64 KiB");
}

static void without_memory_it_says_so(void **state)
{
    struct fixture *f = *state;
    write_file(f, "nameserver 1.1.1.1\n", 19);
    fault_alloc_after(1);
    const int r = resolv_conf_read(f->file, &f->conf, &f->err);
    fault_alloc_after(-1);
    assert_int_equal(r, -ENOMEM);
    assert_non_null(strstr(f->err.text, "Cannot allocate memory"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(servers_come_in_order_at_port_53),
        TEST(other_lines_are_skipped),
        TEST(blanks_and_comments_stand_around_an_address),
        TEST(lines_of_other_systems_are_read),
        TEST(nothing_is_no_server),
        TEST(a_server_counts_once),
        TEST(what_is_no_address_is_left_out_and_told),
        TEST(an_address_without_its_interface_is_left_out),
        TEST(a_nul_is_no_end),
        TEST(a_long_line_is_a_line),
        TEST(more_servers_than_places_are_left_out),
        TEST(what_cannot_be_read_is_named),
        TEST(a_large_file_is_none),
        TEST(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// Feeds the kept corpus to a fuzz target, so that what a fuzzer once found is
// tested everywhere, without clang:
//   replay_NAME DIRECTORY-OR-FILE...
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

// The whole of a file, in memory of just its size: reading beyond it shows.
static uint8_t *read_file(const char *path, size_t *n)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;

    if (!f || fstat(fileno(f), &st) != 0)
        goto out;
    *n = (size_t)st.st_size;
    data = malloc(*n ? *n : 1);
    if (data && fread(data, 1, *n, f) != *n) {
        free(data);
        data = NULL;
    }
out:
    if (f)
        fclose(f);
    return data;
}

static bool replay(const char *path)
{
    size_t n = 0;
    uint8_t *data = read_file(path, &n);

    if (!data) {
        printf("not ok - cannot read '%s': %s\n", path, strerror(errno));
        return false;
    }
    // named first: a crash then tells which input it was
    printf("# %s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, n);
    free(data);
    return true;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static long replay_directory(const char *path)
{
    struct dirent **entries;
    long done = 0;
    int n = scandir(path, &entries, is_input, alphasort);

    for (int i = 0; i < n; i++) {
        char *file;
        if (asprintf(&file, "%s/%s", path, entries[i]->d_name) >= 0) {
            done += replay(file);
            free(file);
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return done;
}

int main(int argc, char **argv)
{
    long done = 0;

    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
            done += replay_directory(argv[i]);
        else
            done += replay(argv[i]);
    }
    if (done == 0) {
        printf("not ok 1 - no input in the corpus\n1..1\n");
        return 1;
    }
    printf("ok 1 - %ld inputs\n1..1\n", done);
    return 0;
}

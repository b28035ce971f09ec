// SPDX-License-Identifier: Apache-2.0
// scenario FILE.scn...: carries out each story, and says in TAP how it went.
#include "scenario/story.h"

#include <stdlib.h>
#include <string.h>

// Each line of text behind a '#', as TAP wants what is no result.
static void explain(char *text)
{
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        printf("# %s\n", line);
}

static bool run(int number, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    if (!out)
        return false;
    bool good = story_run(path, out);
    fclose(out);
    printf("%s %d - %s\n", good ? "ok" : "not ok", number,
           slash ? slash + 1 : path);
    explain(text);
    fflush(stdout);
    free(text);
    return good;
}

int main(int argc, char **argv)
{
    int bad = 0;

    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++)
        bad += !run(i, argv[i]);
    return bad > 0;
}

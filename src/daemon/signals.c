// SPDX-License-Identifier: Apache-2.0
#include "signals.h"

#include <signal.h>

static void stop(const struct signals *s, const char *because)
{
    log_event(s->log, LOG_INFO, "stopping", LOG_STRING("because", because));
    uv_stop(s->loop);
}

static void on_lame_duck(uv_timer_t *timer)
{
    stop(timer->data, "--lame-duck is over");
}

static void leave(struct signals *s)
{
    s->leaving = true;
    log_event(s->log, LOG_INFO,
              "lame duck: answering on; SIGTERM once more, or SIGINT, ends it",
              LOG_STRING("because", "SIGTERM"),
              LOG_UINT("lame_duck_ms", s->lame_duck_ms));
    // The loop's clock may have stood still.
    uv_update_time(s->loop);
    // Cannot fail: the timer was set up and has a callback.
    (void)uv_timer_start(&s->lame_duck, on_lame_duck, s->lame_duck_ms, 0);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct signals *s = handle->data;
    if (number == SIGHUP) {
        log_event(s->log, LOG_INFO, "reading everything again",
                  LOG_STRING("because", "SIGHUP"));
        s->again(s->context);
    } else if (number == SIGTERM && s->lame_duck_ms && !s->leaving) {
        leave(s);
    } else {
        stop(s, number == SIGINT ? "SIGINT" : "SIGTERM");
    }
}

int signals_begin(struct signals *s, struct error *err)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    int r = 0;
    // Neither can fail on a loop that has been set up.
    (void)uv_timer_init(s->loop, &s->lame_duck);
    s->lame_duck.data = s;
    for (int i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(s->loop, &s->handles[i]);
        s->handles[i].data = s;
    }
    for (int i = 0; i < SIGNALS && r == 0; i++)
        r = uv_signal_start(&s->handles[i], on_signal, numbers[i]);
    return r < 0 ? error_set(err, r, "cannot watch for signals: %s",
                             uv_strerror(r))
                 : 0;
}

void signals_end(struct signals *s)
{
    uv_close((uv_handle_t *)&s->lame_duck, NULL);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&s->handles[i], NULL);
}

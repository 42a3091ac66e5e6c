/* A Twilio-shaped carrier that answers, counts and judges: the other side of every benchmark of texts.
 *
 * One thread, epoll, keep-alive and pipelining. POST .../Messages.json gets a 201 with a sid of its own, at once or
 * after a fixed delay that holds nobody else up. Unlike Twilio it does not echo the text: less to carry for every
 * client alike. It keeps the wall clock of the first and last text since a reset, the distinct recipients (so that
 * "each once" is checked in every run), and texts per fan-out, which our callback address names as ?d=FANOUT.ADDRESS.N.
 *
 * usage: sink [CERTIFICATE KEY]   prints {"http": PORT, "tls": PORT or 0} and serves 127.0.0.1 until its input closes
 *        GET /control/stats       POST /control/reset?delay_ms=60
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/ssl.h>
#else
typedef void SSL;
#endif

enum { CONNECTIONS = 8192, REQUEST = 65536, FANOUTS = 4096, EVENTS = 256 };

typedef struct { int fd; uint32_t life; SSL *ssl; int shaking, writing, close; size_t got, out, room; char *in, *answer; } Conn;
typedef struct { uint32_t fd, life; double due; uint64_t no, to; } Waiting;
typedef struct { uint64_t id, texts; double first; } Fanout;

static Conn *conns[CONNECTIONS];
static Waiting *ring; static size_t head, tail, ring_size;
static Fanout fanouts[FANOUTS]; static int fanout_count;
static uint64_t *seen; static size_t seen_size, distinct;
static uint64_t texts, strange, sid_no, sid_run, peak, opened;
static double first_at, last_at, delay;
static int poller, timer; static char date[64]; static uint32_t lives;

static double now(clockid_t clock) { struct timespec t; clock_gettime(clock, &t); return t.tv_sec + t.tv_nsec / 1e9; }

static void die(const char *what) { perror(what); exit(1); }

/* -- the judge ---------------------------------------------------------------------------------------------------- */

static int put(uint64_t *set, size_t size, uint64_t key) {
    size_t at = (key * 0x9E3779B97F4A7C15ull) & (size - 1);
    while (set[at] && set[at] != key) at = (at + 1) & (size - 1);
    if (set[at]) return 0;
    set[at] = key;
    return 1;
}

static void note_recipient(uint64_t to) {
    if (!to) { strange++; return; }
    if (distinct * 2 >= seen_size) {
        size_t size = seen_size ? seen_size * 4 : 1 << 16;
        uint64_t *larger = calloc(size, sizeof *larger);
        if (!larger) die("calloc");
        for (size_t i = 0; i < seen_size; i++) if (seen[i]) put(larger, size, seen[i]);
        free(seen); seen = larger; seen_size = size;
    }
    distinct += put(seen, seen_size, to);
}

static void note_fanout(uint64_t id, double at) {
    int i = fanout_count - 1;
    while (i >= 0 && fanouts[i].id != id) i--;
    if (i < 0) {
        if (fanout_count == FANOUTS) return;
        i = fanout_count++;
        fanouts[i] = (Fanout){id, 0, at};
    }
    fanouts[i].texts++;
}

static uint64_t digits(const char *from, const char *end) {
    uint64_t value = 0;
    while (from < end && *from >= '0' && *from <= '9') value = value * 10 + (uint64_t)(*from++ - '0');
    return value;
}

static uint64_t recipient(const char *body, size_t size) {
    const char *end = body + size, *at = body;
    if (size < 4 || memcmp(body, "To=", 3)) {
        if (!(at = memmem(body, size, "&To=", 4))) return 0;
        at++;
    }
    at += 3;
    if (end - at > 3 && !strncasecmp(at, "%2B", 3)) at += 3;
    return digits(at, end);
}

static uint64_t fanout_of(const char *body, size_t size) {
    const char *at = memmem(body, size, "%3Fd%3D", 7);
    if (!at) at = memmem(body, size, "%3fd%3d", 7);
    return at ? digits(at + 7, body + size) : 0;
}

/* -- answers ------------------------------------------------------------------------------------------------------ */

static void say(Conn *c, const char *text, size_t size) {
    if (c->out + size > c->room) {
        c->room = (c->out + size) * 2;
        if (!(c->answer = realloc(c->answer, c->room))) die("realloc");
    }
    memcpy(c->answer + c->out, text, size);
    c->out += size;
}

static void say_text(Conn *c, const char *status, const char *body) {
    char top[256];
    int n = snprintf(top, sizeof top, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                     status, strlen(body));
    say(c, top, (size_t)n);
    say(c, body, strlen(body));
}

static void say_created(Conn *c, uint64_t no, uint64_t to) {
    char body[1024], top[256];
    int n = snprintf(body, sizeof body,
        "{\"account_sid\":\"AC00000000000000000000000000000000\",\"api_version\":\"2010-04-01\",\"body\":\"\","
        "\"date_created\":\"%s\",\"date_sent\":null,\"date_updated\":\"%s\",\"direction\":\"outbound-api\","
        "\"error_code\":null,\"error_message\":null,\"from\":\"+15005550006\",\"messaging_service_sid\":null,"
        "\"num_media\":\"0\",\"num_segments\":\"1\",\"price\":null,\"price_unit\":\"USD\","
        "\"sid\":\"SM%016llx%016llx\",\"status\":\"queued\",\"subresource_uris\":{},\"to\":\"+%llu\",\"uri\":\"\"}",
        date, date, (unsigned long long)sid_run, (unsigned long long)no, (unsigned long long)to);
    int m = snprintf(top, sizeof top,
        "HTTP/1.1 201 CREATED\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", n);
    say(c, top, (size_t)m);
    say(c, body, (size_t)n);
}

static void say_stats(Conn *c) {
    static char body[FANOUTS * 96];
    size_t n = (size_t)snprintf(body, sizeof body, "{\"texts\":%llu,\"distinct\":%zu,\"strange\":%llu,\"first\":%.6f,"
        "\"last\":%.6f,\"peak\":%llu,\"connections\":%llu,\"delay_ms\":%.3f,\"fanouts\":{",
        (unsigned long long)texts, distinct, (unsigned long long)strange, first_at, last_at, (unsigned long long)peak,
        (unsigned long long)opened, delay * 1e3);
    for (int i = 0; i < fanout_count; i++)
        n += (size_t)snprintf(body + n, sizeof body - n, "%s\"%llu\":{\"first\":%.6f,\"texts\":%llu}", i ? "," : "",
            (unsigned long long)fanouts[i].id, fanouts[i].first, (unsigned long long)fanouts[i].texts);
    snprintf(body + n, sizeof body - n, "}}");
    say_text(c, "200 OK", body);
}

static void reset(const char *line, size_t size) {
    const char *asked = memmem(line, size, "delay_ms=", 9);
    delay = asked ? atof(asked + 9) / 1e3 : 0;
    texts = strange = peak = 0; distinct = 0; fanout_count = 0; first_at = last_at = 0;
    if (seen) memset(seen, 0, seen_size * sizeof *seen);
}

/* -- connections -------------------------------------------------------------------------------------------------- */

static void hang_up(Conn *c) {
#ifdef WITH_TLS
    if (c->ssl) SSL_free(c->ssl);
#endif
    conns[c->fd] = NULL;
    close(c->fd);
    free(c->in); free(c->answer); free(c);
}

static void watch(Conn *c, int writing) {
    if (c->writing == writing) return;
    c->writing = writing;
    struct epoll_event e = {.events = EPOLLIN | (writing ? EPOLLOUT : 0u), .data.fd = c->fd};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
}

/* bytes moved; 0 when it would block; -1 when the other side is gone */
static ssize_t move(Conn *c, int reading, char *at, size_t size) {
#ifdef WITH_TLS
    if (c->ssl) {
        int n = reading ? SSL_read(c->ssl, at, (int)size) : SSL_write(c->ssl, at, (int)size);
        if (n > 0) return n;
        int why = SSL_get_error(c->ssl, n);
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
    }
#endif
    ssize_t n = reading ? recv(c->fd, at, size, 0) : send(c->fd, at, size, MSG_NOSIGNAL);
    if (n > 0) return n;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static int flush(Conn *c) {
    size_t done = 0;
    while (done < c->out) {
        ssize_t n = move(c, 0, c->answer + done, c->out - done);
        if (n < 0) return -1;
        if (n == 0) break;
        done += (size_t)n;
    }
    memmove(c->answer, c->answer + done, c->out - done);
    c->out -= done;
    watch(c, c->out > 0);
    return c->close && !c->out ? -1 : 0;
}

static void queue_answer(Conn *c, uint64_t no, uint64_t to) {
    if (tail - head == ring_size) {
        size_t size = ring_size ? ring_size * 2 : 1024;
        Waiting *larger = malloc(size * sizeof *larger);
        if (!larger) die("malloc");
        for (size_t i = head; i < tail; i++) larger[i - head] = ring[i % ring_size];
        tail -= head; head = 0;
        free(ring); ring = larger; ring_size = size;
    }
    ring[tail++ % ring_size] = (Waiting){(uint32_t)c->fd, c->life, now(CLOCK_MONOTONIC) + delay, no, to};
    if (tail - head > peak) peak = tail - head;
}

static void text_arrived(Conn *c, const char *body, size_t size) {
    uint64_t to = recipient(body, size);
    last_at = now(CLOCK_REALTIME);
    if (!texts++) first_at = last_at;
    note_recipient(to);
    note_fanout(fanout_of(body, size), last_at);
    if (delay > 0) queue_answer(c, sid_no++, to); else say_created(c, sid_no++, to);
}

static void serve(Conn *c, const char *line, size_t top, const char *body, size_t size) {
    if (memmem(line, top, "/Messages.json", 14) && !memcmp(line, "POST", 4)) text_arrived(c, body, size);
    else if (memmem(line, top, "/control/stats", 14)) say_stats(c);
    else if (memmem(line, top, "/control/reset", 14)) { reset(line, top); say_text(c, "200 OK", "{}"); }
    else say_text(c, "404 NOT FOUND", "{\"code\":20404,\"message\":\"not found\",\"status\":404}");
}

static size_t header(const char *from, size_t size, const char *name) {
    size_t n = strlen(name);
    for (const char *at = from; at + n < from + size; at++) {
        if (!strncasecmp(at, name, n)) return (size_t)(at + n - from);
        if (!(at = memchr(at, '\n', (size_t)(from + size - at)))) break;
    }
    return 0;
}

/* serve every whole request that has arrived; -1 when it makes no sense */
static int serve_all(Conn *c) {
    size_t used = 0;
    for (;;) {
        char *start = c->in + used, *end = memmem(start, c->got - used, "\r\n\r\n", 4);
        if (!end) break;
        size_t top = (size_t)(end - start) + 4, at = header(start, top, "Content-Length:");
        size_t size = at ? strtoul(start + at, NULL, 10) : 0;
        if (top + size > REQUEST) return -1;
        if (used + top + size > c->got) break;
        at = header(start, top, "Connection:");
        if (at && !strncasecmp(start + at, " close", 6)) c->close = 1;
        serve(c, start, (size_t)((char *)memchr(start, '\r', top) - start), start + top, size);
        used += top + size;
    }
    memmove(c->in, c->in + used, c->got - used);
    c->got -= used;
    return 0;
}

static int readable(Conn *c) {
#ifdef WITH_TLS
    if (c->shaking) {
        int n = SSL_accept(c->ssl);
        if (n != 1) { int why = SSL_get_error(c->ssl, n); return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1; }
        c->shaking = 0;
    }
#endif
    for (;;) {
        ssize_t n = move(c, 1, c->in + c->got, REQUEST - c->got);
        if (n < 0) return -1;
        if (n == 0) break;
        c->got += (size_t)n;
        if (serve_all(c) || c->got == REQUEST) return -1;
        if (!c->ssl && (size_t)n < REQUEST / 4) break; /* level-triggered: what came meanwhile wakes us again */
    }
    return flush(c);
}

static void welcome(int listener, void *tls) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= CONNECTIONS) { close(fd); continue; }
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Conn *c = calloc(1, sizeof *c);
        if (!c || !(c->in = malloc(REQUEST + 1))) die("malloc");
        c->fd = fd; c->life = ++lives; conns[fd] = c; opened++;
#ifdef WITH_TLS
        if (tls) { c->ssl = SSL_new(tls); SSL_set_fd(c->ssl, fd); c->shaking = 1; }
#else
        (void)tls;
#endif
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
    }
}

static void answer_due(void) {
    double at = now(CLOCK_MONOTONIC);
    while (head < tail && ring[head % ring_size].due <= at) {
        Waiting w = ring[head++ % ring_size];
        Conn *c = conns[w.fd];
        if (!c || c->life != w.life) continue;
        say_created(c, w.no, w.to);
        if (flush(c)) hang_up(c);
    }
    struct itimerspec when = {0};
    if (head < tail) {
        double due = ring[head % ring_size].due;
        when.it_value.tv_sec = (time_t)due;
        when.it_value.tv_nsec = (long)((due - (double)when.it_value.tv_sec) * 1e9);
    }
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static int listening(int *port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (void *)&at, sizeof at) || listen(fd, 4096)) die("listen");
    getsockname(fd, (void *)&at, &size);
    *port = ntohs(at.sin_port);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
    return fd;
}

static void *certified(int count, char **words) {
#ifdef WITH_TLS
    if (count == 3) {
        SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
        if (!tls || SSL_CTX_use_certificate_chain_file(tls, words[1]) != 1 ||
            SSL_CTX_use_PrivateKey_file(tls, words[2], SSL_FILETYPE_PEM) != 1) { fputs("no certificate\n", stderr); exit(1); }
        SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        return tls;
    }
#endif
    (void)count; (void)words;
    return NULL;
}

int main(int count, char **words) {
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    sid_run = (uint64_t)(now(CLOCK_REALTIME) * 1e6);
    void *tls = certified(count, words);
    int port = 0, tls_port = 0, plain = listening(&port), secret = tls ? listening(&tls_port) : -1;
    struct epoll_event e = {.events = EPOLLIN, .data.fd = timer}, found[EVENTS];
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &e);
    e.data.fd = STDIN_FILENO;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &e)) die("the input must be a pipe");
    printf("{\"http\": %d, \"tls\": %d}\n", port, tls_port);
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(poller, found, EVENTS, -1);
        time_t second = time(NULL);
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", gmtime(&second));
        for (int i = 0; i < n; i++) {
            int fd = found[i].data.fd;
            if (fd == STDIN_FILENO) return 0;
            if (fd == plain) welcome(fd, NULL);
            else if (fd == secret) welcome(fd, tls);
            else if (fd == timer) { uint64_t times; if (read(timer, &times, sizeof times) < 0) continue; }
            else if (conns[fd]) {
                Conn *c = conns[fd];
                if (found[i].events & EPOLLOUT ? flush(c) || readable(c) : readable(c)) hang_up(c);
            }
        }
        answer_due();
    }
}

/* Posts prepared requests as fast as the other side answers: nothing is built, signed or parsed while it runs.
 *
 * FILE holds requests one after another, each after its length (4 bytes, the machine's order). CONNECTIONS are kept
 * open with one request in flight on each. A connection that is lost before its answer is opened again and its request
 * is posted again (counted in "again"). Prints one JSON object: answers by status, seconds, and the wait for an answer.
 *
 * usage: load PORT FILE CONNECTIONS [CERTIFICATE]
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
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/ssl.h>
#else
typedef void SSL;
#endif

enum { ANSWER = 16384, EVENTS = 256 };

typedef struct { int fd, busy, writing; SSL *ssl; const char *at; uint32_t size, sent; size_t got; double since; char in[ANSWER]; } Conn;

static const char *file, *file_end;
static Conn *conns;
static int poller, port;
static void *tls;
static uint64_t answers[600], again, done, total;
static float *waits;

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }

static void die(const char *what) { perror(what); exit(1); }

static void dial(Conn *c) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (void *)&at, sizeof at)) die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef WITH_TLS
    if (tls) {
        c->ssl = SSL_new(tls);
        SSL_set_fd(c->ssl, c->fd);
        if (SSL_connect(c->ssl) != 1) { fputs("no TLS\n", stderr); exit(1); }
    }
#endif
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e);
    c->got = 0; c->sent = 0; c->writing = 0;
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

static int push(Conn *c) {
    while (c->sent < c->size) {
        ssize_t n = move(c, 0, (char *)c->at + c->sent, c->size - c->sent);
        if (n < 0) return -1;
        if (n == 0) break;
        c->sent += (uint32_t)n;
    }
    int writing = c->sent < c->size;
    if (writing != c->writing) {
        struct epoll_event e = {.events = EPOLLIN | (writing ? EPOLLOUT : 0u), .data.ptr = c};
        c->writing = writing;
        epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
    }
    return 0;
}

static int take_next(Conn *c) {
    c->busy = 0;
    if (file >= file_end) return 0;
    memcpy(&c->size, file, 4);
    c->at = file + 4;
    file += 4 + c->size;
    c->sent = 0; c->busy = 1; c->since = now();
    return push(c);
}

static void start_again(Conn *c) {
#ifdef WITH_TLS
    if (c->ssl) SSL_free(c->ssl);
    c->ssl = NULL;
#endif
    close(c->fd);
    if (!c->busy && file >= file_end) return;
    dial(c);
    if (c->busy) { again++; if (push(c)) start_again(c); }
}

/* 1 when a whole answer is here, 0 when not yet; an answer without a length is refused, a 204 has none */
static int whole(Conn *c) {
    c->in[c->got] = 0;
    char *end = strstr(c->in, "\r\n\r\n");
    if (!end) return 0;
    int status = atoi(c->in + 9);
    size_t top = (size_t)(end - c->in) + 4;
    char *length = strcasestr(c->in, "content-length:");
    if (!length && status != 204) { fprintf(stderr, "an answer without a length: %.200s\n", c->in); exit(3); }
    if (length && length < end && c->got < top + strtoul(length + 15, NULL, 10)) return 0;
    answers[status >= 0 && status < 600 ? status : 0]++;
    waits[done++] = (float)(now() - c->since);
    c->got = 0;
    return 1;
}

static int readable(Conn *c) {
    for (;;) { /* until it would block: TLS may hold what epoll no longer sees */
        ssize_t n = move(c, 1, c->in + c->got, ANSWER - 1 - c->got);
        if (n <= 0) return (int)n;
        c->got += (size_t)n;
        if (c->busy && whole(c) && take_next(c)) return -1;
    }
}

static int rising(const void *a, const void *b) { return (*(const float *)a > *(const float *)b) - (*(const float *)a < *(const float *)b); }

static void report(double seconds) {
    qsort(waits, done, sizeof *waits, rising);
    printf("{\"seconds\": %.6f, \"again\": %llu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"answers\": {", seconds,
           (unsigned long long)again, done ? waits[done / 2] * 1e3 : 0, done ? waits[done * 99 / 100] * 1e3 : 0);
    for (int i = 0, some = 0; i < 600; i++)
        if (answers[i]) printf("%s\"%d\": %llu", some++ ? ", " : "", i, (unsigned long long)answers[i]);
    puts("}}");
}

static void map(const char *name) {
    struct stat s;
    int fd = open(name, O_RDONLY);
    if (fd < 0 || fstat(fd, &s)) die(name);
    file = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (file == MAP_FAILED) die("mmap");
    file_end = file + s.st_size;
    for (const char *at = file; at < file_end; total++) { uint32_t size; memcpy(&size, at, 4); at += 4 + size; }
    if (!(waits = calloc(total + 1, sizeof *waits))) die("calloc");
}

static void trust(const char *certificate) {
#ifdef WITH_TLS
    tls = SSL_CTX_new(TLS_client_method());
    if (SSL_CTX_load_verify_locations(tls, certificate, NULL) != 1) { fputs("no certificate\n", stderr); exit(1); }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
#else
    fprintf(stderr, "built without TLS: %s\n", certificate);
    exit(1);
#endif
}

int main(int count, char **words) {
    if (count < 4) { fputs("usage: load PORT FILE CONNECTIONS [CERTIFICATE]\n", stderr); return 2; }
    port = atoi(words[1]);
    map(words[2]);
    int many = atoi(words[3]);
    if (count > 4) trust(words[4]);
    poller = epoll_create1(0);
    if (!(conns = calloc((size_t)many, sizeof *conns))) die("calloc");
    for (int i = 0; i < many; i++) dial(&conns[i]);
    double start = now();
    for (int i = 0; i < many; i++) if (take_next(&conns[i])) start_again(&conns[i]);
    struct epoll_event found[EVENTS];
    while (done < total) {
        int n = epoll_wait(poller, found, EVENTS, 60000);
        if (n == 0) { fprintf(stderr, "no answer for 60 s: %llu of %llu\n", (unsigned long long)done, (unsigned long long)total); return 4; }
        for (int i = 0; i < n; i++) {
            Conn *c = found[i].data.ptr;
            if ((found[i].events & EPOLLOUT && push(c)) || readable(c)) start_again(c);
        }
    }
    report(now() - start);
    return 0;
}

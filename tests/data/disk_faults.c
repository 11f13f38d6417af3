/* Preloaded into a process, counts what it does to the files below one folder, and at a chosen
 * operation kills the process or lets the operation fail as a disk lets it fail.
 *
 * It stands between the process and the C library, so that Python, SQLite and Chroma's own code
 * meet it alike. Nothing happens before `disk_faults_arm`, which tests/injected_faults.py calls in a child.
 * Not covered: files written through memory maps, of which an index has none.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN = 1, WRITE = 2, SYNC = 4, RENAME = 8, MKDIR = 16, REMOVE = 32 };
enum { COUNT = 0, KILL = 1, TEAR = 2, FAIL_ONCE = 3, FAIL_FROM_HERE = 4 };

static char folder[4096];
static size_t folder_length;
static char only[256];
static unsigned kinds;
static long chosen;
static int action;
static int failure;
static FILE *trace;
static atomic_long counted;

/* From now on operations of `what` below `where` count, if their path has `which` in it or, with !
 * before it, has not; at number `at`, from 1, `how` happens. */
void disk_faults_arm(const char *where, unsigned what, long at, int how, int error,
                     const char *which, const char *trace_path) {
    if (strlen(where) >= sizeof folder || strlen(which) >= sizeof only) abort();
    FILE *opened = fopen(trace_path, "w");
    if (!opened) abort();
    strcpy(folder, where);
    strcpy(only, which);
    kinds = what;
    chosen = at;
    action = how;
    failure = error;
    trace = opened;
    atomic_store(&counted, 0);
    folder_length = strlen(where);
}

static int counts(const char *path) {
    if (!folder_length || strncmp(path, folder, folder_length) != 0) return 0;
    const char *rest = path + folder_length;
    if (*rest != '/' && *rest != 0) return 0;
    return only[0] == '!' ? !strstr(rest, only + 1) : strstr(rest, only) != NULL;
}

static const char *path_of(int fd, char *place, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, place, size - 1);
    place[length < 0 ? 0 : length] = 0;
    return place;
}

static const char *path_at(int dirfd, const char *name, char *place, size_t size) {
    if (name[0] == '/') return name;
    if (dirfd == AT_FDCWD) {
        if (!getcwd(place, size)) place[0] = 0;
    } else {
        path_of(dirfd, place, size);
    }
    size_t length = strlen(place);
    snprintf(place + length, size - length, "/%s", name);
    return place;
}

/* What is to happen to one operation: COUNT lets it be done. */
static int met(unsigned kind, const char *path) {
    if (!(kind & kinds) || !counts(path)) return COUNT;
    long number = atomic_fetch_add(&counted, 1) + 1;
    fprintf(trace, "%u %s\n", kind, path + folder_length);
    fflush(trace);
    if (action == FAIL_FROM_HERE ? number < chosen : number != chosen) return COUNT;
    return action;
}

static int fails(unsigned kind, const char *path) {
    switch (met(kind, path)) {
    case COUNT:
        return 0;
    case KILL:
    case TEAR: /* nothing but a write can be half done */
        kill(getpid(), SIGKILL);
        pause();
    }
    errno = failure;
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int writes(int flags) {
    return (flags & O_CREAT) || (flags & O_ACCMODE) != O_RDONLY;
}

#define OPENING(name, dirfd, parameters, arguments)                                      \
    int name parameters {                                                                \
        va_list rest;                                                                    \
        va_start(rest, flags);                                                           \
        mode_t mode = va_arg(rest, mode_t);                                              \
        va_end(rest);                                                                    \
        char place[8192];                                                                \
        if (folder_length && writes(flags) &&                                            \
            fails(OPEN, path_at(dirfd, path, place, sizeof place)))                      \
            return -1;                                                                   \
        return NEXT(name) arguments;                                                     \
    }

#define OPENS(name)                                                                      \
    OPENING(name, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))

#define OPENS_AT(name)                                                                   \
    OPENING(name, at, (int at, const char *path, int flags, ...), (at, path, flags, mode))

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

#define OPENS_STREAM(name)                                                               \
    FILE *name(const char *path, const char *mode) {                                     \
        char place[8192];                                                                \
        if (folder_length && strpbrk(mode, "wa+") &&                                     \
            fails(OPEN, path_at(AT_FDCWD, path, place, sizeof place)))                   \
            return NULL;                                                                 \
        return NEXT(name)(path, mode);                                                   \
    }

OPENS_STREAM(fopen)
OPENS_STREAM(fopen64)

static int write_meets(int fd) {
    char place[8192];
    return folder_length ? met(WRITE, path_of(fd, place, sizeof place)) : COUNT;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    pause();
}

ssize_t write(int fd, const void *data, size_t size) {
    __typeof__(&write) next = NEXT(write);
    int what = write_meets(fd);
    if (what == COUNT) return next(fd, data, size);
    if (what == TEAR) next(fd, data, size / 2);
    if (what == TEAR || what == KILL) die();
    errno = failure;
    return -1;
}

#define WRITES_AT(name, offset_type)                                                     \
    ssize_t name(int fd, const void *data, size_t size, offset_type offset) {            \
        __typeof__(&name) next = NEXT(name);                                             \
        int what = write_meets(fd);                                                      \
        if (what == COUNT) return next(fd, data, size, offset);                          \
        if (what == TEAR) next(fd, data, size / 2, offset);                              \
        if (what == TEAR || what == KILL) die();                                         \
        errno = failure;                                                                 \
        return -1;                                                                       \
    }

WRITES_AT(pwrite, off_t)
WRITES_AT(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *parts, int count) {
    int what = write_meets(fd);
    if (what == COUNT) return NEXT(writev)(fd, parts, count);
    if (what == TEAR) NEXT(write)(fd, parts[0].iov_base, parts[0].iov_len / 2);
    if (what == TEAR || what == KILL) die();
    errno = failure;
    return -1;
}

/* Chroma's graph is written through streams, whose own writes no library can stand before. */
size_t fwrite(const void *data, size_t size, size_t count, FILE *stream) {
    __typeof__(&fwrite) next = NEXT(fwrite);
    int what = write_meets(fileno(stream));
    if (what == COUNT) return next(data, size, count, stream);
    if (what == TEAR) {
        next(data, 1, size * count / 2, stream);
        fflush(stream);
    }
    if (what == TEAR || what == KILL) die();
    errno = failure;
    return 0;
}

#define CHANGES_OPEN_FILE(name, kind, parameters, arguments)                             \
    int name parameters {                                                                \
        char place[8192];                                                                \
        if (folder_length && fails(kind, path_of(fd, place, sizeof place))) return -1;   \
        return NEXT(name) arguments;                                                     \
    }

CHANGES_OPEN_FILE(fsync, SYNC, (int fd), (fd))
CHANGES_OPEN_FILE(fdatasync, SYNC, (int fd), (fd))
CHANGES_OPEN_FILE(ftruncate, WRITE, (int fd, off_t size), (fd, size))
CHANGES_OPEN_FILE(ftruncate64, WRITE, (int fd, off64_t size), (fd, size))

#define CHANGES_PATH(name, kind, dirfd, path, parameters, arguments)                     \
    int name parameters {                                                                \
        char place[8192];                                                                \
        if (folder_length && fails(kind, path_at(dirfd, path, place, sizeof place)))     \
            return -1;                                                                   \
        return NEXT(name) arguments;                                                     \
    }

CHANGES_PATH(rename, RENAME, AT_FDCWD, to, (const char *from, const char *to), (from, to))
CHANGES_PATH(renameat, RENAME, to_fd, to,
             (int from_fd, const char *from, int to_fd, const char *to), (from_fd, from, to_fd, to))
CHANGES_PATH(mkdir, MKDIR, AT_FDCWD, path, (const char *path, mode_t mode), (path, mode))
CHANGES_PATH(mkdirat, MKDIR, fd, path, (int fd, const char *path, mode_t mode), (fd, path, mode))
CHANGES_PATH(unlink, REMOVE, AT_FDCWD, path, (const char *path), (path))
CHANGES_PATH(rmdir, REMOVE, AT_FDCWD, path, (const char *path), (path))
CHANGES_PATH(unlinkat, REMOVE, fd, path, (int fd, const char *path, int flags), (fd, path, flags))

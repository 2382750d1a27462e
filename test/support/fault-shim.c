// Preloaded into the server by tests, never shipped. Watches what is done to files below FAULT_DIR and does two things:
// it makes the n-th call of a kind fail with an error number (FAULT_CONTROL, a shared page that the test writes), and it
// writes a log of all changes and syncs (FAULT_LOG), from which the test rebuilds what a power cut would have left.
// A call and its log record are one step under one lock, so the order of the log is the order of the disk.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, RENAME = 4, UNLINK = 8, CREATE = 16, TRUNCATE = 32 };

struct control {
  volatile int32_t kinds;   // which calls are counted; 0 = none
  volatile int32_t nth;     // the call that fails, from 1; 0 = count only
  volatile int32_t error;   // its errno
  volatile int32_t counted; // calls seen
  volatile int32_t sticky;  // later ones fail as well
};

struct record { // little-endian, followed by `path` and `rest` bytes
  char op;
  char unused[3];
  uint32_t path;
  uint32_t rest;
  uint32_t unused2;
  uint64_t inode;
  uint64_t offset;
};

static struct control idle;
static struct control *control = &idle;
static const char *folder;
static size_t folderLength;
static int logFd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
static __typeof__(&write) realWrite;

__attribute__((constructor)) static void start(void) {
  realWrite = REAL(write);
  folder = getenv("FAULT_DIR");
  folderLength = folder ? strlen(folder) : 0;
  const char *page = getenv("FAULT_CONTROL"), *journal = getenv("FAULT_LOG");
  if (page) {
    int fd = open(page, O_RDWR | O_CLOEXEC);
    void *at = fd < 0 ? MAP_FAILED : mmap(0, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) control = at;
    if (fd >= 0) close(fd);
  }
  if (journal) logFd = open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int inside(const char *path) {
  return folderLength && path && !strncmp(path, folder, folderLength) && (path[folderLength] == '/' || !path[folderLength]);
}

// The path of a file below the folder, or NULL; "(deleted)" is cut off.
static const char *pathOf(int fd, char *path, struct stat *stat) {
  if (!folderLength || fstat(fd, stat) || !(S_ISREG(stat->st_mode) || S_ISDIR(stat->st_mode))) return NULL;
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, 4095);
  if (length <= 0) return NULL;
  path[length] = 0;
  return inside(path) ? path : NULL;
}

static int fails(int kind) {
  if (!(control->kinds & kind)) return 0;
  int32_t now = __sync_add_and_fetch(&control->counted, 1);
  if (!control->nth || !(now == control->nth || (control->sticky && now > control->nth))) return 0;
  while (control->error < 0) pause(); // a disk that never answers
  errno = control->error;
  return 1;
}

static void put(const void *bytes, size_t length) {
  while (length) {
    ssize_t done = realWrite(logFd, bytes, length);
    if (done <= 0) _exit(99);
    bytes = (const char *)bytes + done;
    length -= done;
  }
}

static void record(char op, const char *path, const char *rest, size_t length, uint64_t inode, uint64_t offset) {
  if (logFd < 0) return;
  int saved = errno;
  struct record one = {.op = op, .path = strlen(path), .rest = length, .inode = inode, .offset = offset};
  put(&one, sizeof one);
  put(path, one.path);
  put(rest, length);
  errno = saved;
}

static uint64_t position(int fd, const struct stat *stat) {
  return fcntl(fd, F_GETFL) & O_APPEND ? (uint64_t)stat->st_size : (uint64_t)lseek(fd, 0, SEEK_CUR);
}

#define WRITES(call, at)                                                     \
  char path[4096];                                                           \
  struct stat stat;                                                          \
  if (fd == logFd || !pathOf(fd, path, &stat)) return call;                  \
  if (fails(WRITE)) return -1;                                               \
  pthread_mutex_lock(&lock);                                                 \
  uint64_t offset = at;                                                      \
  ssize_t done = call;

#define WROTE                                                                \
  pthread_mutex_unlock(&lock);                                               \
  return done;

ssize_t write(int fd, const void *bytes, size_t length) {
  WRITES(realWrite(fd, bytes, length), position(fd, &stat))
  if (done > 0) record('W', path, bytes, done, stat.st_ino, offset);
  WROTE
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t from) {
  WRITES(REAL(pwrite64)(fd, bytes, length, from), from)
  if (done > 0) record('W', path, bytes, done, stat.st_ino, offset);
  WROTE
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t from) { return pwrite64(fd, bytes, length, from); }

static void recordParts(const char *path, const struct iovec *parts, int count, ssize_t done, uint64_t inode, uint64_t offset) {
  for (int i = 0; i < count && done > 0; i++) {
    ssize_t length = (ssize_t)parts[i].iov_len < done ? (ssize_t)parts[i].iov_len : done;
    record('W', path, parts[i].iov_base, length, inode, offset);
    offset += length;
    done -= length;
  }
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  WRITES(REAL(writev)(fd, parts, count), position(fd, &stat))
  recordParts(path, parts, count, done, stat.st_ino, offset);
  WROTE
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t from) {
  WRITES(REAL(pwritev64)(fd, parts, count, from), from)
  recordParts(path, parts, count, done, stat.st_ino, offset);
  WROTE
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t from) { return pwritev64(fd, parts, count, from); }

static int synced(int fd, int (*real)(int)) {
  char path[4096];
  struct stat stat;
  if (!pathOf(fd, path, &stat)) return real(fd);
  if (fails(SYNC)) return -1;
  pthread_mutex_lock(&lock);
  int result = real(fd);
  if (!result) record(S_ISDIR(stat.st_mode) ? 'D' : 'S', path, "", 0, stat.st_ino, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

int ftruncate64(int fd, off64_t length) {
  char path[4096];
  struct stat stat;
  if (!pathOf(fd, path, &stat)) return REAL(ftruncate64)(fd, length);
  if (fails(TRUNCATE)) return -1;
  pthread_mutex_lock(&lock);
  int result = REAL(ftruncate64)(fd, length);
  if (!result) record('T', path, "", 0, stat.st_ino, length);
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int opened(int dir, const char *path, int flags, mode_t mode) {
  __typeof__(&openat64) real = REAL(openat64);
  if (!inside(path) || !(flags & (O_CREAT | O_TRUNC))) return real(dir, path, flags, mode);
  struct stat stat;
  pthread_mutex_lock(&lock);
  int isNew = lstat(path, &stat) != 0;
  int fd = isNew && fails(CREATE) ? -1 : real(dir, path, flags, mode);
  if (fd >= 0 && !fstat(fd, &stat)) {
    if (isNew) record('C', path, "", 0, stat.st_ino, 0);
    else if (flags & O_TRUNC) record('T', path, "", 0, stat.st_ino, 0);
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

#define MODE                                                                 \
  mode_t mode = 0;                                                           \
  if (flags & (O_CREAT | __O_TMPFILE)) {                                     \
    va_list list;                                                            \
    va_start(list, flags);                                                   \
    mode = va_arg(list, mode_t);                                             \
    va_end(list);                                                            \
  }
int open(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE return opened(dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE return opened(dir, path, flags, mode); }

int mkdir(const char *path, mode_t mode) {
  if (!inside(path)) return REAL(mkdir)(path, mode);
  if (fails(CREATE)) return -1;
  pthread_mutex_lock(&lock);
  int result = REAL(mkdir)(path, mode);
  if (!result) record('M', path, "", 0, 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int rename(const char *from, const char *to) {
  if (!inside(from)) return REAL(rename)(from, to);
  if (fails(RENAME)) return -1;
  pthread_mutex_lock(&lock);
  int result = REAL(rename)(from, to);
  if (!result) record('R', from, to, strlen(to), 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int link(const char *from, const char *to) {
  if (!inside(from)) return REAL(link)(from, to);
  if (fails(RENAME)) return -1;
  pthread_mutex_lock(&lock);
  int result = REAL(link)(from, to);
  if (!result) record('L', from, to, strlen(to), 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

static int removed(const char *path, int (*real)(const char *)) {
  if (!inside(path)) return real(path);
  if (fails(UNLINK)) return -1;
  pthread_mutex_lock(&lock);
  int result = real(path);
  if (!result) record('U', path, "", 0, 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int unlink(const char *path) { return removed(path, REAL(unlink)); }
int rmdir(const char *path) { return removed(path, REAL(rmdir)); }

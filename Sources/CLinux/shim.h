// What Swift's Glibc leaves out: variadic calls, and declarations that need _GNU_SOURCE.
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
extern int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *timeout, const sigset_t *mask);
extern int mkostemp(char *name, int flags);
extern int pipe2(int ends[2], int flags);
extern ssize_t splice(int from, off_t *from_offset, int to, off_t *to_offset, size_t count, unsigned int flags);
extern ssize_t copy_file_range(
    int from, off_t *from_offset, int to, off_t *to_offset, size_t count, unsigned int flags);
extern int fallocate(int descriptor, int mode, off_t offset, off_t count);

enum {
  PROXYTRACE_O_TMPFILE = 020000000 | O_DIRECTORY,
  PROXYTRACE_SPLICE_NONBLOCK = 2,
  PROXYTRACE_KEEP_SIZE = 1,
  PROXYTRACE_PUNCH_HOLE = 2,
  PROXYTRACE_SPAWN_SETSID = 0x80,
};

// bpf(command, …) with the first BYTES bytes of the arguments. Returns the result, or -1 and errno.
static inline long proxytrace_bpf(int command, void *arguments, unsigned int bytes) {
  return syscall(SYS_bpf, command, arguments, bytes);
}

static inline int proxytrace_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

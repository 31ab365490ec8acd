#include "build_info.h"

#ifndef PROXYTRACE_COMMIT
#define PROXYTRACE_COMMIT ""
#endif

const char *proxytrace_build_commit(void) { return PROXYTRACE_COMMIT; }

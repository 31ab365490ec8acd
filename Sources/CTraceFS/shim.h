#include <tracefs.h>
#include <kbuffer.h>

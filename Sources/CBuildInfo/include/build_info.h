/* What only the build knows. */

/* The commit that was built, in hexadecimal; empty where nobody said: see Package.swift. */
const char *proxytrace_build_commit(void);

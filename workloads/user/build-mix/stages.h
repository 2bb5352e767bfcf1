/* The roles in which the driver runs this image again, and the names of the files between them. */
#ifndef STAGES_H
#define STAGES_H

#include <stdint.h>

/* Writes the source of unit N to standard output. */
extern char GENERATE[];
/* Compiles standard input into the object file that is named. */
extern char COMPILE[];
/* Runs an object file; its exit status is the low byte of the result. */
extern char RUN[];
/* Reads `COUNT:PREFIX`, all objects of that prefix, and writes their digest to standard output. */
extern char LINK[];

/* The object file of a unit: PREFIX.N */
void object_path(char *path, const char *prefix, uint32_t unit);

#endif

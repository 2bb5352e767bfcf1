/* Leapfrog integration of Newton's law. Only operations that IEEE 754 defines to the last bit are used. */
#include "checksum.h"
#include "program.h"
#include "random.h"
#include "x87.h"

#define BODIES 6u
#define AXES 3u
#define STREAM 0x626f6479u
#define TIME_STEP (1.0 / 1024)
/* Added to squared distances, so that a close encounter stays finite. */
#define SOFTENING (1.0 / 64)
#define FOLD_EVERY 64u

struct body {
  double position[AXES], velocity[AXES], mass;
};

static struct body bodies[BODIES];

/* From -1 to 1. */
static double coordinate(uint32_t *random) {
  return (double)(int32_t)random_next(random) / 2147483648.0;
}

void workload_prepare(void) {
  uint32_t random = STREAM;
  x87_set_double_precision();
  for (uint32_t at = 0; at < BODIES; at++) {
    for (uint32_t axis = 0; axis < AXES; axis++) {
      bodies[at].position[axis] = 4 * coordinate(&random);
      bodies[at].velocity[axis] = coordinate(&random) / 2;
    }
    bodies[at].mass = 1.5 + coordinate(&random);
  }
}

static void attract(struct body *a, struct body *b) {
  double difference[AXES], squared = SOFTENING;
  for (uint32_t axis = 0; axis < AXES; axis++) {
    difference[axis] = a->position[axis] - b->position[axis];
    squared += difference[axis] * difference[axis];
  }
  const double strength = TIME_STEP / (squared * x87_square_root(squared));
  for (uint32_t axis = 0; axis < AXES; axis++) {
    a->velocity[axis] -= difference[axis] * b->mass * strength;
    b->velocity[axis] += difference[axis] * a->mass * strength;
  }
}

static void step(void) {
  for (uint32_t a = 0; a < BODIES; a++) {
    for (uint32_t b = a + 1; b < BODIES; b++) attract(&bodies[a], &bodies[b]);
  }
  for (uint32_t at = 0; at < BODIES; at++) {
    for (uint32_t axis = 0; axis < AXES; axis++) bodies[at].position[axis] += TIME_STEP * bodies[at].velocity[axis];
  }
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t at = 1; at <= scale; at++) {
    step();
    if (at % FOLD_EVERY == 0 || at == scale) {
      for (uint32_t body = 0; body < BODIES; body++) {
        for (uint32_t axis = 0; axis < AXES; axis++) sum = fold_double(sum, bodies[body].position[axis]);
      }
    }
  }
  return sum;
}

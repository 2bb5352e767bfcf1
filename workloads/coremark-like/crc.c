#include "parts.h"
#include "random.h"

#define WORDS 128

/* CRC-32, the polynomial of IEEE 802.3 with its bits reversed. */
#define POLYNOMIAL 0xedb88320u

static uint32_t crc_byte(uint32_t crc, uint8_t byte) {
  crc ^= byte;
  for (uint32_t bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
  return crc;
}

uint32_t crc_part(uint32_t seed) {
  uint32_t random = seed | 1;
  uint32_t crc = ~0u;
  for (uint32_t i = 0; i < WORDS; i++) {
    const uint32_t word = random_next(&random);
    for (uint32_t shift = 0; shift < 32; shift += 8) crc = crc_byte(crc, (uint8_t)(word >> shift));
  }
  return ~crc;
}

/* What the levels share: their tables, the sizes of the attention scratch and the hash of dropout. */
#ifndef MOPE_LEVELS_H
#define MOPE_LEVELS_H

#include "CKernels.h"

extern const mope_kernel_table mope_kernel_table_baseline;
#if defined(__x86_64__)
extern const mope_kernel_table mope_kernel_table_avx2;
extern const mope_kernel_table mope_kernel_table_avx512;
#endif

/* p + m rounded up to whole vectors of the widest level. */
static inline size_t mope_padded_keys(const mope_attention_shape *shape) {
  return ((size_t)shape->p + (size_t)shape->m + 15) / 16 * 16;
}

/* Summands that a packed product takes at once: a panel of the right side then fits the second-level cache many times. */
enum { MOPE_PACKED_DEPTH = 768 };

/* Query rows that attention handles at once, so that their scores stay in the cache. */
static inline size_t mope_attention_block(const mope_attention_shape *shape) {
  const size_t padded = mope_padded_keys(shape), n = (size_t)shape->n;
  size_t rows = padded == 0 ? n : 16384 / padded / 6 * 6;
  if (rows < 12) rows = 12;
  return rows < n ? rows : n;
}

/* The two words that stand for (key, high word of the index) in the hash of dropout. */
typedef struct { uint32_t first, second; } mope_dropout_words;

static inline uint64_t mope_mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static inline mope_dropout_words mope_dropout_words_of(uint64_t key, uint64_t index) {
  const uint64_t mixed = mope_mix(mope_mix(key + 0x9E3779B97F4A7C15u) + (index >> 32));
  return (mope_dropout_words){(uint32_t)mixed, (uint32_t)(mixed >> 32)};
}

/* Elements whose hash is below this are dropped; rates of 1 and above drop all by another rule. */
static inline uint32_t mope_dropout_threshold(float rate) {
  return rate <= 0 ? 0 : rate >= 1 ? UINT32_MAX : (uint32_t)((double)rate * 4294967296.0);
}

/* The hash of the low word of the index, for one word or for a vector of words. */
#define MOPE_DROPOUT_HASH(low, words)     \
  do {                                    \
    (low) += (words).first;               \
    (low) = ((low) ^ (low) >> 16) * 0x7FEB352Du; \
    (low) = ((low) ^ (low) >> 15) + (words).second; \
    (low) = ((low) ^ (low) >> 16) * 0x846CA68Bu; \
    (low) = ((low) ^ (low) >> 15) * 0x31848BABu; \
    (low) ^= (low) >> 14;                 \
  } while (0)

#endif

/* Which table is in use, and the functions that do not depend on it. */
#include <stdatomic.h>

#include "CKernels.h"
#include "levels.h"

static _Atomic(const mope_kernel_table *) selected = NULL;

const mope_kernel_table *mope_kernels_at(mope_kernel_level level) {
  switch (level) {
    case MOPE_KERNELS_BASELINE:
      return &mope_kernel_table_baseline;
#if defined(__x86_64__)
    case MOPE_KERNELS_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
                 ? &mope_kernel_table_avx2
                 : NULL;
    case MOPE_KERNELS_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                     && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
                     && __builtin_cpu_supports("fma")
                 ? &mope_kernel_table_avx512
                 : NULL;
#endif
    default:
      return NULL;
  }
}

static const mope_kernel_table *best(mope_kernel_level most) {
  for (int level = (int)most; level > MOPE_KERNELS_BASELINE; level--) {
    const mope_kernel_table *table = mope_kernels_at((mope_kernel_level)level);
    if (table != NULL) return table;
  }
  return &mope_kernel_table_baseline;
}

const mope_kernel_table *mope_kernels(void) {
  const mope_kernel_table *table = atomic_load_explicit(&selected, memory_order_acquire);
  if (table != NULL) return table;
  /* A selection made meanwhile by another thread wins. */
  const mope_kernel_table *chosen = best(MOPE_KERNELS_AVX512);
  return atomic_compare_exchange_strong(&selected, &table, chosen) ? chosen : table;
}

mope_kernel_level mope_select_kernels(mope_kernel_level most) {
  const mope_kernel_table *table = best(most);
  atomic_store_explicit(&selected, table, memory_order_release);
  return table->level;
}

size_t mope_attention_scratch(const mope_attention_shape *shape) {
  const size_t padded = mope_padded_keys(shape);
  return padded * (size_t)shape->d + 2 * mope_attention_block(shape) * padded;
}

size_t mope_packed_scratch(void) {
  enum { most_rows = 12 * 14, beyond = 16 };
  return most_rows * MOPE_PACKED_DEPTH + beyond;
}

bool mope_dropout_keeps(uint64_t key, uint64_t index, float rate) {
  const mope_dropout_words words = mope_dropout_words_of(key, index);
  uint32_t low = (uint32_t)index;
  MOPE_DROPOUT_HASH(low, words);
  return rate < 1 && low >= mope_dropout_threshold(rate);
}

/* The kernels for AVX2 with fused multiply-add: eight lanes. */
#include "CKernels.h"
#include "levels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define MOPE_LANES 8
#define MOPE_LEVEL MOPE_KERNELS_AVX2
#define MOPE_TABLE mope_kernel_table_avx2
#include "kernels.inc"
#pragma clang attribute pop
#endif

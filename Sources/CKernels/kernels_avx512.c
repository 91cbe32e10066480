/* The kernels for AVX-512: sixteen lanes. */
#include "CKernels.h"
#include "levels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"), min_vector_width(512))), \
    apply_to = function)
#define MOPE_LANES 16
#define MOPE_LEVEL MOPE_KERNELS_AVX512
#define MOPE_TABLE mope_kernel_table_avx512
#include "kernels.inc"
#pragma clang attribute pop
#endif

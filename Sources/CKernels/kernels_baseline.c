/* The kernels for what every processor of the architecture has: four lanes. */
#include "CKernels.h"
#include "levels.h"

#define MOPE_LANES 4
#define MOPE_LEVEL MOPE_KERNELS_BASELINE
#define MOPE_TABLE mope_kernel_table_baseline
#include "kernels.inc"

#include <cblas.h>
#include <openblas_config.h>

/* Not in every cblas.h: which kernel OpenBLAS really runs on. */
extern char *openblas_get_corename(void);
extern void openblas_set_num_threads(int count);
extern int openblas_get_num_threads(void);

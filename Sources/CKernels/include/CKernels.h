/* Loops over floats for what BLAS does not do.
 *
 * Every kernel exists three times, compiled from one source for the baseline of the processor, AVX2 and
 * AVX-512; `mope_kernels()` gives the table in use. Each has a plain reference twin in `reference.h`.
 * Arrays are row-major, contiguous unless a leading dimension is given, and do not overlap unless a comment
 * says that output and input may be the same array. No kernel allocates or starts a thread; counts may be 0.
 * Results depend on the table in use (the order of sums does), never on the number of threads.
 */
#ifndef MOPE_CKERNELS_H
#define MOPE_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { MOPE_KERNELS_BASELINE = 0, MOPE_KERNELS_AVX2 = 1, MOPE_KERNELS_AVX512 = 2 } mope_kernel_level;

/* Sizes and strides of one attention call: `batch` × `heads` independent problems.
 * queries [batch, n, heads, d], row stride `ldq` floats, batch stride n·ldq.
 * Keys and values come in up to two segments that are attended together, prompts first:
 *   segment 0: p rows per batch item (p may be 0), row stride `ldp`, batch stride p·ldp
 *   segment 1: m rows per batch item, row stride `ldk`, batch stride m·ldk
 * Head h starts at column h·d of its row. `scale` multiplies the scores.
 * bias: NULL, or added to the scaled scores of segment-1 keys only (prompts are never biased or masked):
 *   bias[(b % bias_batch)·bias_batch_stride + h·bias_head_stride + i·bias_row_stride + j]; a stride may be 0 to broadcast. */
typedef struct {
  int batch, heads, n, p, m, d;
  ptrdiff_t ldq, ldp, ldk;
  float scale;
  const float *bias;
  int bias_batch;
  ptrdiff_t bias_batch_stride, bias_head_stride, bias_row_stride;
  /* Dropout of the probabilities: kept with probability 1 − rate and divided by it; the element
   * (b, h, i, j over p + m) has index ((b·heads + h)·n + i)·(p + m) + j in the stream `dropout_key`. rate 0: none. */
  float dropout_rate;
  uint64_t dropout_key;
} mope_attention_shape;

typedef struct {
  mope_kernel_level level;

  /* y = a + b, a − b, a · b; y may be a or b. */
  void (*add)(size_t n, const float *a, const float *b, float *y);
  void (*subtract)(size_t n, const float *a, const float *b, float *y);
  void (*multiply)(size_t n, const float *a, const float *b, float *y);
  /* y = s·x; y may be x. */
  void (*scale)(size_t n, float s, const float *x, float *y);
  /* y += s·x */
  void (*add_scaled)(size_t n, float s, const float *x, float *y);
  /* y[i, :] = x[i, :] + b; y may be x. */
  void (*add_row)(size_t rows, size_t n, const float *x, const float *b, float *y);
  /* y[i, :] = x[i, :] · b; y may be x. */
  void (*multiply_row)(size_t rows, size_t n, const float *x, const float *b, float *y);
  /* sum[j] += Σ_i x[i, j], rows `ld` apart; pairwise or in blocks, so that the error does not grow with rows. */
  void (*add_column_sums)(size_t rows, size_t n, const float *x, size_t ld, float *sum);
  /* Σ x and Σ x² in double. */
  double (*sum)(size_t n, const float *x);
  double (*sum_of_squares)(size_t n, const float *x);
  double (*dot)(size_t n, const float *a, const float *b);

  /* Exact GELU, x·Φ(x). y may be x. */
  void (*gelu)(size_t n, const float *x, float *y);
  /* dx = dy · (Φ(x) + x·φ(x)); dx may be dy. */
  void (*gelu_gradient)(size_t n, const float *x, const float *dy, float *dx);
  /* pre = x + b by rows, y = gelu(pre); pre may be x; pre NULL: not kept; y may be x when pre is NULL. */
  void (*bias_gelu)(size_t rows, size_t n, const float *x, const float *b, float *pre, float *y);
  /* tanh-form GELU (GPT-2's "gelu_new"). */
  void (*gelu_tanh)(size_t n, const float *x, float *y);
  void (*gelu_tanh_gradient)(size_t n, const float *x, const float *dy, float *dx);
  void (*tanh)(size_t n, const float *x, float *y);            /* y may be x */
  void (*tanh_gradient)(size_t n, const float *y, const float *dy, float *dx); /* from the output y */
  void (*relu)(size_t n, const float *x, float *y);
  void (*relu_gradient)(size_t n, const float *y, const float *dy, float *dx);
  void (*exp)(size_t n, const float *x, float *y);

  /* Row-wise normalisation over n columns (PyTorch LayerNorm, biased variance). mean, rstd [rows] are kept for the gradient. */
  void (*layer_norm)(size_t rows, size_t n, const float *x, const float *gamma, const float *beta, float eps,
                     float *y, float *mean, float *rstd);
  /* sum = a + b, y = layer_norm(sum), one pass. */
  void (*residual_layer_norm)(size_t rows, size_t n, const float *a, const float *b, const float *gamma,
                              const float *beta, float eps, float *sum, float *y, float *mean, float *rstd);
  /* dx from x, mean, rstd; dgamma and dbeta are added to, or NULL. dx may be dy. */
  void (*layer_norm_gradient)(size_t rows, size_t n, const float *x, const float *gamma, const float *mean,
                              const float *rstd, const float *dy, float *dx, float *dgamma, float *dbeta);

  /* Softmax over each row; a row that is −∞ throughout gives NaN, which the caller reports. y may be x. */
  void (*softmax)(size_t rows, size_t n, const float *x, float *y);
  /* dx = y · (dy − Σ y·dy); dx may be dy. */
  void (*softmax_gradient)(size_t rows, size_t n, const float *y, const float *dy, float *dx);

  /* y = x · keep(i) / (1 − rate); keep is a function of (key, offset + i), so the mask is not stored. y may be x. */
  void (*dropout)(size_t n, uint64_t key, uint64_t offset, float rate, const float *x, float *y);

  /* Attention for short sequences (everything of one head fits the first-level caches).
   * output [batch, n, heads·d] contiguous. probabilities [batch, heads, n, p + m] as used (after dropout is NOT applied:
   * the plain softmax), kept for the gradient, or NULL.
   * scratch: mope_attention_scratch(shape) floats. */
  void (*attention)(const mope_attention_shape *shape, const float *q, const float *prompt_k, const float *prompt_v,
                    const float *k, const float *v, float *output, float *probabilities, float *scratch);
  /* Gradients have the layout and strides of their inputs and are overwritten (only columns of the heads). Any of dq,
   * (dprompt_k, dprompt_v), (dk, dv) may be NULL. dbias, if not NULL, is ADDED to, with the strides of bias (segment-1 keys). */
  void (*attention_gradient)(const mope_attention_shape *shape, const float *q, const float *prompt_k,
                             const float *prompt_v, const float *k, const float *v, const float *probabilities,
                             const float *doutput, float *dq, float *dprompt_k, float *dprompt_v, float *dk, float *dv,
                             float *dbias, float *scratch);

  /* c[m, n] = a[m, k] b[k, n] (+ c if accumulate), any leading dimensions; for sizes where the call of a BLAS costs more
   * than the product. */
  void (*small_gemm)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                     size_t ldc, bool accumulate);

  /* Products of large matrices in two steps. `pack_right` copies `count` panels of `panel_columns` columns, from panel `first`
   * on, of b[k, n] (of b[n, k] if transposed) into `packed` [k·n floats]; n is whole panels. Then
   * c[m, n] = a[m, k] b (+ c if accumulate). Panels can be packed, and rows of c computed, by several threads.
   * c is computed in tiles of `tile_rows`; a piece of `block_rows` is the most that the left side is packed for at once.
   * scratch: mope_packed_scratch() floats. */
  size_t panel_columns, tile_rows, block_rows;
  void (*pack_right)(size_t n, size_t k, const float *b, size_t ldb, bool transposed, size_t first, size_t count,
                     float *packed);
  void (*packed_gemm)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *packed, float *c,
                      size_t ldc, bool accumulate, float *scratch);

  /* Decoupled-weight-decay Adam (PyTorch AdamW): p, first and second moment are updated in place.
   * correction1 = 1 − β1ᵗ, correction2 = 1 − β2ᵗ. */
  void (*adamw)(size_t n, float *p, float *first, float *second, const float *g, float lr, float beta1, float beta2,
                float eps, float decay, float correction1, float correction2);
} mope_kernel_table;

/* The table in use: chosen by `mope_select_kernels`, at first use the best the processor has. */
const mope_kernel_table *mope_kernels(void);
/* The table of a level, or NULL if this processor or build does not have it. */
const mope_kernel_table *mope_kernels_at(mope_kernel_level level);
/* Selects the highest available level not above `most`; gives the level selected. Call before other threads start. */
mope_kernel_level mope_select_kernels(mope_kernel_level most);
/* Floats of scratch that attention and attention_gradient need for this shape. */
size_t mope_attention_scratch(const mope_attention_shape *shape);
/* Floats of scratch that packed_gemm needs. */
size_t mope_packed_scratch(void);
/* Whether element `index` of stream `key` is kept at this dropout rate. The integer hash behind all dropout masks. */
bool mope_dropout_keeps(uint64_t key, uint64_t index, float rate);

#endif

/* The kernels as plain loops in double, for tests. Arguments are those of the kernel of the same name in CKernels.h,
 * results are rounded to float once. */
#ifndef MOPE_REFERENCE_H
#define MOPE_REFERENCE_H

#include "CKernels.h"

void mope_reference_add_column_sums(size_t rows, size_t n, const float *x, size_t ld, float *sum);
double mope_reference_sum(size_t n, const float *x);
double mope_reference_sum_of_squares(size_t n, const float *x);
double mope_reference_dot(size_t n, const float *a, const float *b);

void mope_reference_gelu(size_t n, const float *x, float *y);
void mope_reference_gelu_gradient(size_t n, const float *x, const float *dy, float *dx);
void mope_reference_gelu_tanh(size_t n, const float *x, float *y);
void mope_reference_gelu_tanh_gradient(size_t n, const float *x, const float *dy, float *dx);
void mope_reference_tanh(size_t n, const float *x, float *y);
void mope_reference_exp(size_t n, const float *x, float *y);

void mope_reference_layer_norm(size_t rows, size_t n, const float *x, const float *gamma, const float *beta, float eps,
                               float *y, float *mean, float *rstd);
void mope_reference_layer_norm_gradient(size_t rows, size_t n, const float *x, const float *gamma, const float *mean,
                                        const float *rstd, const float *dy, float *dx, float *dgamma, float *dbeta);
void mope_reference_softmax(size_t rows, size_t n, const float *x, float *y);
void mope_reference_softmax_gradient(size_t rows, size_t n, const float *y, const float *dy, float *dx);

/* `probabilities` and, in the gradient, every result must be given; keys at most 4096. */
void mope_reference_attention(const mope_attention_shape *shape, const float *q, const float *prompt_k,
                              const float *prompt_v, const float *k, const float *v, float *output,
                              float *probabilities);
void mope_reference_attention_gradient(const mope_attention_shape *shape, const float *q, const float *prompt_k,
                                       const float *prompt_v, const float *k, const float *v,
                                       const float *probabilities, const float *doutput, float *dq, float *dprompt_k,
                                       float *dprompt_v, float *dk, float *dv, float *dbias);
void mope_reference_small_gemm(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                               float *c, size_t ldc, bool accumulate);
void mope_reference_adamw(size_t n, float *p, float *first, float *second, const float *g, float lr, float beta1,
                          float beta2, float eps, float decay, float correction1, float correction2);

#endif

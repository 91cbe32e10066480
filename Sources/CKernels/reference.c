/* The kernels as plain loops in double. */
#include "reference.h"

#include <math.h>

void mope_reference_add_column_sums(size_t rows, size_t n, const float *x, size_t ld, float *sum) {
  for (size_t j = 0; j < n; j++) {
    double total = sum[j];
    for (size_t i = 0; i < rows; i++) total += x[i * ld + j];
    sum[j] = (float)total;
  }
}

double mope_reference_sum(size_t n, const float *x) {
  double total = 0;
  for (size_t i = 0; i < n; i++) total += x[i];
  return total;
}

double mope_reference_sum_of_squares(size_t n, const float *x) { return mope_reference_dot(n, x, x); }

double mope_reference_dot(size_t n, const float *a, const float *b) {
  double total = 0;
  for (size_t i = 0; i < n; i++) total += (double)a[i] * b[i];
  return total;
}

static double normal_cdf(double x) { return 0.5 * erfc(-x * 0.70710678118654752); }

void mope_reference_gelu(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = (float)(x[i] * normal_cdf(x[i]));
}

void mope_reference_gelu_gradient(size_t n, const float *x, const float *dy, float *dx) {
  for (size_t i = 0; i < n; i++) {
    const double t = x[i], density = exp(-0.5 * t * t) * 0.39894228040143268;
    dx[i] = (float)(dy[i] * (normal_cdf(t) + t * density));
  }
}

static const double root_two_over_pi = 0.79788456080286536;

void mope_reference_gelu_tanh(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; i++) {
    const double t = x[i], u = root_two_over_pi * (t + 0.044715 * t * t * t);
    y[i] = (float)(t / (1 + exp(-2 * u))); /* ½ (1 + tanh u), without cancellation */
  }
}

void mope_reference_gelu_tanh_gradient(size_t n, const float *x, const float *dy, float *dx) {
  for (size_t i = 0; i < n; i++) {
    const double t = x[i], u = root_two_over_pi * (t + 0.044715 * t * t * t);
    const double slope = root_two_over_pi * (1 + 3 * 0.044715 * t * t);
    const double cosine = cosh(u);
    dx[i] = (float)(dy[i] * (1 / (1 + exp(-2 * u)) + 0.5 * t * slope / (cosine * cosine)));
  }
}

void mope_reference_tanh(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = (float)tanh(x[i]);
}

void mope_reference_exp(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = (float)exp(x[i]);
}

void mope_reference_layer_norm(size_t rows, size_t n, const float *x, const float *gamma, const float *beta, float eps,
                               float *y, float *mean, float *rstd) {
  for (size_t i = 0; i < rows; i++) {
    const float *row = x + i * n;
    double variance = 0;
    const double center = mope_reference_sum(n, row) / (double)n;
    for (size_t j = 0; j < n; j++) variance += (row[j] - center) * (row[j] - center) / (double)n;
    const double factor = 1 / sqrt(variance + eps);
    for (size_t j = 0; j < n; j++) y[i * n + j] = (float)((row[j] - center) * factor * gamma[j] + beta[j]);
    mean[i] = (float)center;
    rstd[i] = (float)factor;
  }
}

void mope_reference_layer_norm_gradient(size_t rows, size_t n, const float *x, const float *gamma, const float *mean,
                                        const float *rstd, const float *dy, float *dx, float *dgamma, float *dbeta) {
  for (size_t j = 0; j < n; j++) {
    double gamma_sum = dgamma[j], beta_sum = dbeta[j];
    for (size_t i = 0; i < rows; i++) {
      gamma_sum += dy[i * n + j] * ((double)x[i * n + j] - mean[i]) * rstd[i];
      beta_sum += dy[i * n + j];
    }
    dgamma[j] = (float)gamma_sum;
    dbeta[j] = (float)beta_sum;
  }
  for (size_t i = 0; i < rows; i++) {
    double sum = 0, product = 0;
    for (size_t j = 0; j < n; j++) {
      const double g = (double)dy[i * n + j] * gamma[j];
      sum += g / (double)n;
      product += g * ((double)x[i * n + j] - mean[i]) * rstd[i] / (double)n;
    }
    for (size_t j = 0; j < n; j++) {
      const double normal = ((double)x[i * n + j] - mean[i]) * rstd[i];
      dx[i * n + j] = (float)(rstd[i] * ((double)dy[i * n + j] * gamma[j] - sum - normal * product));
    }
  }
}

void mope_reference_softmax(size_t rows, size_t n, const float *x, float *y) {
  for (size_t i = 0; i < rows; i++) {
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < n; j++) top = x[i * n + j] > top ? x[i * n + j] : top;
    for (size_t j = 0; j < n; j++) sum += exp(x[i * n + j] - top);
    for (size_t j = 0; j < n; j++) y[i * n + j] = (float)(exp(x[i * n + j] - top) / sum);
  }
}

void mope_reference_softmax_gradient(size_t rows, size_t n, const float *y, const float *dy, float *dx) {
  for (size_t i = 0; i < rows; i++) {
    const double total = mope_reference_dot(n, y + i * n, dy + i * n);
    for (size_t j = 0; j < n; j++) dx[i * n + j] = (float)(y[i * n + j] * (dy[i * n + j] - total));
  }
}

enum { most_keys = 4096 };

/* The index of element c of key row j (over both segments) of head h, for strides and counts of the shape; whether the
 * row is a prompt says which of the two arrays it indexes. */
static ptrdiff_t key_element(const mope_attention_shape *s, int b, int h, int j, int c) {
  return j < s->p ? ((ptrdiff_t)b * s->p + j) * s->ldp + h * s->d + c
                  : ((ptrdiff_t)b * s->m + j - s->p) * s->ldk + h * s->d + c;
}

static ptrdiff_t bias_element(const mope_attention_shape *s, int b, int h, int i, int j) {
  return (b % s->bias_batch) * s->bias_batch_stride + h * s->bias_head_stride + i * s->bias_row_stride + j - s->p;
}

/* keep / (1 − rate) of one probability. */
static double keep_factor(const mope_attention_shape *s, size_t element) {
  if (s->dropout_rate <= 0) return 1;
  return mope_dropout_keeps(s->dropout_key, element, s->dropout_rate) ? 1 / (1 - (double)s->dropout_rate) : 0;
}

void mope_reference_attention(const mope_attention_shape *s, const float *q, const float *prompt_k,
                              const float *prompt_v, const float *k, const float *v, float *output,
                              float *probabilities) {
  const int keys = s->p + s->m;
  for (int b = 0; b < s->batch; b++)
    for (int h = 0; h < s->heads; h++)
      for (int i = 0; i < s->n; i++) {
        const float *query = q + ((ptrdiff_t)b * s->n + i) * s->ldq + h * s->d;
        const size_t first = (((size_t)b * s->heads + h) * s->n + i) * keys;
        double scores[most_keys], top = -INFINITY, sum = 0;
        for (int j = 0; j < keys; j++) {
          const float *key = (j < s->p ? prompt_k : k) + key_element(s, b, h, j, 0);
          scores[j] = s->scale * mope_reference_dot((size_t)s->d, query, key);
          if (s->bias != NULL && j >= s->p) scores[j] += s->bias[bias_element(s, b, h, i, j)];
          if (scores[j] > top) top = scores[j];
        }
        for (int j = 0; j < keys; j++) sum += scores[j] = exp(scores[j] - top);
        for (int j = 0; j < keys; j++) probabilities[first + j] = (float)(scores[j] /= sum);
        for (int c = 0; c < s->d; c++) {
          double total = 0;
          for (int j = 0; j < keys; j++) {
            const double value = (j < s->p ? prompt_v : v)[key_element(s, b, h, j, c)];
            total += scores[j] * keep_factor(s, first + j) * value;
          }
          output[(((size_t)b * s->n + i) * s->heads + h) * s->d + c] = (float)total;
        }
      }
}

void mope_reference_attention_gradient(const mope_attention_shape *s, const float *q, const float *prompt_k,
                                       const float *prompt_v, const float *k, const float *v,
                                       const float *probabilities, const float *doutput, float *dq, float *dprompt_k,
                                       float *dprompt_v, float *dk, float *dv, float *dbias) {
  const int keys = s->p + s->m;
  for (int b = 0; b < s->batch; b++)
    for (int h = 0; h < s->heads; h++) {
      for (int j = 0; j < keys; j++)
        for (int c = 0; c < s->d; c++) {
          (j < s->p ? dprompt_k : dk)[key_element(s, b, h, j, c)] = 0;
          (j < s->p ? dprompt_v : dv)[key_element(s, b, h, j, c)] = 0;
        }
      for (int i = 0; i < s->n; i++) {
        const ptrdiff_t query = ((ptrdiff_t)b * s->n + i) * s->ldq + h * s->d;
        const float *dout = doutput + (((size_t)b * s->n + i) * s->heads + h) * s->d;
        const size_t first = (((size_t)b * s->heads + h) * s->n + i) * keys;
        double dp[most_keys], sum = 0;
        for (int j = 0; j < keys; j++) {
          const float *value = (j < s->p ? prompt_v : v) + key_element(s, b, h, j, 0);
          dp[j] = keep_factor(s, first + j) * mope_reference_dot((size_t)s->d, dout, value);
          sum += probabilities[first + j] * dp[j];
        }
        for (int c = 0; c < s->d; c++) {
          double total = 0;
          for (int j = 0; j < keys; j++) {
            const double ds = probabilities[first + j] * (dp[j] - sum);
            const ptrdiff_t at = key_element(s, b, h, j, c);
            total += s->scale * ds * (j < s->p ? prompt_k : k)[at];
            (j < s->p ? dprompt_k : dk)[at] += (float)(s->scale * ds * q[query + c]);
            (j < s->p ? dprompt_v : dv)[at] +=
                (float)(probabilities[first + j] * keep_factor(s, first + j) * dout[c]);
          }
          dq[query + c] = (float)total;
        }
        for (int j = s->p; dbias != NULL && j < keys; j++) {
          dbias[bias_element(s, b, h, i, j)] += (float)(probabilities[first + j] * (dp[j] - sum));
        }
      }
    }
}

void mope_reference_small_gemm(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                               float *c, size_t ldc, bool accumulate) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      double total = accumulate ? c[i * ldc + j] : 0;
      for (size_t l = 0; l < k; l++) total += (double)a[i * lda + l] * b[l * ldb + j];
      c[i * ldc + j] = (float)total;
    }
}

void mope_reference_adamw(size_t n, float *p, float *first, float *second, const float *g, float lr, float beta1,
                          float beta2, float eps, float decay, float correction1, float correction2) {
  for (size_t i = 0; i < n; i++) {
    const double a = (double)beta1 * first[i] + (1 - (double)beta1) * g[i];
    const double b = (double)beta2 * second[i] + (1 - (double)beta2) * g[i] * g[i];
    const double kept = p[i] * (1 - (double)lr * decay);
    first[i] = (float)a;
    second[i] = (float)b;
    p[i] = (float)(kept - lr * (a / correction1) / (sqrt(b / correction2) + eps));
  }
}

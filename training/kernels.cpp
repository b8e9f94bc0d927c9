// bfloat16 kernels for training on a CPU: PyTorch 1.13 spends more than half of a step between the matrix products.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

typedef uint16_t bf16;

static const long MAX_HEAD = 256, MAX_LENGTH = 4096;

static inline float widen(bf16 x) {
  uint32_t bits = (uint32_t)x << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static inline bf16 narrow(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  bits += 0x7fff + ((bits >> 16) & 1);
  return (bf16)(bits >> 16);
}

// gelu(x) ~ x * sigmoid(2 * sqrt(2/pi) * (x + 0.044715 x^3)); the exponent is clamped because -ffast-math may turn
// the reciprocal of infinity into NaN.
static const float TWICE_ROOT_2_OVER_PI = 1.5957691216f;
static const float CUBE = 0.044715f;

static inline float gate(float x) {
  float z = TWICE_ROOT_2_OVER_PI * (x + CUBE * x * x * x);
  return 1.f / (1.f + expf(-(z < -60.f ? -60.f : z)));
}

extern "C" {

// gate_up [rows, 2 * width] -> y [rows, width] = gelu(gate) * up
void geglu_forward(const bf16 *gate_up, bf16 *y, long rows, long width) {
#pragma omp parallel for
  for (long i = 0; i < rows; i++) {
    const bf16 *g = gate_up + i * 2 * width, *u = g + width;
    bf16 *out = y + i * width;
    for (long j = 0; j < width; j++) {
      float x = widen(g[j]);
      out[j] = narrow(x * gate(x) * widen(u[j]));
    }
  }
}

void geglu_backward(const bf16 *gate_up, const bf16 *dy, bf16 *d_gate_up, long rows, long width) {
#pragma omp parallel for
  for (long i = 0; i < rows; i++) {
    const bf16 *g = gate_up + i * 2 * width, *u = g + width, *d = dy + i * width;
    bf16 *dg = d_gate_up + i * 2 * width, *du = dg + width;
    for (long j = 0; j < width; j++) {
      float x = widen(g[j]), s = gate(x), grad = widen(d[j]);
      float slope = TWICE_ROOT_2_OVER_PI * (1.f + 3 * CUBE * x * x);
      du[j] = narrow(grad * x * s);
      dg[j] = narrow(grad * widen(u[j]) * (s + x * s * (1 - s) * slope));
    }
  }
}

// logits [rows, vocabulary] become their own gradient, scaled; losses [rows]. A negative target is ignored.
void cross_entropy(bf16 *logits, const int64_t *targets, float *losses, long rows, long vocabulary, float scale) {
#pragma omp parallel for
  for (long i = 0; i < rows; i++) {
    bf16 *row = logits + i * vocabulary;
    if (targets[i] < 0) {
      losses[i] = 0;
      memset(row, 0, vocabulary * 2);
      continue;
    }
    float max = -1e30f, sum = 0;
    for (long j = 0; j < vocabulary; j++) max = widen(row[j]) > max ? widen(row[j]) : max;
    for (long j = 0; j < vocabulary; j++) sum += expf(widen(row[j]) - max);
    float wanted = widen(row[targets[i]]), factor = scale / sum;
    losses[i] = logf(sum) + max - wanted;
    for (long j = 0; j < vocabulary; j++) row[j] = narrow(expf(widen(row[j]) - max) * factor);
    row[targets[i]] = narrow(expf(wanted - max) * factor - scale);
  }
}

// y = x * inverse * (1 + weight) with inverse [rows] = 1 / rms(x); x, y [rows, width], weight [width].
void rms_norm_forward(const bf16 *x, const float *weight, bf16 *y, float *inverse, long rows, long width,
                      float epsilon) {
#pragma omp parallel for
  for (long i = 0; i < rows; i++) {
    const bf16 *in = x + i * width;
    bf16 *out = y + i * width;
    float squares = 0;
    for (long j = 0; j < width; j++) squares += widen(in[j]) * widen(in[j]);
    float scale = inverse[i] = 1.f / sqrtf(squares / width + epsilon);
    for (long j = 0; j < width; j++) out[j] = narrow(widen(in[j]) * scale * (1 + weight[j]));
  }
}

// d_weight [width] is added to.
void rms_norm_backward(const bf16 *x, const float *weight, const float *inverse, const bf16 *dy, bf16 *dx,
                       float *d_weight, long rows, long width) {
#pragma omp parallel
  {
    std::vector<float> own(width, 0.f);
#pragma omp for
    for (long i = 0; i < rows; i++) {
      const bf16 *in = x + i * width, *grad = dy + i * width;
      bf16 *out = dx + i * width;
      float scale = inverse[i], mean = 0;
      for (long j = 0; j < width; j++) {
        float product = widen(grad[j]) * widen(in[j]) * scale;
        own[j] += product;
        mean += product * (1 + weight[j]);
      }
      mean *= scale / width;
      for (long j = 0; j < width; j++)
        out[j] = narrow(scale * (widen(grad[j]) * (1 + weight[j]) - widen(in[j]) * mean));
    }
#pragma omp critical
    for (long j = 0; j < width; j++) d_weight[j] += own[j];
  }
}

// One head of one token: RMS norm, rotation by the position (rotate-half layout), scale.
static inline void turn_forward(const bf16 *x, const float *weight, const float *cosine, const float *sine, bf16 *y,
                                 long size, float scale) {
  float squares = 0, normed[MAX_HEAD];
  for (long j = 0; j < size; j++) squares += widen(x[j]) * widen(x[j]);
  float inverse = 1.f / sqrtf(squares / size + 1e-6f);
  for (long j = 0; j < size; j++) normed[j] = widen(x[j]) * inverse * (1 + weight[j]) * scale;
  for (long j = 0; j < size / 2; j++) {
    float a = normed[j], b = normed[j + size / 2];
    y[j] = narrow(a * cosine[j] - b * sine[j]);
    y[j + size / 2] = narrow(b * cosine[j] + a * sine[j]);
  }
}

static inline void turn_backward(const bf16 *x, const float *weight, const float *cosine, const float *sine,
                                 const bf16 *dy, bf16 *dx, float *d_weight, long size, float scale) {
  float squares = 0, mean = 0, grad[MAX_HEAD];
  for (long j = 0; j < size; j++) squares += widen(x[j]) * widen(x[j]);
  float inverse = 1.f / sqrtf(squares / size + 1e-6f);
  for (long j = 0; j < size / 2; j++) {
    float a = widen(dy[j]) * scale, b = widen(dy[j + size / 2]) * scale;
    grad[j] = a * cosine[j] + b * sine[j];
    grad[j + size / 2] = b * cosine[j] - a * sine[j];
  }
  for (long j = 0; j < size; j++) {
    float product = grad[j] * widen(x[j]) * inverse;
    d_weight[j] += product;
    mean += product * (1 + weight[j]);
  }
  mean *= inverse / size;
  for (long j = 0; j < size; j++) dx[j] = narrow(inverse * (grad[j] * (1 + weight[j]) - widen(x[j]) * mean));
}

// qkv [batch, length, (heads + 2 * kv_heads) * size] -> q [batch, kv_heads, groups, length, size], normed, rotated and
// scaled, k likewise and v [batch, kv_heads, length, size]. cosine and sine [length, size / 2].
void heads_forward(const bf16 *qkv, const float *q_weight, const float *k_weight, const float *cosine,
                   const float *sine, bf16 *q, bf16 *k, bf16 *v, long batch, long length, long heads, long kv_heads,
                   long size, float scale) {
#pragma omp parallel for
  for (long i = 0; i < batch * length; i++) {
    long b = i / length, t = i % length;
    const bf16 *in = qkv + i * (heads + 2 * kv_heads) * size;
    const float *c = cosine + t * size / 2, *s = sine + t * size / 2;
    for (long h = 0; h < heads; h++, in += size)
      turn_forward(in, q_weight, c, s, q + ((b * heads + h) * length + t) * size, size, scale);
    for (long h = 0; h < kv_heads; h++, in += size)
      turn_forward(in, k_weight, c, s, k + ((b * kv_heads + h) * length + t) * size, size, 1);
    for (long h = 0; h < kv_heads; h++, in += size)
      memcpy(v + ((b * kv_heads + h) * length + t) * size, in, size * sizeof(bf16));
  }
}

// The weights' gradients [size] are added to.
void heads_backward(const bf16 *qkv, const float *q_weight, const float *k_weight, const float *cosine,
                    const float *sine, const bf16 *dq, const bf16 *dk, const bf16 *dv, bf16 *d_qkv, float *dq_weight,
                    float *dk_weight, long batch, long length, long heads, long kv_heads, long size, float scale) {
#pragma omp parallel
  {
    float q_own[MAX_HEAD] = {0}, k_own[MAX_HEAD] = {0};
#pragma omp for
    for (long i = 0; i < batch * length; i++) {
      long b = i / length, t = i % length, offset = i * (heads + 2 * kv_heads) * size;
      const bf16 *in = qkv + offset;
      bf16 *out = d_qkv + offset;
      const float *c = cosine + t * size / 2, *s = sine + t * size / 2;
      for (long h = 0; h < heads; h++, in += size, out += size)
        turn_backward(in, q_weight, c, s, dq + ((b * heads + h) * length + t) * size, out, q_own, size, scale);
      for (long h = 0; h < kv_heads; h++, in += size, out += size)
        turn_backward(in, k_weight, c, s, dk + ((b * kv_heads + h) * length + t) * size, out, k_own, size, 1);
      for (long h = 0; h < kv_heads; h++, out += size)
        memcpy(out, dv + ((b * kv_heads + h) * length + t) * size, size * sizeof(bf16));
    }
#pragma omp critical
    for (long j = 0; j < size; j++) dq_weight[j] += q_own[j], dk_weight[j] += k_own[j];
  }
}

// Softmax in place over the positions that a query may see: itself and the window - 1 before it. scores [rows, length],
// rows being any number of runs of `length` queries. The others become 0.
void softmax_forward(bf16 *scores, long rows, long length, long window) {
#pragma omp parallel for schedule(dynamic, 64)
  for (long i = 0; i < rows; i++) {
    bf16 *row = scores + i * length;
    long last = i % length, first = std::max(0L, last - window + 1);
    float max = -1e30f, sum = 0, e[MAX_LENGTH];
    for (long j = first; j <= last; j++) max = widen(row[j]) > max ? widen(row[j]) : max;
    for (long j = first; j <= last; j++) sum += e[j] = expf(widen(row[j]) - max);
    float factor = 1.f / sum;
    memset(row, 0, first * sizeof(bf16));
    for (long j = first; j <= last; j++) row[j] = narrow(e[j] * factor);
    memset(row + last + 1, 0, (length - last - 1) * sizeof(bf16));
  }
}

// d [rows, length], the gradient of the probabilities, becomes that of the scores.
void softmax_backward(const bf16 *probabilities, bf16 *d, long rows, long length, long window) {
#pragma omp parallel for schedule(dynamic, 64)
  for (long i = 0; i < rows; i++) {
    const bf16 *p = probabilities + i * length;
    bf16 *row = d + i * length;
    long last = i % length, first = std::max(0L, last - window + 1);
    float dot = 0;
    for (long j = first; j <= last; j++) dot += widen(p[j]) * widen(row[j]);
    memset(row, 0, first * sizeof(bf16));
    for (long j = first; j <= last; j++) row[j] = narrow(widen(p[j]) * (widen(row[j]) - dot));
    memset(row + last + 1, 0, (length - last - 1) * sizeof(bf16));
  }
}
}

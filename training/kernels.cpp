// bfloat16 kernels for training on a CPU: PyTorch 1.13 spends a third of a step in its own GELU and log-softmax.
#include <cmath>
#include <cstdint>
#include <cstring>

typedef uint16_t bf16;

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
}

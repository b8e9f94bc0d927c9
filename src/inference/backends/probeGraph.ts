import type { ModelManifest } from '../model/modelManifest.ts';

/*
 * A model of one layer with the inputs and outputs of every imported graph, small enough to live in the code.
 * Vocabulary 4, hidden size 32, 2 heads of 16 sharing one KV head, window 3, 4 positions:
 *
 *   x = embedding[input_ids]                   embedding[t][i] = ((37 (32 t + i) mod 19) − 9) / 8
 *   k = v = MatMulNBits(x), 4 bit, [32 → 16]   byte n of B = (73 n + 41) mod 256, every scale 1/16
 *   a = GroupQueryAttention(x, k, v)           rotary with cos and sin of p / 100^(i / 8)
 *   logits = MatMulNBits(a), 4 bit, [32 → 4]   byte n of B = (59 n + 7) mod 256, every scale 1/16
 */

/** Run as two steps, the second on top of the rows that the first wrote in place. */
export const probePrompt: readonly number[] = [1, 2, 3];
export const probeToken = 0;
/** Logits after the last step, worked out in float64 from the description above. */
export const probeLogits: readonly number[] = [0.2950978637, 0.5048907133, 0.6158388738, 0.7737343672];

/** Only name and architecture matter: the graph holds its weights itself. */
export const probeManifest: ModelManifest = {
  format: 1,
  name: 'the probe',
  architecture: {
    generation: 'gemma3',
    layers: 1,
    hiddenSize: 32,
    ffnSize: 0,
    heads: 2,
    kvHeads: 1,
    headDim: 16,
    vocabSize: 4,
    maxPositions: 4,
    rmsNormEpsilon: 0,
    queryPreAttentionScalar: 16,
    attention: [{ window: 3, ropeTheta: 100, ropeFactor: 1 }],
  },
  parameters: 0,
  quantization: 'q4',
  graph: { name: 'probe.onnx', bytes: 0, sha256: '' },
  weights: [],
  tokenizer: { name: 'none', bytes: 0, sha256: '' },
  completion: null,
};

/** The ONNX file. */
export function probeGraph(): Uint8Array {
  return new Uint8Array(Buffer.from(GRAPH, 'base64'));
}

const GRAPH =
  'CAoSAXg6qBIKKwoDZW1iCglpbnB1dF9pZHMSAXgaAXgiBkdhdGhlcioLCgRheGlzGACgAQIKeAoBeAoCd2sKAnNrEgFrGgFrIgtNYXRNdWxOQml0' +
  'cyoICgFLGCCgAQIqCAoBThgQoAECKgsKBGJpdHMYBKABAioRCgpibG9ja19zaXplGCCgAQIqFQoOYWNjdXJhY3lfbGV2ZWwYAKABAjoNY29tLm1p' +
  'Y3Jvc29mdAqCAgoBeAoBawoBawoVcGFzdF9rZXlfdmFsdWVzLjAua2V5ChdwYXN0X2tleV92YWx1ZXMuMC52YWx1ZQoJc2VxbGVuc19rChV0b3Rh' +
  'bF9zZXF1ZW5jZV9sZW5ndGgKA2NvcwoDc2luEgFhEg1wcmVzZW50LjAua2V5Eg9wcmVzZW50LjAudmFsdWUaAWEiE0dyb3VwUXVlcnlBdHRlbnRp' +
  'b24qEAoJbnVtX2hlYWRzGAKgAQIqEwoMa3ZfbnVtX2hlYWRzGAGgAQIqEAoJZG9fcm90YXJ5GAGgAQIqGAoRbG9jYWxfd2luZG93X3NpemUYA6AB' +
  'AjoNY29tLm1pY3Jvc29mdAogCgtsb2dpdHNfcm93cxIFc3RhcnQaBXN0YXJ0IgNOZWcKKAoBYQoFc3RhcnQKA2VuZAoEYXhpcxIEbGFzdBoEbGFz' +
  'dCIFU2xpY2UKewoEbGFzdAoCd28KAnNvEgF5GgF5IgtNYXRNdWxOQml0cyoICgFLGCCgAQIqCAoBThgEoAECKgsKBGJpdHMYBKABAioRCgpibG9j' +
  'a19zaXplGCCgAQIqFQoOYWNjdXJhY3lfbGV2ZWwYAKABAjoNY29tLm1pY3Jvc29mdAoiCgF5CgR6ZXJvEgZsb2dpdHMaBmxvZ2l0cyIHU3F1ZWV6' +
  'ZRIBZyqOBAgECCAQAUIDZW1iSoAEAACQvwAAkD8AAIA/AABgPwAAQD8AACA/AAAAPwAAwD4AAIA+AAAAPgAAAAAAAAC+AACAvgAAwL4AAAC/AAAg' +
  'vwAAQL8AAGC/AACAvwAAkL8AAJA/AACAPwAAYD8AAEA/AAAgPwAAAD8AAMA+AACAPgAAAD4AAAAAAAAAvgAAgL4AAMC+AAAAvwAAIL8AAEC/AABg' +
  'vwAAgL8AAJC/AACQPwAAgD8AAGA/AABAPwAAID8AAAA/AADAPgAAgD4AAAA+AAAAAAAAAL4AAIC+AADAvgAAAL8AACC/AABAvwAAYL8AAIC/AACQ' +
  'vwAAkD8AAIA/AABgPwAAQD8AACA/AAAAPwAAwD4AAIA+AAAAPgAAAAAAAAC+AACAvgAAwL4AAAC/AAAgvwAAQL8AAGC/AACAvwAAkL8AAJA/AACA' +
  'PwAAYD8AAEA/AAAgPwAAAD8AAMA+AACAPgAAAD4AAAAAAAAAvgAAgL4AAMC+AAAAvwAAIL8AAEC/AABgvwAAgL8AAJC/AACQPwAAgD8AAGA/AABA' +
  'PwAAID8AAAA/AADAPgAAgD4AAAA+AAAAAAAAAL4AAIC+AADAvgAAAL8AACC/AABAvwAAYL8AAIC/AACQvwAAkD8AAIA/AABgPwAAQD8AACA/AAAA' +
  'PwAAwD4AAIA+AAAAPgAAAAAAAAC+AACAvgAAwL4qjwIIEAgBCBAQAkICd2tKgAIpcrsETZbfKHG6A0yV3idwuQJLlN0mb7gBSpPcJW63AEmS2yRt' +
  'tv9IkdojbLX+R5DZImu0/UaP2CFqs/xFjtcgabL7RI3WH2ix+kOM1R5nsPlCi9QdZq/4QYrTHGWu90CJ0htkrfY/iNEaY6z1PofQGWKr9D2Gzxhh' +
  'qvM8hc4XYKnyO4TNFl+o8TqDzBVep/A5gssUXabvOIHKE1yl7jeAyRJbpO02f8gRWqPsNX7HEFmi6zR9xg9YoeozfMUOV6DpMnvEDVaf6DF6wwxV' +
  'nucwecILVJ3mL3jBClOc5S53wAlSm+Qtdr8IUZrjLHW+B1CZ4it0vQZPmOEqc7wFTpfgKkwIEAgBEAFCAnNrSkAAAIA9AACAPQAAgD0AAIA9AACA' +
  'PQAAgD0AAIA9AACAPQAAgD0AAIA9AACAPQAAgD0AAIA9AACAPQAAgD0AAIA9Kk4IBAgBCBAQAkICd29KQAdCfbjzLmmk3xpVkMsGQXy38i1oo94Z' +
  'VI/KBUB7tvEsZ6LdGFOOyQQ/erXwK2ah3BdSjcgDPnm07yploNsWUYwqHAgECAEQAUICc29KEAAAgD0AAIA9AACAPQAAgD0qjgEIBAgIEAFCA2Nv' +
  'c0qAAQAAgD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD8AAIA/QFEKPw6UWD9qTnM/g/Z7P5i4fj9omH8/PN9/P6P1fz8zEdW+sujcPux7Tj+l+m8/' +
  'peV6P/Nhfj/5fH8/jtZ/PyZwfb+of+29Vy8VPyltXD/vkHQ/nl18P0/Zfj/Don8/Ko4BCAQICBABQgNzaW5KgAEAAAAAAAAAAAAAAAAAAAAAAAAA' +
  'AAAAAAAAAAAAAAAAAKRqVz+6fQg/PjmfPjojNT52dcw9sDZmPVyBAT1Cq5E8t8doPwryZj8bVBc/9keyPvlvSz6I2eU9yHCBPVylET3DgRA+10V+' +
  'P8IJUD9tLwI/bU6XPtjuKz7B/8E9TWlaPSoTCAEQB0IDZW5kSggAAAAAAAEAACoUCAEQB0IEYXhpc0oIAQAAAAAAAAAqFAgBEAdCBHplcm9KCAAA' +
  'AAAAAAAAWhwKCWlucHV0X2lkcxIPCg0IBxIJCgIIAQoDEgFTWhcKCXNlcWxlbnNfaxIKCggIBhIECgIIAVofChV0b3RhbF9zZXF1ZW5jZV9sZW5n' +
  'dGgSBgoECAYSAFoZCgtsb2dpdHNfcm93cxIKCggIBxIECgIIAVowChVwYXN0X2tleV92YWx1ZXMuMC5rZXkSFwoVCAESEQoCCAEKAggBCgMSAVAK' +
  'AggQWjIKF3Bhc3Rfa2V5X3ZhbHVlcy4wLnZhbHVlEhcKFQgBEhEKAggBCgIIAQoDEgFQCgIIEGIZCgZsb2dpdHMSDwoNCAESCQoDEgFSCgIIBGIo' +
  'Cg1wcmVzZW50LjAua2V5EhcKFQgBEhEKAggBCgIIAQoDEgFQCgIIEGIqCg9wcmVzZW50LjAudmFsdWUSFwoVCAESEQoCCAEKAggBCgMSAVAKAggQ' +
  'QgQKABAVQhEKDWNvbS5taWNyb3NvZnQQAQ==';

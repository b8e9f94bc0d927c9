import { getLlama, type LlamaContext, LlamaLogLevel, type LlamaModel, type Token } from 'node-llama-cpp';

/** A GGUF file in llama.cpp on one thread, with keys and values in float32. */
export class LlamaCpp implements AsyncDisposable {
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;

  private constructor(model: LlamaModel, context: LlamaContext) {
    this.#model = model;
    this.#context = context;
  }

  static async open(path: string, positions: number): Promise<LlamaCpp> {
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      progressLogs: false,
      logLevel: LlamaLogLevel.error,
    });
    const model = await llama.loadModel({ modelPath: path, useMmap: false });
    const context = await model.createContext({
      contextSize: positions,
      threads: 1,
      flashAttention: false,
      experimentalKvCacheKeyType: 'F32',
      experimentalKvCacheValueType: 'F32',
    });
    return new LlamaCpp(model, context);
  }

  /** What it thinks of every next token after each of `tokens`: [tokens.length, vocabSize]. */
  async probabilities(tokens: readonly number[]): Promise<readonly Float64Array[]> {
    const sequence = this.#context.getSequence();
    const everything = { temperature: 1, topK: 0, topP: 1, minP: 0 };
    const results = await sequence.controlledEvaluate(
      tokens
        .filter(isToken)
        .map((token) => [token, { generateNext: { probabilities: true, options: everything } }]),
    );
    await sequence.dispose();
    return results.map((result, index) => {
      const found = result?.next.probabilities;
      if (found === undefined) throw new Error(`llama.cpp says nothing after token ${index}.`);
      const row = new Float64Array(found.size);
      for (const [token, probability] of found) row[token] = probability;
      return row;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.dispose();
    await this.#model.dispose();
  }
}

/** Its tokens are numbers with a brand. */
function isToken(value: number): value is Token {
  return Number.isInteger(value);
}

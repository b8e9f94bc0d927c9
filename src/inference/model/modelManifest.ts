import type { Quantization } from '../../protocol/engine.ts';
import type { Architecture } from './architecture.ts';

/** What an imported model folder holds; `manifest.json` in it. File names are plain names in the folder. */
export interface ModelManifest {
  readonly format: 1;
  readonly name: string;
  readonly architecture: Architecture;
  readonly parameters: number;
  readonly quantization: Quantization;
  /** The ONNX graph, and the weights it refers to as external data. */
  readonly graph: ModelFile;
  readonly weights: readonly ModelFile[];
  /** Compiled tokenizer. */
  readonly tokenizer: ModelFile;
  readonly completion: CompletionTraining | null;
}

export interface ModelFile {
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** How a model was trained to complete code; from the `completion` key of its config.json. */
export interface CompletionTraining {
  readonly layout: 'suffix-first';
  readonly languages: readonly string[];
  readonly maxSuffixTokens: number;
  readonly contextTokens: number;
}

import * as v from 'valibot';
import { Role } from '../protocol/engine.ts';
import { ModelId, Repository, Revision, Sha256 } from '../protocol/models.ts';
import data from './models.json' with { type: 'json' };

const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

export const Licence = v.object({
  /** As people call it. */
  name: v.pipe(v.string(), v.minLength(1)),
  url: v.pipe(v.string(), v.url()),
});
export type Licence = v.InferOutput<typeof Licence>;

/** What a weight format makes of a model. Both are exact: a test compares them with what the importer writes. */
const FormatSizes = v.object({
  /** Of the weights after import, without graphs and tokenizer (under 30 MB). */
  bytes: positive,
  /** Of those that are read for each token that is written. Tables of which a token needs one row don't count. */
  decodeBytes: positive,
});

export const CatalogueModel = v.object({
  /** What its folder is called once it is installed. */
  id: ModelId,
  /** As people call it. */
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  repository: Repository,
  /** Null: not known when the extension was built; the newest one is taken, recorded and kept to. */
  revision: v.nullable(Revision),
  /** SHA-256 of files by name; those that are missing were not known when the extension was built. */
  digests: v.record(v.pipe(v.string(), v.maxLength(255)), Sha256),
  /** What it was trained for. */
  purposes: v.pipe(v.array(Role), v.minLength(1)),
  /** Whether it was trained on the text after the cursor too; others only continue what is before it. */
  fillsInMiddle: v.boolean(),
  licence: v.picklist(['gemma', 'apache-2.0']),
  /** The hub hands it out to those who accepted the licence, so a token is needed. */
  gated: v.boolean(),
  /** Of the text model, which is what is imported. */
  parameters: positive,
  download: v.object({
    /** Of the weights of all parts, in bfloat16. */
    bytes: positive,
    /** Counted from the shapes of all tensors. False: encoders for images and sound are as large as their makers say. */
    exact: v.boolean(),
  }),
  /** Longest context that is run; some were trained for more. */
  contextTokens: positive,
  /** Of keys and values for each token of context, in float32. */
  kvBytesPerToken: positive,
  /** Weights that every token of a prompt is multiplied with. */
  promptWeights: positive,
  /** By quantization; full precision only where a person could want it. */
  formats: v.object({ q4: FormatSizes, q8: FormatSizes, f32: v.optional(FormatSizes) }),
});
export type CatalogueModel = v.InferOutput<typeof CatalogueModel>;

const Catalogue = v.object({
  licences: v.object({ gemma: Licence, 'apache-2.0': Licence }),
  models: v.array(CatalogueModel),
});

const parsed = v.parse(Catalogue, data);
const byId = new Map(parsed.models.map((model) => [model.id, model]));

/** Every published dense model of the family, generation by generation, small ones first. */
export const catalogue: readonly CatalogueModel[] = parsed.models;

export function findCatalogueModel(id: string): CatalogueModel | undefined {
  return byId.get(id);
}

export function licenceOf({ licence }: CatalogueModel): Licence {
  return parsed.licences[licence];
}

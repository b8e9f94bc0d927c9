import { execFileSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importModel } from '../../../src/inference/importer/importModel.ts';
import { readManifest } from '../../../src/inference/model/modelManifest.ts';
import { GemmaError } from '../../../src/protocol/errors.ts';
import { randomCheckpoint, safetensorsFile, writeCheckpoint } from '../../support/checkpoints.ts';
import { type Header, workplace } from '../../support/checkpointWorkplace.ts';

const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const EMBEDDING = 'model.embed_tokens.weight';
const DOWN = 'model.layers.0.mlp.down_proj.weight';
const DOWN_PATTERN = /model\.layers\.0\.mlp\.down_proj\.weight/;

const entry = (
  name: string,
  change: (entry: Header[string], all: Header, data: Uint8Array) => void,
  culprit: RegExp,
) =>
  it(name, async () => {
    await using work = await workplace();
    await work.editWeights((header, data) => {
      change(header[DOWN]!, header, data);
      return [header, data];
    });
    await work.refuses('model-damaged', culprit);
  });

const sharded = async () => {
  const work = await workplace(null);
  await writeCheckpoint(work.source, randomCheckpoint({ layers: 1 }), { shards: 2 });
  return work;
};

/** An index that says `tensor` is in the file `name`. */
function withEntry(index: Record<string, unknown>, tensor: string, name: string): Record<string, unknown> {
  return { ...index, weight_map: Object.assign({}, index['weight_map'], { [tensor]: name }) };
}

describe('The importer refuses a safetensors file', () => {
  it('that is cut off inside its data', async () => {
    await using work = await workplace();
    const { size } = await stat(work.path(WEIGHTS));
    await truncate(work.path(WEIGHTS), size - 100);
    await work.refuses(
      'model-damaged',
      /model\.safetensors is damaged: tensor model\.norm\.weight ends beyond/,
    );
  });

  for (const length of [0, 1, 7, 8, 100]) {
    it(`that ends after ${length} bytes`, async () => {
      await using work = await workplace();
      await truncate(work.path(WEIGHTS), length);
      await work.refuses('model-damaged', /model\.safetensors/);
    });
  }

  for (const [name, length] of [
    ['longer than the file', 10_000_000n],
    ['beyond the cap', 26_000_000n],
    ['of 2^63 bytes', 1n << 63n],
    ['of 2^64 − 1 bytes', (1n << 64n) - 1n],
  ] as const) {
    it(`whose header claims to be ${name}`, async () => {
      await using work = await workplace();
      const file = await readFile(work.path(WEIGHTS));
      file.writeBigUInt64LE(length);
      await writeFile(work.path(WEIGHTS), file);
      await work.refuses('model-damaged', /model\.safetensors is damaged: its header claims \d+ bytes/);
    });
  }

  for (const [name, header] of [
    ['is not JSON', 'hello'],
    ['is not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d)],
    ['is not an object', '[1, 2]'],
    ['holds NaN', '{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}'],
    ['is empty', ''],
  ] as const) {
    it(`whose header ${name}`, async () => {
      await using work = await workplace();
      await writeFile(work.path(WEIGHTS), safetensorsFile(header, new Uint8Array(16)));
      await work.refuses('model-damaged', /model\.safetensors is damaged: its header is not a JSON object/);
    });
  }

  entry(
    'with a tensor that ends beyond the file',
    (tensor, _, data) => {
      const size = tensor.data_offsets[1] - tensor.data_offsets[0];
      tensor.data_offsets = [data.length - 4, data.length - 4 + size];
    },
    DOWN_PATTERN,
  );
  entry(
    'with a tensor that starts at 2^53',
    (tensor) => {
      tensor.data_offsets = [2 ** 53, 2 ** 53 + 4];
    },
    DOWN_PATTERN,
  );
  entry(
    'with a tensor that ends before it starts',
    (tensor) => {
      tensor.data_offsets = [tensor.data_offsets[1], tensor.data_offsets[0]];
    },
    DOWN_PATTERN,
  );
  entry(
    'with a tensor at a negative offset',
    (tensor) => {
      tensor.data_offsets = [-8, tensor.data_offsets[1]];
    },
    DOWN_PATTERN,
  );
  entry(
    'with two tensors over the same bytes',
    (tensor, all) => {
      const size = tensor.data_offsets[1] - tensor.data_offsets[0];
      const start = all[EMBEDDING]!.data_offsets[0] + 4;
      tensor.data_offsets = [start, start + size];
    },
    /tensors model\.embed_tokens\.weight and model\.layers\.0\.mlp\.down_proj\.weight overlap/,
  );
  entry(
    'with fewer bytes than the shape needs',
    (tensor) => {
      tensor.data_offsets[1] -= 4;
    },
    /down_proj\.weight of shape \[64, 96\] needs 24576 bytes, not 24572/,
  );
  entry(
    'with a dimension that is not an integer',
    (tensor) => {
      tensor.shape = [64.5, 96];
    },
    DOWN_PATTERN,
  );
  entry(
    'with a negative dimension',
    (tensor) => {
      tensor.shape = [-64, -96];
    },
    DOWN_PATTERN,
  );
  entry(
    'with dimensions whose product overflows',
    (tensor) => {
      tensor.shape = [2 ** 50, 2 ** 50];
    },
    DOWN_PATTERN,
  );
  entry(
    'with a thousand dimensions',
    (tensor) => {
      tensor.shape = Array.from({ length: 1_000 }, () => 1);
    },
    DOWN_PATTERN,
  );
  entry(
    'with an element type that does not exist',
    (tensor) => {
      tensor.dtype = 'F37';
    },
    /down_proj\.weight has the unknown type F37/,
  );
  entry(
    'whose element type is a word every object knows',
    (tensor) => {
      tensor.dtype = 'constructor';
    },
    /unknown type constructor/,
  );

  it('that lists an absurd number of tensors', async () => {
    await using work = await workplace();
    const header = Object.fromEntries(
      Array.from({ length: 100_001 }, (_, i) => [
        `t${i}`,
        { dtype: 'F32', shape: [0], data_offsets: [0, 0] },
      ]),
    );
    await writeFile(work.path(WEIGHTS), safetensorsFile(JSON.stringify(header), new Uint8Array()));
    await work.refuses('model-damaged', /lists 100001 tensors/);
  });

  it('with weights in a type that is no plain float', async () => {
    await using work = await workplace();
    await work.editWeights((header, data) => {
      const tensor = header[DOWN]!;
      tensor.dtype = 'I32';
      return [header, data];
    });
    await work.refuses('model-unsupported', /down_proj\.weight is stored as I32; only BF16, F16, F32/);
  });

  for (const value of [NaN, Infinity, -Infinity]) {
    it(`with a weight of ${value}`, async () => {
      const checkpoint = randomCheckpoint({ layers: 1 });
      checkpoint.tensors.get(DOWN)!.values[17] = value;
      for (const quantization of ['q4', 'q8', 'f32'] as const) {
        await using work = await workplace(checkpoint);
        await work.refuses('model-damaged', /down_proj\.weight .*not finite/, quantization);
      }
    });
  }
});

describe('The importer refuses a checkpoint', () => {
  it('that lacks a tensor', async () => {
    const checkpoint = randomCheckpoint({ layers: 1 });
    checkpoint.tensors.delete(DOWN);
    await using work = await workplace(checkpoint);
    await work.refuses('model-damaged', /layers\.0\.mlp\.down_proj\.weight of shape \[64, 96\] is missing/);
  });

  it('with a tensor of another shape, naming both shapes', async () => {
    const checkpoint = randomCheckpoint({ layers: 1 });
    const { values } = checkpoint.tensors.get(DOWN)!;
    checkpoint.tensors.set(DOWN, { shape: [96, 64], values });
    await using work = await workplace(checkpoint);
    await work.refuses('model-damaged', /down_proj\.weight has the shape \[96, 64\].* \[64, 96\]/);
  });

  it('with a tensor that does not belong to it', async () => {
    const checkpoint = randomCheckpoint({ layers: 1 });
    checkpoint.tensors.set('model.layers.1.mlp.experts.weight', { shape: [1], values: new Float32Array(1) });
    await using work = await workplace(checkpoint);
    await work.refuses('model-damaged', /model\.layers\.1\.mlp\.experts\.weight does not belong/);
  });

  it('with the same tensor under two prefixes', async () => {
    const checkpoint = randomCheckpoint({ layers: 1 });
    checkpoint.tensors.set('language_model.model.norm.weight', checkpoint.tensors.get('model.norm.weight')!);
    await using work = await workplace(checkpoint);
    await work.refuses('model-damaged', /language_model\.model\.norm\.weight is stored twice/);
  });

  it('whose config.json counts more layers than there are', async () => {
    await using work = await workplace();
    await work.editJson('config.json', (config) => ({ ...config, num_hidden_layers: 2 }));
    await work.refuses('model-damaged', /layers\.1\.input_layernorm\.weight of shape \[64\] is missing/);
  });

  for (const name of ['config.json', 'tokenizer.json', WEIGHTS]) {
    it(`without ${name}`, async () => {
      await using work = await workplace();
      await rm(work.path(name));
      await work.refuses('model-damaged', new RegExp(`${name.replace('.', '\\.')} is missing`));
    });
  }

  it('whose config.json is not JSON', async () => {
    await using work = await workplace();
    await writeFile(work.path('config.json'), '{"model_type": ');
    await work.refuses('model-damaged', /config\.json is not valid JSON/);
  });

  it('whose config.json is gigantic', async () => {
    await using work = await workplace();
    await writeFile(work.path('config.json'), ' '.repeat(1_000_001));
    await work.refuses('model-damaged', /config\.json has 1000001 bytes/);
  });

  it('whose tokenizer has tokens without an embedding row', async () => {
    // The byte tokenizer has 261 tokens.
    await using work = await workplace(randomCheckpoint({ layers: 1, vocabSize: 256 }));
    await work.refuses(
      'model-damaged',
      /tokenizer\.json has 261 tokens, but the embedding table only 256 rows/,
    );
  });

  it('whose matrices do not divide into int4 blocks, and says what works', async () => {
    await using work = await workplace(randomCheckpoint({ layers: 1, ffnSize: 100 }));
    await work.refuses('model-unsupported', /q4 needs .* multiples of 32 .* 100.*q8 or f32/);
  });

  it('that is no folder', async () => {
    await using work = await workplace();
    const target = join(work.root, 'imported');
    for (const source of [work.path('config.json'), join(work.root, 'nowhere')]) {
      await assert.rejects(
        importModel({ source, target, quantization: 'q4' }),
        (error) =>
          error instanceof GemmaError && error.code === 'bad-input' && error.message.includes(source),
      );
    }
  });
});

describe('The importer never leaves the folder of the checkpoint:', () => {
  for (const name of [
    '../secret.safetensors',
    '/etc/passwd',
    'sub/model.safetensors',
    '..',
    'a\\b',
    'c:model',
    'a\0b',
    '',
  ]) {
    it(`a shard named ${JSON.stringify(name)} is refused`, async () => {
      await using work = await sharded();
      await writeFile(join(work.root, 'secret.safetensors'), 'secret');
      await work.editJson(INDEX, (index) => withEntry(index, DOWN, name));
      await work.refuses('model-damaged', /names the file/);
    });
  }

  for (const name of ['model-00001-of-00002.safetensors', 'config.json', 'tokenizer.json']) {
    it(`a link from ${name} to a file outside is refused`, async () => {
      await using work = await sharded();
      await rename(work.path(name), join(work.root, 'elsewhere'));
      await symlink(join(work.root, 'elsewhere'), work.path(name));
      await work.refuses(
        'model-damaged',
        new RegExp(`${name.replaceAll('.', '\\.')} is a link to a file outside`),
      );
    });
  }

  it('a link within the folder is followed', async () => {
    await using work = await workplace();
    await rename(work.path(WEIGHTS), work.path('data'));
    await symlink('data', work.path(WEIGHTS));
    await work.import();
  });

  it('links of the Hugging Face cache, from snapshots to blobs, are followed', async () => {
    await using work = await workplace();
    const snapshot = join(work.root, 'models--someone--tiny', 'snapshots', 'abc');
    const blobs = join(work.root, 'models--someone--tiny', 'blobs');
    await mkdir(snapshot, { recursive: true });
    await mkdir(blobs);
    for (const name of await readdir(work.source)) {
      await rename(work.path(name), join(blobs, `${name}-blob`));
      await symlink(`../../blobs/${name}-blob`, join(snapshot, name));
    }
    await importModel({ source: snapshot, target: work.target, quantization: 'q4' });
    const { name } = await readManifest(work.target);
    assert.equal(name, 'tiny');
  });

  it('a folder in place of a file is refused', async () => {
    await using work = await workplace();
    await rm(work.path(WEIGHTS));
    await mkdir(work.path(WEIGHTS));
    await work.refuses('model-damaged', /model\.safetensors is not a regular file/);
  });

  it('a shard that is not there is refused', async () => {
    await using work = await sharded();
    await rm(work.path('model-00002-of-00002.safetensors'));
    await work.refuses('model-damaged', /model-00002-of-00002\.safetensors is missing/);
  });

  it('a shard without the tensor that the index promises is refused', async () => {
    await using work = await sharded();
    await work.editJson(INDEX, (index) =>
      withEntry(index, 'model.extra', 'model-00001-of-00002.safetensors'),
    );
    await work.refuses('model-damaged', /model-00001-of-00002\.safetensors lacks tensor model\.extra/);
  });

  it('an index without a map is refused', async () => {
    await using work = await sharded();
    await work.editJson(INDEX, () => ({ weight_map: [1] }));
    await work.refuses('model-damaged', /model\.safetensors\.index\.json has no usable weight_map/);
  });
});

describe('The importer leaves nothing behind and nothing destroyed:', () => {
  it('a target that is not empty stays as it was', async () => {
    await using work = await workplace();
    await mkdir(work.target);
    await writeFile(join(work.target, 'mine'), 'mine');
    await work.refuses('bad-input', /imported exists and is not empty/);
    assert.deepEqual(await readdir(work.target), ['mine']);
  });

  it('a target that is a file stays one', async () => {
    await using work = await workplace();
    await writeFile(work.target, 'mine');
    await work.refuses('bad-input', /imported can't be written/);
    assert.equal(await readFile(work.target, 'utf8'), 'mine');
  });

  it('an empty target folder is used', async () => {
    await using work = await workplace();
    await mkdir(work.target);
    await work.import();
    assert.ok((await readdir(work.target)).includes('manifest.json'));
  });

  for (const quantization of ['q4', 'q8', 'f32'] as const) {
    it(`a cancelled ${quantization} import, at any point, leaves no folder, not even those it made above`, async () => {
      await using work = await workplace();
      const target = join(work.root, 'deep', 'er', 'imported');
      for (let chunks = 0; ; chunks += 5) {
        let left = chunks;
        const cancelled = (): boolean => left-- <= 0;
        const error: unknown = await importModel({
          source: work.source,
          target,
          quantization,
          cancelled,
        }).then(
          () => null,
          (reason: unknown) => reason,
        );
        if (error === null) break;
        assert.ok(error instanceof GemmaError && error.code === 'cancelled');
        assert.deepEqual(await readdir(work.root), ['checkpoint']);
      }
      assert.ok((await readdir(target)).includes('manifest.json'));
    });
  }

  it('a full disk is reported as such', async function () {
    await using work = await workplace();
    const disk = join(work.root, 'disk');
    await mkdir(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      // Only root may mount the little file system that this needs.
      this.skip();
    }
    try {
      await assert.rejects(
        importModel({ source: work.source, target: join(disk, 'imported'), quantization: 'f32' }),
        (error) => error instanceof GemmaError && error.code === 'disk-full' && error.message.includes(disk),
      );
      assert.deepEqual(await readdir(disk), []);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

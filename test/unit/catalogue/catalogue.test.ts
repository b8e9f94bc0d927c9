import assert from 'node:assert/strict';
import { catalogue, findCatalogueModel, licenceOf } from '../../../src/catalogue/catalogue.ts';
import { kvBytes } from '../../../src/inference/model/graphInterface.ts';
import { readArchitecture } from '../../../src/inference/model/readArchitecture.ts';
import * as work from '../../../src/inference/model/work.ts';
import { importPlan, parameterCounts, promptWeights } from '../../support/importPlan.ts';
import { type PublishedModel, publishedConfigs } from '../../support/publishedConfigs.ts';

const isPublished = (name: string): name is PublishedModel => Object.hasOwn(publishedConfigs, name);

/** The config.json of a model; base and tuned ones of a size share their numbers. */
function configOf(repository: string): unknown {
  const name = repository.replace('google/', '');
  const spellings = [name, `${name}-it`, name.replace(/-it$/u, ''), name.replace(/-pt$/u, '-it')];
  const found = spellings.find(isPublished);
  assert.ok(found !== undefined, `there is no config.json of ${repository}`);
  return publishedConfigs[found];
}

describe('catalogue', () => {
  it('offers every published dense model once', () => {
    const configs = new Set(catalogue.map(({ repository }) => configOf(repository)));
    assert.deepEqual(configs, new Set(Object.values(publishedConfigs)));
    assert.equal(new Set(catalogue.map(({ id }) => id)).size, catalogue.length);
    assert.equal(new Set(catalogue.map(({ repository }) => repository)).size, catalogue.length);
    for (const model of catalogue) assert.equal(findCatalogueModel(model.id), model);
    assert.equal(findCatalogueModel('toString'), undefined);
  });

  it('says of every model what the importer makes of it', () => {
    for (const model of catalogue) {
      const config = configOf(model.repository);
      const { imported, stored } = parameterCounts(config);
      const architecture = readArchitecture(config);
      assert.deepEqual(
        {
          parameters: model.parameters,
          contextTokens: model.contextTokens,
          kvBytesPerToken: model.kvBytesPerToken,
          promptWeights: model.promptWeights,
          formats: model.formats,
        },
        {
          parameters: imported,
          contextTokens: architecture.maxPositions,
          kvBytesPerToken: kvBytes(architecture, 1),
          promptWeights: promptWeights(config),
          formats: {
            q4: importPlan(config, 'q4'),
            q8: importPlan(config, 'q8'),
            ...(model.formats.f32 === undefined ? {} : { f32: importPlan(config, 'f32') }),
          },
        },
        model.id,
      );
      assert.equal(work.promptWeights(architecture), model.promptWeights, model.id);
      assert.ok(model.download.bytes >= 2 * stored, `${model.id} has more bytes than are downloaded`);
      // No encoder adds more than a quarter.
      assert.ok(model.download.bytes < 2.5 * stored, `${model.id} has too many bytes to download`);
    }
  });

  it('knows the licence and the gate of each generation', () => {
    for (const model of catalogue) {
      const isOpen = model.id.startsWith('gemma-4-');
      assert.equal(model.gated, !isOpen, model.id);
      assert.equal(licenceOf(model).name, isOpen ? 'Apache License 2.0' : 'Gemma Terms of Use', model.id);
    }
  });

  it('has models tuned for conversations named so, and middles filled in by CodeGemma alone', () => {
    for (const { id, purposes, fillsInMiddle } of catalogue) {
      assert.deepEqual(purposes, id.endsWith('-it') ? ['chat'] : ['completion'], id);
      assert.equal(fillsInMiddle, id.startsWith('codegemma') && !id.endsWith('-it'), id);
    }
  });
});

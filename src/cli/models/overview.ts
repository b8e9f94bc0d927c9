import type { EngineClient } from '../../client/engineClient.ts';
import { type Recommendation, recommend } from '../../catalogue/recommend.ts';
import type { Role } from '../../protocol/engine.ts';
import type { Machine, MachineSpeed, ModelList } from '../../protocol/models.ts';
import { readSpeeds } from './measuredSpeeds.ts';

/** Everything there is to say of models on this machine. */
export interface Overview {
  readonly list: ModelList;
  readonly machine: Machine;
  readonly speeds: readonly MachineSpeed[];
  readonly recommended: { readonly [R in Role]: Recommendation };
}

export async function overview(client: EngineClient, home: string): Promise<Overview> {
  const [list, machine, speeds] = await Promise.all([
    client.call('listModels', {}),
    client.call('machine', {}),
    readSpeeds(home),
  ]);
  const installed = new Set(list.installed.map(({ id }) => id));
  return {
    list,
    machine,
    speeds,
    recommended: {
      completion: recommend(machine, speeds, 'completion', installed),
      chat: recommend(machine, speeds, 'chat', installed),
    },
  };
}

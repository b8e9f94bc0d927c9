import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { MachineSpeed } from '../../protocol/models.ts';

const FILE = 'machine-speeds.json';
const Speeds = v.array(MachineSpeed);

/** What `models bench` found last; empty: it never ran, or its file is of no use. */
export async function readSpeeds(home: string): Promise<readonly MachineSpeed[]> {
  try {
    return v.parse(Speeds, JSON.parse(await readFile(join(home, FILE), 'utf8')));
  } catch {
    return [];
  }
}

/** Those of other backends stay. */
export async function keepSpeeds(home: string, measured: readonly MachineSpeed[]): Promise<void> {
  const others = (await readSpeeds(home)).filter(
    (old) => !measured.some(({ backend }) => backend === old.backend),
  );
  await writeFile(join(home, FILE), `${JSON.stringify([...others, ...measured], null, 2)}\n`);
}

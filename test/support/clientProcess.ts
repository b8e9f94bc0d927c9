import { EngineClient } from '../../src/client/engineClient.ts';
import { completion } from './clientRequests.ts';

// A client to be killed: connects, loads, says `ready` with the process's id, then sends the completion it was given.
const [entry = '', home = '', version = '', embeddedModel = '', prefix = ''] = process.argv.slice(2);
const client = new EngineClient({ entry, home, version, embeddedModel, client: 'victim' });
await client.call('load', { role: 'completion', backend: 'auto' });
const { pid } = await client.call('status', {});
const answer = client.call('complete', completion(prefix));
process.stdout.write(`ready ${pid}\n`);
await answer;
setInterval(() => undefined, 1_000);

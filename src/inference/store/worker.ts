import { parentPort } from 'node:worker_threads';
import { serveStore } from './storeService.ts';

if (parentPort !== null) serveStore(parentPort);
